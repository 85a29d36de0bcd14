// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Database
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// The customer book.
struct CustomerHandlers: Sendable {
    let customers: CustomerService
    let idempotency: Idempotency
    let pages: Pages
    let streams: Streams
    let gatekeeper: Gatekeeper

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/customers", operation: "listCustomers", list)
        tenant.post("/v1/customers", operation: "createCustomer", repeating: .byKey, create)
        tenant.get("/v1/customers/export", operation: "exportCustomers", export)
        tenant.get("/v1/customers/{customer_id}", operation: "getCustomer", get)
        tenant.patch("/v1/customers/{customer_id}", operation: "updateCustomer", update)
        tenant.delete("/v1/customers/{customer_id}", operation: "deleteCustomer", delete)
    }

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let query = try request.query("limit", "cursor", "stage", "tag", "q")
        var filter = CustomerFilter()
        filter.stage = try query["stage"].map { text in
            try Pages.queryField { () throws(FieldError) in try CustomerFields.stage(text) }
        }
        filter.tag = try query["tag"].map { text in
            try Pages.queryField { () throws(FieldError) in
                try Text(text, at: "/tag", maximumBytes: CustomerFields.maximumTagBytes).value
            }
        }
        filter.search = try query["q"].map { text in
            try Pages.queryField { () throws(FieldError) in try Text(text, at: "/q", maximumBytes: 100).value }
        }
        var scope = CursorScope(context.caller.tenantID, "customers")
        for name in ["stage", "tag", "q"] { scope.add(query[name]) }
        let after = try pages.position(query, scope).map { bytes in
            guard let uuid = UUIDv7(bytes: bytes) else { throw CursorSeal.Failure.mismatch }
            return Customer.ID(uuid)
        }
        let limit = try Pages.limit(query)
        return try await customers.page(filter, after: after, limit: limit, for: context.caller) {
            [pages, scope] rows in
            let last: Customer.ID? = rows.count > limit ? try rows.at(limit - 1) { row in try row.decode("id") } : nil
            return try pages.response(next: last?.uuid.bytes, scope, request, count: rows.count) { json in
                try rows.forEach(limit) { row in try CustomerOutput.write(&row, to: &json) }
            }
        }
    }

    /// The whole book as a file, sent while it is read.
    func export(_ request: Request, _ context: TenantContext) async throws -> Response {
        _ = try request.query()
        try await gatekeeper.admitExport(context.caller, request)
        var fields: ResponseFields = [.contentType: "text/csv; charset=utf-8"]
        fields.append(.contentDisposition, "attachment; filename=\"customers.csv\"")
        return try await streams.response(fields, for: context.caller) {
            try await customers.export(for: context.caller)
        }
    }

    func create(_ request: Request, _ context: TenantContext) async throws -> Response {
        let fields = try request.json(CustomerInput.self).fields()
        guard let write = try idempotency.write(request, by: context.person) else {
            return Self.created(try await customers.create(fields, for: context.caller))
        }
        return try await customers.create(fields, for: context.caller) {
            (tx: borrowing TenantTransaction, add: (borrowing TenantTransaction) throws -> Customer) in
            try write.once(in: tx) { Self.created(try add(tx)) }
        }
    }

    private static func created(_ customer: Customer) -> Response {
        var response = CustomerOutput.response(customer, status: .created)
        response.fields[.location] = "/v1/customers/\(customer.id)"
        return response
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        let customer = try await customers.find(id(request), for: context.caller)
        guard !EntityTags(request.head.fields.values(.ifNoneMatch)).contains(CustomerOutput.tag(customer)) else {
            return Response(.notModified, fields: [.eTag: CustomerOutput.tag(customer)])
        }
        return CustomerOutput.response(customer)
    }

    func update(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        guard let version = try IfMatch(request) else {
            throw APIError(
                .preconditionRequired, .preconditionRequired,
                "Send If-Match with the ETag of the version you have read.")
        }
        let change = try request.json(CustomerChange.self)
        return CustomerOutput.response(
            try await customers.update(id, version: version.expected, for: context.caller) {
                try change.applied(to: $0)
            })
    }

    func delete(_ request: Request, _ context: TenantContext) async throws -> Response {
        try await customers.delete(id(request), version: IfMatch(request)?.expected, for: context.caller)
        return Response(.noContent)
    }

    /// A malformed id names no customer, exactly as one of another business does.
    private func id(_ request: Request) throws -> Customer.ID {
        guard let id = Customer.ID(request.parameter("customer_id")) else { throw CustomerError.unknown }
        return id
    }
}
