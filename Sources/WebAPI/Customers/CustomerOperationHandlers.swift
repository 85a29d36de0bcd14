// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// Changing and deleting several customers at once, and undoing that.
struct CustomerOperationHandlers: Sendable {
    let operations: CustomerOperations
    let customFields: CustomFieldService
    let idempotency: Idempotency
    let pages: Pages

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.post(
            "/v1/customers/bulk-update", operation: "updateCustomers", access: .customersWrite, repeating: .byKey,
            update)
        tenant.post(
            "/v1/customers/bulk-delete", operation: "deleteCustomers", access: .customersDelete, repeating: .byKey,
            delete)
        tenant.get("/v1/customer-operations", operation: "listCustomerOperations", access: .customersRead, list)
        tenant.get(
            "/v1/customer-operations/{operation_id}", operation: "getCustomerOperation", access: .customersRead, get)
        tenant.post(
            "/v1/customer-operations/{operation_id}/undo", operation: "undoCustomerOperation",
            access: .customersDelete, repeating: .harmless, body: .nothing, undo)
    }

    func update(_ request: Request, _ context: TenantContext) async throws -> Response {
        let input = try request.json(BulkUpdateInput.self)
        let ids = try CustomerIDs.read(input.customerIDs)
        let definitions = input.change?.hasCustomFields == true ? try await customFields.all(for: context.caller) : []
        let change = try input.checked()
        let write = try idempotency.write(request, by: context.caller)
        return try await operations.update(ids, for: context.caller) { fields in
            try change.applied(to: fields, definitions)
        } around: { tx, perform in
            try write.once(in: tx) { Self.response(try perform()) }
        }
    }

    func delete(_ request: Request, _ context: TenantContext) async throws -> Response {
        let ids = try CustomerIDs.read(try request.json(BulkDeleteInput.self).customerIDs)
        let write = try idempotency.write(request, by: context.caller)
        return try await operations.delete(ids, for: context.caller) { tx, perform in
            try write.once(in: tx) { Self.response(try perform()) }
        }
    }

    private static func response(_ outcome: CustomerOperations.Outcome) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.member("operation") { CustomerOperationOutput.write(outcome.operation, to: &$0) }
            json.member("unknown", outcome.unknown.map(\.description))
        }
        return .json(bytes: json.bytes)
    }

    private static let operationList = ListShape<Void>("customer_operations", fields: [])

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let list = try Self.operationList.read(request, (), for: context.caller)
        let before: CustomerOperation.ID? = try pages.id(of: list)
        let found = try await operations.page(before: before, limit: list.limit, for: context.caller)
        return pages.response(found, of: list, request, at: { $0.id.uuid.bytes }) {
            CustomerOperationOutput.write($0, to: &$1)
        }
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        CustomerOperationOutput.response(try await operations.find(id(request), for: context.caller))
    }

    func undo(_ request: Request, _ context: TenantContext) async throws -> Response {
        CustomerOperationOutput.response(try await operations.undo(id(request), for: context.caller))
    }

    private func id(_ request: Request) throws -> CustomerOperation.ID {
        guard let id = CustomerOperation.ID(request.parameter("operation_id")) else {
            throw CustomerOperationError.unknown
        }
        return id
    }
}

/// `["cus_…", …]`: up to 500 customers.
enum CustomerIDs {
    static let maximum = 500

    /// - Throws: `ValidationError`.
    static func read(_ texts: [String], at pointer: String = "/customer_ids") throws -> [Customer.ID] {
        guard (1...maximum).contains(texts.count) else {
            throw ValidationError([FieldError(pointer, "out_of_range", "From 1 to \(maximum) customers.")])
        }
        var ids: [Customer.ID] = [], known: Set<Customer.ID> = [], validation = Validation()
        for (index, text) in texts.enumerated() {
            guard let id = Customer.ID(text) else {
                validation.fail(FieldError("\(pointer)/\(index)", "invalid_value", "The id of a customer: cus_…"))
                continue
            }
            if known.insert(id).inserted { ids.append(id) }
        }
        try validation.finish()
        return ids
    }
}

private struct BulkDeleteInput: Decodable {
    let customerIDs: [String]

    enum CodingKeys: String, CodingKey { case customerIDs = "customer_ids" }
}

/// `{"customer_ids": ["cus_…"], "change": {"stage": "active"}, "add_tags": ["vip"], "remove_tags": ["new"]}`
private struct BulkUpdateInput: Decodable {
    let customerIDs: [String], change: CustomerChange?, addTags: [String]?, removeTags: [String]?

    enum CodingKeys: String, CodingKey {
        case customerIDs = "customer_ids", change, addTags = "add_tags", removeTags = "remove_tags"
    }

    struct Checked: Sendable {
        let change: CustomerChange?, added: [String], removed: [String]

        func applied(to fields: CustomerFields, _ definitions: [CustomField]) throws -> CustomerFields {
            var fields = try changed(fields, definitions)
            fields.tags.removeAll { removed.contains($0) }
            fields.tags += added.filter { !fields.tags.contains($0) }
            guard fields.tags.count <= CustomerFields.maximumTags else {
                throw ValidationError([
                    FieldError(
                        "/add_tags", "too_many", "One of them would have more than \(CustomerFields.maximumTags) tags.")
                ])
            }
            return fields
        }

        private func changed(_ fields: CustomerFields, _ definitions: [CustomField]) throws -> CustomerFields {
            do { return try change?.applied(to: fields, definitions) ?? fields } catch let error as ValidationError {
                throw ValidationError(error.fields.map { FieldError("/change" + $0.pointer, $0.code, $0.detail) })
            }
        }
    }

    /// - Throws: `ValidationError`.
    func checked() throws -> Checked {
        var validation = Validation()
        if let change, change.tellsPeopleApart {
            validation.fail(
                FieldError(
                    "/change", "not_allowed", "What tells people apart is not given to several: name, phone and so on.")
            )
        }
        let added = validation.check { () throws(FieldError) in
            try CustomerFields.tags(addTags ?? [], at: "/add_tags")
        }
        let removed = validation.check { () throws(FieldError) in
            try CustomerFields.tags(removeTags ?? [], at: "/remove_tags")
        }
        if change == nil, addTags == nil, removeTags == nil {
            validation.fail(FieldError("/change", "required", "Say what is to be changed."))
        }
        try validation.finish()
        return Checked(change: change, added: added ?? [], removed: removed ?? [])
    }
}

/// `{"id": "cop_…", "kind": "update", "customers": 40, "actor": "person", "actor_id": "usr_…", "created_at": "…"}`, and of one that was
/// undone `"undone_at": "…", "restored": 39`.
enum CustomerOperationOutput {
    static func write(_ operation: CustomerOperation, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", operation.id)
            json.member("kind", operation.kind.rawValue)
            json.member("customers", operation.customers)
            ActorOutput.write(operation.actor, operation.actorID, to: &json)
            json.member("created_at", operation.createdAt)
            if let undoing = operation.undoing {
                json.member("undone_at", undoing.at)
                json.member("restored", undoing.restored)
            }
        }
    }

    static func response(_ operation: CustomerOperation) -> Response {
        var json = JSONWriter()
        write(operation, to: &json)
        return .json(bytes: json.bytes)
    }
}
