// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// The credit book.
struct LedgerHandlers: Sendable {
    let ledger: LedgerService
    let idempotency: Idempotency
    let pages: Pages

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/ledger", operation: "listLedgerBalances", access: .ledgerRead, balances)
        tenant.get("/v1/ledger/totals", operation: "getLedgerTotals", access: .ledgerRead, totals)
        tenant.get("/v1/customers/{customer_id}/ledger", operation: "getLedger", access: .ledgerRead, summary)
        tenant.get(
            "/v1/customers/{customer_id}/ledger-entries", operation: "listLedgerEntries", access: .ledgerRead, list)
        tenant.post(
            "/v1/customers/{customer_id}/ledger-entries", operation: "addLedgerEntry", access: .ledgerWrite,
            repeating: .byKey, add)
        tenant.get("/v1/ledger-entries/{entry_id}", operation: "getLedgerEntry", access: .ledgerRead, get)
        tenant.post(
            "/v1/ledger-entries/{entry_id}/reverse", operation: "reverseLedgerEntry", access: .ledgerWrite,
            repeating: .byKey, reverse)
    }

    // MARK: - Entries

    func add(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try LedgerPath.customer(request)
        let entry = try request.json(LedgerEntryInput.self).checked()
        let write = try idempotency.write(request, by: context.caller)
        return try await ledger.add(entry, to: id, for: context.caller) { tx, post in
            try write.once(in: tx) { Self.created(try post()) }
        }
    }

    func reverse(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try LedgerPath.entry(request)
        let reason = try NewLedgerEntry.reason(try request.json(LedgerReversalInput.self).reason)
        let write = try idempotency.write(request, by: context.caller)
        return try await ledger.reverse(id, reason: reason, for: context.caller) { tx, post in
            try write.once(in: tx) { Self.created(try post()) }
        }
    }

    private static func created(_ posting: LedgerService.Posting) -> Response {
        var json = JSONWriter()
        LedgerEntryOutput.write(posting.entry, balancePaise: posting.balancePaise, to: &json)
        return Response.json(bytes: json.bytes, status: .created).located(at: "/v1/ledger-entries/\(posting.entry.id)")
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        let entry = try await ledger.find(LedgerPath.entry(request), for: context.caller)
        var json = JSONWriter()
        LedgerEntryOutput.write(entry, to: &json)
        return .json(bytes: json.bytes)
    }

    private static let entryList = ListShape<Void>("ledger_entries", fields: [])

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try LedgerPath.customer(request)
        var list = try Self.entryList.read(request, (), for: context.caller)
        list.scope.add(id.uuid)
        let before = try pages.position(of: list) { LedgerPosition(bytes: $0) }
        let found = try await ledger.page(of: id, before: before, limit: list.limit, for: context.caller)
        return pages.response(found, of: list, request, at: { LedgerPosition(of: $0.entry).bytes }) { line, json in
            LedgerEntryOutput.write(line.entry, runningPaise: line.balancePaise, to: &json)
        }
    }

    // MARK: - Sums

    func summary(_ request: Request, _ context: TenantContext) async throws -> Response {
        _ = try request.query()
        let (_, summary) = try await ledger.summary(of: LedgerPath.customer(request), for: context.caller)
        var json = JSONWriter()
        LedgerSummaryOutput.write(summary, to: &json)
        return .json(bytes: json.bytes)
    }

    func totals(_ request: Request, _ context: TenantContext) async throws -> Response {
        _ = try request.query()
        let totals = try await ledger.totals(for: context.caller)
        var json = JSONWriter()
        LedgerTotalsOutput.write(totals, to: &json)
        return .json(bytes: json.bytes)
    }

    func balances(_ request: Request, _ context: TenantContext) async throws -> Response {
        let list = try LedgerList.shape.read(request, LedgerBalanceFilter(), for: context.caller)
        let after = try pages.position(of: list) { LedgerBalancePosition(bytes: $0) }
        let (found, customers) = try await ledger.balances(
            list.filter, isDescending: list.order.isDescending, after: after, limit: list.limit,
            withCustomers: list.expansions.contains("customer"), for: context.caller)
        return pages.response(found, of: list, request, at: { LedgerBalancePosition(of: $0).bytes }) { balance, json in
            LedgerBalanceOutput.write(balance, customers[balance.customer], to: &json)
        }
    }
}

/// Ids in paths. A malformed one names nothing, exactly as one of another business does.
enum LedgerPath {
    static func customer(_ request: Request) throws -> Customer.ID {
        guard let id = Customer.ID(request.parameter("customer_id")) else { throw CustomerError.unknown }
        return id
    }

    static func entry(_ request: Request) throws -> LedgerEntry.ID {
        guard let id = LedgerEntry.ID(request.parameter("entry_id")) else { throw LedgerError.unknown }
        return id
    }
}
