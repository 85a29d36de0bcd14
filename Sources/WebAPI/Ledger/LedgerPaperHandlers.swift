// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON
import QRCodes

/// What a shop hands to a customer from the credit book: a statement, a reminder, a code to pay by.
struct LedgerPaperHandlers: Sendable {
    let ledger: LedgerService
    /// Whose name and UPI id stand on it.
    let businesses: BusinessService
    let streams: Streams

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get(
            "/v1/customers/{customer_id}/ledger/statement", operation: "getLedgerStatement", access: .ledgerRead,
            statement)
        tenant.get(
            "/v1/customers/{customer_id}/ledger/reminder", operation: "getLedgerReminder", access: .ledgerRead, reminder
        )
        tenant.get("/v1/customers/{customer_id}/ledger/qr.svg", operation: "getLedgerQR", access: .ledgerRead, code)
    }

    private static let csv = "text/csv", html = "text/html"

    /// As a file, or as a page to print for whoever asks for one.
    func statement(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try LedgerPath.customer(request)
        let query = try request.query("from", "to", "language")
        let (first, last) = try LedgerList.span(query), language = try LedgerList.language(query)
        let isPage =
            AcceptedTypes(request.head.fields.values(.accept)).preferred(among: [Self.csv, Self.html]) == Self.html
        let business = try await businesses.find(for: context.caller).fields.name
        var fields: ResponseFields = [
            .contentType: (isPage ? Self.html : Self.csv) + "; charset=utf-8", .vary: "Accept",
        ]
        if !isPage { fields.append(.contentDisposition, "attachment; filename=\"statement.csv\"") }
        var response = try await streams.response(fields, for: context.caller) {
            try await ledger.statement(of: id, from: first, to: last, for: context.caller) { customer in
                guard isPage else { return LedgerStatementCSV() }
                return LedgerStatementPage(business: business, words: LedgerWords(language ?? customer.fields.language))
            }
        }
        if isPage { response.use = .page }
        return response
    }

    func reminder(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try LedgerPath.customer(request)
        let language = try LedgerList.language(try request.query("language"))
        let reminder = try await reminder(to: id, in: language, context)
        let svg = try reminder.link.map { try QRCode($0.text).svg }
        var json = JSONWriter(capacity: 16_384)
        LedgerReminderOutput.write(reminder, svg: svg, to: &json)
        return .json(bytes: json.bytes)
    }

    /// The code alone, as a picture.
    func code(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try LedgerPath.customer(request)
        _ = try request.query()
        guard let link = try await reminder(to: id, in: nil, context).link else { throw LedgerError.noUPIAddress }
        return .text(try QRCode(link.text).svg, type: "image/svg+xml")
    }

    private func reminder(to id: Customer.ID, in language: Language?, _ context: TenantContext) async throws
        -> LedgerReminder
    {
        let business = try await businesses.find(for: context.caller).fields
        return try await ledger.reminder(
            to: id, from: business.name, business.upiID, in: language, for: context.caller)
    }
}
