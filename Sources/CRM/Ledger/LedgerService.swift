// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// The credit book of a business: who was given what on credit, who has paid, and who owes how much. It is empty until somebody uses it.
package struct LedgerService: Sendable {
    let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// An entry that was made, and what the customer owes since.
    package struct Posting: Sendable {
        package let entry: LedgerEntry
        package let balancePaise: Int
    }

    // MARK: - Writing

    /// - Parameter around: is given what makes the entry, to be called once at most, in the same transaction.
    /// - Throws: `CustomerError.unknown`, `LedgerError.tooMuch`, and what `around` throws; then nothing is made.
    package func add<Output: Sendable>(
        _ new: NewLedgerEntry, to id: Customer.ID, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> Posting) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf
        return try await bounded {
            try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                try around(tx) {
                    // One entry of a customer at a time.
                    guard let customer = try CustomerQueries.lock(id, visibleTo: visibleTo, in: tx) else {
                        throw CustomerError.unknown
                    }
                    return try Self.post(new, of: customer.id, standingUnder: customer.id, by: caller, in: tx)
                }
            }
        }
    }

    /// Takes an entry back by another that is its opposite.
    /// - Parameters:
    ///   - reason: why, as ``NewLedgerEntry/reason(_:)`` has read it.
    ///   - around: as for ``add(_:to:for:around:)``.
    /// - Throws: `LedgerError`, and what `around` throws; then nothing is made.
    package func reverse<Output: Sendable>(
        _ id: LedgerEntry.ID, reason: String, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> Posting) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf
        return try await bounded {
            try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                try around(tx) {
                    let found = try tx.run(LedgerQueries.find(id, of: tx.tenantID, visibleTo: visibleTo))
                    guard let first = found?.entry.customer,
                        let customer = try CustomerQueries.lock(first, visibleTo: visibleTo, in: tx)
                    else { throw LedgerError.unknown }
                    // Whose it is may have changed while we waited for them.
                    guard let (entry, part) = try tx.run(LedgerQueries.find(id, of: tx.tenantID, visibleTo: visibleTo)),
                        entry.customer == customer.id
                    else { throw LedgerError.unknown }
                    guard entry.kind != .reversal else { throw LedgerError.isReversal }
                    guard entry.reversedBy == nil else { throw LedgerError.reversedAlready }
                    let new = NewLedgerEntry(reversing: entry, reason: reason, today: .today)
                    return try Self.post(
                        new, of: customer.id, standingUnder: part, reversing: entry, by: caller, in: tx)
                }
            }
        }
    }

    private static func post(
        _ new: NewLedgerEntry, of customer: Customer.ID, standingUnder part: Customer.ID,
        reversing reversed: LedgerEntry? = nil, by caller: Caller, in tx: borrowing TenantTransaction
    ) throws -> Posting {
        let id = LedgerEntry.ID.next(), actor = caller.auditActor
        let entry = LedgerEntry(
            id: id, customer: customer, kind: new.kind, debit: new.debit, credit: new.credit,
            amountPaise: new.amountPaise, occurredOn: new.occurredOn, dueOn: new.dueOn, method: new.method,
            note: new.note, reason: new.reason, reverses: reversed?.id, reversedBy: nil, actor: actor.kind,
            actorID: actor.id)
        try LedgerQueries.insert(id, new, of: part, reversing: reversed, by: actor, in: tx)
        try LedgerQueries.add(entry.changePaise, by: id, to: part, in: tx)
        let balance = try LedgerQueries.settle(part, of: customer, in: tx)
        guard balance.magnitude <= UInt(LedgerEntry.maximumBalancePaise) else { throw LedgerError.tooMuch }
        return Posting(entry: entry, balancePaise: balance)
    }

    /// Says what a violated constraint means.
    private func bounded<Output>(_ write: () async throws -> Output) async throws -> Output {
        do { return try await write() } catch let error as DatabaseError {
            if error.violates("ledger_balances_bound") { throw LedgerError.tooMuch }
            if error.violates("ledger_entries_reversed_once") { throw LedgerError.reversedAlready }
            throw error
        }
    }

    // MARK: - One customer

    /// - Parameter before: only what stands before this.
    /// - Returns: up to one more than `limit`, which says that there is more; the newest first.
    /// - Throws: `CustomerError.unknown`.
    package func page(
        of id: Customer.ID, before: LedgerPosition?, limit: Int, for caller: Caller
    ) async throws -> [LedgerLine] {
        try await reading(id, for: caller) { customer, tx in
            try tx.run(LedgerQueries.page(of: customer.id, before: before ?? .end, limit: limit + 1, tx.tenantID))
        }
    }

    /// - Throws: `CustomerError.unknown`.
    package func summary(of id: Customer.ID, for caller: Caller) async throws -> (customer: Customer, LedgerSummary) {
        try await reading(id, for: caller) { customer, tx in
            (customer, try tx.run(LedgerBalanceQueries.summary(of: customer.id, tx.tenantID)))
        }
    }

    func reading<Output: Sendable>(
        _ id: Customer.ID, for caller: Caller,
        _ read: @escaping @Sendable (Customer, borrowing TenantTransaction) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            let customer = try tx.run(CustomerQueries.find(id, of: tx.tenantID, visibleTo: visibleTo))
            guard let customer else { throw CustomerError.unknown }
            return try read(customer, tx)
        }
    }

    /// - Throws: `LedgerError.unknown`.
    package func find(_ id: LedgerEntry.ID, for caller: Caller) async throws -> LedgerEntry {
        let found = try await database.browse(
            LedgerQueries.find(id, of: caller.tenantID, visibleTo: caller.seesCustomersOf),
            in: .tenant(caller.tenantID))
        guard let found else { throw LedgerError.unknown }
        return found.entry
    }

    // MARK: - All customers

    /// - Parameters:
    ///   - isDescending: who owes most comes first.
    ///   - after: only who stands behind this.
    ///   - withCustomers: whether they are told along.
    /// - Returns: up to one more than `limit`, which says that there is more.
    package func balances(
        _ filter: LedgerBalanceFilter, isDescending: Bool, after: LedgerBalancePosition?, limit: Int,
        withCustomers: Bool, for caller: Caller
    ) async throws -> (balances: [LedgerBalance], customers: [Customer.ID: Customer]) {
        let query = LedgerBalanceQueries.page(
            filter, isDescending: isDescending, after: after ?? .beginning(isDescending: isDescending),
            limit: limit + 1,
            of: caller.tenantID, visibleTo: caller.seesCustomersOf)
        guard withCustomers else { return (try await database.browse(query, in: .tenant(caller.tenantID)), [:]) }
        return try await database.withTenant(caller.tenantID, .read, timeout: .seconds(3)) {
            (tx: borrowing TenantTransaction) in
            let balances = try tx.run(query)
            let customers = try CustomerQueries.find(balances.map(\.customer), in: tx)
            return (balances, Dictionary(customers.map { ($0.id, $0) }) { first, _ in first })
        }
    }

    package func totals(for caller: Caller) async throws -> LedgerTotals {
        try await database.browse(
            LedgerBalanceQueries.totals(of: caller.tenantID, visibleTo: caller.seesCustomersOf),
            in: .tenant(caller.tenantID))
    }
}
