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
    let customFields: CustomFieldService
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
        tenant.get("/v1/customers/search", operation: "searchCustomers", access: .customersRead, search)
        tenant.get("/v1/customers/deleted", operation: "listDeletedCustomers", access: .customersRead, deleted)
        tenant.get("/v1/customers/{customer_id}", operation: "getCustomer", access: .customersRead, get)
        tenant.patch(
            "/v1/customers/{customer_id}", operation: "updateCustomer", access: .customersWrite, update)
        tenant.delete(
            "/v1/customers/{customer_id}", operation: "deleteCustomer", access: .customersDelete, delete)
        tenant.post(
            "/v1/customers/{customer_id}/restore", operation: "restoreCustomer", access: .customersDelete,
            repeating: .harmless, body: .nothing, restore)
        tenant.post(
            "/v1/customers/{customer_id}/erase", operation: "eraseCustomer", access: .customersErase,
            repeating: .harmless, body: .nothing, erase)
        tenant.get(
            "/v1/customers/{customer_id}/history", operation: "listCustomerHistory", access: .customersRead, history)
    }

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let list = try CustomerList.shape.read(
            request, CustomerList.Asked(), for: context.caller, more: ["q"])
        var filter = list.filter.filter
        if !list.filter.custom.isEmpty {
            filter.custom = try CustomerList.conditions(
                list.filter, try await customFields.all(for: context.caller))
        }
        let isDetailed = list.expansions.contains("details")
        filter.search = try list.query["q"].map { text in
            try Pages.queryField { () throws(FieldError) in try SearchQuery(text, at: "/q") }
        }
        let order = CustomerList.order(list.order)
        let after = try pages.position(of: list) { CustomerPosition(bytes: $0, in: order) }
        return try await customers.page(
            filter, by: order, isDescending: list.order.isDescending, after: after, limit: list.limit,
            isDetailed: isDetailed, for: context.caller
        ) { [pages, list] rows in
            let last = rows.count > list.limit ? try rows.at(list.limit - 1) { try Self.position(&$0, order) } : nil
            return try pages.response(next: last?.bytes, list.scope, request, count: rows.count) { json in
                try CustomerOutput.write(rows, list.limit, isDetailed: isDetailed, to: &json)
            }
        }
    }

    /// The search box: whoever it means, the best first.
    func search(_ request: Request, _ context: TenantContext) async throws -> Response {
        let query = try request.query { $0 == "q" || $0 == "limit" }
        let search = try Pages.queryField { () throws(FieldError) in try SearchQuery(query["q"] ?? "", at: "/q") }
        return try await customers.search(search, limit: try Pages.limit(query), for: context.caller) { rows in
            var json = JSONWriter(capacity: 512 + rows.count * 384)
            try json.object { json in
                try json.member("data") { json in
                    try json.array { json in
                        try rows.forEach(rows.count) { row in try CustomerOutput.write(&row, to: &json) }
                    }
                }
            }
            return .json(bytes: json.bytes)
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
        let file = try CustomerBook(request)
        try await gatekeeper.admitExport(context.caller, request)
        return try await streams.response(file.fields, for: context.caller) {
            try await customers.export(as: file.format, for: context.caller)
        }
    }

    func create(_ request: Request, _ context: TenantContext) async throws -> Response {
        let input = try request.json(CustomerChange.self)
        let fields = try input.fields(try await definitions(for: [input], context))
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
        let input = try request.json(BatchInput<CustomerChange>.self, limits: .batch)
        let definitions = try await definitions(for: input.items, context)
        let batch = try Batch(input) { try $0.fields(definitions) }
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

    /// The fields that the business has added, where some input speaks of any.
    private func definitions(for inputs: [CustomerChange], _ context: TenantContext) async throws -> [CustomField] {
        inputs.contains(where: \.hasCustomFields) ? try await customFields.all(for: context.caller) : []
    }

    private static func created(_ customer: Customer) -> Response {
        return CustomerOutput.response(customer, status: .created).located(at: "/v1/customers/\(customer.id)")
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        let customer = try await customers.find(id(request), for: context.caller)
        return CustomerOutput.response(customer).ofVersion(customer.version, to: request)
    }

    func update(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        let expected = try EntityVersion.required(by: request, orElse: CustomerError.changed)
        let change = try request.json(CustomerChange.self)
        let definitions = try await definitions(for: [change], context)
        return CustomerOutput.response(
            try await customers.update(id, version: expected.version, for: context.caller) {
                try change.applied(to: $0, definitions)
            })
    }

    func delete(_ request: Request, _ context: TenantContext) async throws -> Response {
        let expected = try EntityVersion.expected(by: request, orElse: CustomerError.changed)
        try await customers.delete(id(request), version: expected?.version, for: context.caller)
        return Response(.noContent)
    }

    // MARK: - The bin

    private static let deletedList = ListShape<Void>("deleted_customers", fields: [])

    func deleted(_ request: Request, _ context: TenantContext) async throws -> Response {
        let list = try Self.deletedList.read(request, (), for: context.caller)
        let before = try pages.position(of: list) { bytes in
            CustomerPosition(bytes: bytes, in: .updatedAt).flatMap { position in
                position.updatedAt.map { (at: $0, id: position.id) }
            }
        }
        let found = try await customers.deleted(before: before, limit: list.limit, for: context.caller)
        return pages.response(
            found, of: list, request, at: { CustomerPosition(id: $0.id, updatedAt: $0.deletion?.at).bytes }
        ) { CustomerOutput.write($0, to: &$1) }
    }

    func restore(_ request: Request, _ context: TenantContext) async throws -> Response {
        CustomerOutput.response(try await customers.restore(id(request), for: context.caller))
    }

    func erase(_ request: Request, _ context: TenantContext) async throws -> Response {
        try await customers.erase(id(request), for: context.caller)
        return Response(.accepted)
    }

    // MARK: - What was done to them

    private static let historyList = ListShape<Void>("customer_history", fields: [])

    func history(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        var list = try Self.historyList.read(request, (), for: context.caller)
        list.scope.add(id.uuid)
        let before: CustomerHistoryEntry.ID? = try pages.id(of: list)
        let found = try await customers.history(of: id, before: before, limit: list.limit, for: context.caller)
        return pages.response(found, of: list, request, at: { $0.id.uuid.bytes }) {
            CustomerHistoryOutput.write($0, to: &$1)
        }
    }

    /// A malformed id names no customer, exactly as one of another business does.
    private func id(_ request: Request) throws -> Customer.ID {
        guard let id = Customer.ID(request.parameter("customer_id")) else { throw CustomerError.unknown }
        return id
    }
}
