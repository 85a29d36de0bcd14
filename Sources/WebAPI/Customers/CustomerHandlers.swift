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
        tenant.get("/v1/customers", operation: "listCustomers", access: .customersRead, list)
        tenant.post(
            "/v1/customers", operation: "createCustomer", access: .customersWrite, repeating: .byKey,
            create)
        tenant.post(
            "/v1/customers/batch", operation: "createCustomers", access: .customersWrite,
            repeating: .byKey, createAll)
        tenant.get("/v1/customers/export", operation: "exportCustomers", access: .customersExport, export)
        tenant.get("/v1/customers/{customer_id}", operation: "getCustomer", access: .customersRead, get)
        tenant.patch(
            "/v1/customers/{customer_id}", operation: "updateCustomer", access: .customersWrite, update)
        tenant.delete(
            "/v1/customers/{customer_id}", operation: "deleteCustomer", access: .customersDelete, delete)
    }

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        var list = try CustomerList.shape.read(request, CustomerFilter(), for: context.caller, more: ["q"])
        list.filter.search = try list.query["q"].map { text in
            try Pages.queryField { () throws(FieldError) in try CustomerList.searchText(text, at: "/q") }
        }
        let order = CustomerList.order(list.order)
        let after = try pages.position(list.query, list.scope).map { bytes in
            guard let position = CustomerPosition(bytes: bytes, in: order) else { throw CursorSeal.Failure.mismatch }
            return position
        }
        return try await customers.page(
            list.filter, by: order, isDescending: list.order.isDescending, after: after, limit: list.limit,
            for: context.caller
        ) { [pages, list] rows in
            let last = rows.count > list.limit ? try rows.at(list.limit - 1) { try Self.position(&$0, order) } : nil
            return try pages.response(next: last?.bytes, list.scope, request, count: rows.count) { json in
                try rows.forEach(list.limit) { row in try CustomerOutput.write(&row, to: &json) }
            }
        }
    }

    private static func position(_ row: inout Row, _ order: CustomerOrder) throws -> CustomerPosition {
        let id: Customer.ID = try row.decode("id")
        return switch order {
        case .createdAt: CustomerPosition(id: id)
        case .updatedAt: CustomerPosition(id: id, updatedAt: try row.decode("updated_at"))
        case .name: CustomerPosition(id: id, nameOrder: try row.decode("name_order"))
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
        guard let write = try idempotency.write(request, by: context.caller) else {
            return Self.created(try await customers.create(fields, for: context.caller))
        }
        return try await customers.create(fields, for: context.caller) {
            (tx: borrowing TenantTransaction, add: (borrowing TenantTransaction) throws -> Customer) in
            try write.once(in: tx) { Self.created(try add(tx)) }
        }
    }

    /// Many at once: all of them or, where that is asked for, those that can be.
    func createAll(_ request: Request, _ context: TenantContext) async throws -> Response {
        let batch = try Batch(request.json(BatchInput<CustomerInput>.self, limits: .batch)) { try $0.fields() }
        let write = try idempotency.write(request, by: context.caller)
        return try await customers.createAll(
            batch.values.map(\.value), allOrNothing: batch.isAllOrNothing, for: context.caller
        ) { tx, create in
            try write.once(in: tx) {
                batch.response(
                    try create().map { outcome in
                        switch outcome {
                        case .created(let customer): .success { CustomerOutput.write(customer, to: &$0) }
                        case .refused(let error): .failure(error.apiError.atItsField)
                        }
                    })
            }
        }
    }

    private static func created(_ customer: Customer) -> Response {
        var response = CustomerOutput.response(customer, status: .created)
        response.fields[.location] = "/v1/customers/\(customer.id)"
        return response
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        let customer = try await customers.find(id(request), for: context.caller)
        return CustomerOutput.response(customer).ofVersion(customer.version, to: request)
    }

    func update(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        let expected = try EntityVersion.required(by: request, orElse: CustomerError.changed)
        let change = try request.json(CustomerChange.self)
        return CustomerOutput.response(
            try await customers.update(id, version: expected.version, for: context.caller) {
                try change.applied(to: $0)
            })
    }

    func delete(_ request: Request, _ context: TenantContext) async throws -> Response {
        let expected = try EntityVersion.expected(by: request, orElse: CustomerError.changed)
        try await customers.delete(id(request), version: expected?.version, for: context.caller)
        return Response(.noContent)
    }

    /// A malformed id names no customer, exactly as one of another business does.
    private func id(_ request: Request) throws -> Customer.ID {
        guard let id = Customer.ID(request.parameter("customer_id")) else { throw CustomerError.unknown }
        return id
    }
}
