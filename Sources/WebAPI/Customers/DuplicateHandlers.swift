// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// Customers who may be one, and making them one.
struct DuplicateHandlers: Sendable {
    let duplicates: DuplicateService
    let merges: MergeService
    let idempotency: Idempotency
    let pages: Pages

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/customer-duplicates", operation: "listDuplicates", access: .customersRead, list)
        tenant.post(
            "/v1/customer-duplicates/dismiss", operation: "dismissDuplicate", access: .customersWrite,
            repeating: .harmless, body: .small, dismiss)
        tenant.get(
            "/v1/customers/{customer_id}/duplicates", operation: "listCustomerDuplicates", access: .customersRead,
            ofOne)
        tenant.post(
            "/v1/customers/{customer_id}/merge", operation: "mergeCustomer", access: .customersDelete,
            repeating: .byKey, merge)
        tenant.get("/v1/customer-merges", operation: "listCustomerMerges", access: .customersRead, listMerges)
        tenant.post(
            "/v1/customer-merges/{merge_id}/undo", operation: "undoCustomerMerge", access: .customersDelete,
            repeating: .harmless, body: .nothing, undo)
    }

    private static let pairList = ListShape<Void>("customer_duplicates", fields: [])

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let list = try Self.pairList.read(request, (), for: context.caller)
        let after = try pages.position(of: list) { String(validating: $0, as: UTF8.self) }
        let page = try await duplicates.page(after: after ?? "", limit: list.limit, for: context.caller)
        return pages.response(
            next: page.next.map { Array($0.utf8) }, list.scope, request, count: page.pairs.count
        ) { json in
            for pair in page.pairs { Self.write(pair, to: &json) }
        }
    }

    func ofOne(_ request: Request, _ context: TenantContext) async throws -> Response {
        _ = try request.query()
        let pairs = try await duplicates.duplicates(of: customerID(request), for: context.caller)
        var json = JSONWriter()
        json.object { json in
            json.member("data") { json in
                json.array { json in for pair in pairs { Self.write(pair, to: &json) } }
            }
        }
        return .json(bytes: json.bytes)
    }

    /// `{"score": 80, "reasons": ["same_name"], "customers": [{…}, {…}]}`
    private static func write(_ pair: DuplicateService.Pair, to json: inout JSONWriter) {
        json.object { json in
            json.member("score", pair.score.points)
            json.member("reasons", pair.score.reasons.map(\.rawValue))
            json.member("customers") { json in
                json.array { json in
                    CustomerOutput.write(pair.first, to: &json)
                    CustomerOutput.write(pair.second, to: &json)
                }
            }
        }
    }

    private struct PairInput: Decodable {
        let customerIDs: [String]

        enum CodingKeys: String, CodingKey { case customerIDs = "customer_ids" }
    }

    func dismiss(_ request: Request, _ context: TenantContext) async throws -> Response {
        let texts = try request.json(PairInput.self).customerIDs
        guard texts.count == 2 else {
            throw ValidationError([FieldError("/customer_ids", "out_of_range", "Two customers.")])
        }
        let ids = try texts.enumerated().map { index, text in
            guard let id = Customer.ID(text) else {
                throw ValidationError([
                    FieldError("/customer_ids/\(index)", "invalid_value", "The id of a customer: cus_…")
                ])
            }
            return id
        }
        try await duplicates.setApart(ids[0], ids[1], for: context.caller)
        return Response(.noContent)
    }

    private struct MergeInput: Decodable {
        let other: String

        enum CodingKeys: String, CodingKey { case other = "customer_id" }
    }

    func merge(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try customerID(request)
        guard let other = Customer.ID(try request.json(MergeInput.self).other) else {
            throw ValidationError([FieldError("/customer_id", "invalid_value", "The id of a customer: cus_…")])
        }
        let write = try idempotency.write(request, by: context.caller)
        return try await merges.merge(other, into: id, for: context.caller) { tx, perform in
            try write.once(in: tx) {
                let (merge, customer) = try perform()
                var json = JSONWriter()
                json.object { json in
                    json.member("merge") { Self.write(merge, to: &$0) }
                    json.member("customer") { CustomerOutput.write(customer, to: &$0) }
                }
                return .json(bytes: json.bytes).ofVersion(customer.version)
            }
        }
    }

    private static let mergeList = ListShape<Void>("customer_merges", fields: [])

    func listMerges(_ request: Request, _ context: TenantContext) async throws -> Response {
        let list = try Self.mergeList.read(request, (), for: context.caller)
        let before: CustomerMerge.ID? = try pages.id(of: list)
        let found = try await merges.page(before: before, limit: list.limit, for: context.caller)
        return pages.response(found, of: list, request, at: { $0.id.uuid.bytes }) { Self.write($0, to: &$1) }
    }

    /// `{"id": "mrg_…", "customer_id": "cus_…", "merged_customer_id": "cus_…", "created_at": "…"}`
    private static func write(_ merge: CustomerMerge, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", merge.id)
            json.member("customer_id", merge.survivor)
            json.member("merged_customer_id", merge.merged)
            json.member("created_at", merge.createdAt)
        }
    }

    func undo(_ request: Request, _ context: TenantContext) async throws -> Response {
        guard let id = CustomerMerge.ID(request.parameter("merge_id")) else { throw CustomerMergeError.unknown }
        let (survivor, restored) = try await merges.undo(id, for: context.caller)
        var json = JSONWriter()
        json.object { json in
            json.member("customer") { CustomerOutput.write(survivor, to: &$0) }
            json.member("restored") { CustomerOutput.write(restored, to: &$0) }
        }
        return .json(bytes: json.bytes)
    }

    private func customerID(_ request: Request) throws -> Customer.ID {
        guard let id = Customer.ID(request.parameter("customer_id")) else { throw CustomerError.unknown }
        return id
    }
}
