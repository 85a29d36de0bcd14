// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// Orders and enquiries on their way.
struct DealHandlers: Sendable {
    let deals: DealService
    let idempotency: Idempotency
    let pages: Pages

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/deals", operation: "listDeals", access: .customersRead, list)
        tenant.post("/v1/deals", operation: "createDeal", access: .customersWrite, repeating: .byKey, create)
        tenant.get("/v1/deals/{deal_id}", operation: "getDeal", access: .customersRead, get)
        tenant.patch("/v1/deals/{deal_id}", operation: "updateDeal", access: .customersWrite, update)
        tenant.delete("/v1/deals/{deal_id}", operation: "deleteDeal", access: .customersDelete, delete)
        tenant.post(
            "/v1/deals/{deal_id}/move", operation: "moveDeal", access: .customersWrite, repeating: .harmless, move)
    }

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let list = try DealList.shape.read(request, DealFilter(), for: context.caller)
        let before: Deal.ID? = try pages.id(of: list)
        let found = try await deals.page(list.filter, before: before, limit: list.limit, for: context.caller)
        return pages.response(found, of: list, request, at: { $0.id.uuid.bytes }) { DealOutput.write($0, to: &$1) }
    }

    func create(_ request: Request, _ context: TenantContext) async throws -> Response {
        let draft = try request.json(DealChange.self).draft(owner: context.caller.person)
        let write = try idempotency.write(request, by: context.caller)
        return try await deals.create(draft, for: context.caller) { tx, add in
            try write.once(in: tx) {
                let deal = try add()
                return DealOutput.response(deal, status: .created).located(at: "/v1/deals/\(deal.id)")
            }
        }
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        DealOutput.response(try await deals.find(id(request), for: context.caller))
    }

    func update(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        let expected = try EntityVersion.required(by: request, orElse: DealError.changed)
        let change = try request.json(DealChange.self)
        return DealOutput.response(
            try await deals.update(id, version: expected.version, for: context.caller) { try change.applied(to: $0) })
    }

    func delete(_ request: Request, _ context: TenantContext) async throws -> Response {
        let expected = try EntityVersion.expected(by: request, orElse: DealError.changed)
        try await deals.delete(id(request), version: expected?.version, for: context.caller)
        return Response(.noContent)
    }

    func move(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request), (stage, place, end) = try request.json(DealMoveInput.self).checked(moving: id)
        return DealOutput.response(try await deals.move(id, to: stage, at: place, end, for: context.caller))
    }

    private func id(_ request: Request) throws -> Deal.ID {
        guard let id = Deal.ID(request.parameter("deal_id")) else { throw DealError.unknown }
        return id
    }
}

extension Caller {
    /// Nobody for a program: whoever has made its key need not look after what it adds.
    fileprivate var person: UserID? { if case .person(let person) = self { person.userID } else { nil } }
}

/// What deals may be asked for.
package enum DealList {
    /// As `openapi.yaml` has them.
    package static var parameterNames: Set<String> { shape.parameterNames }

    static let shape = ListShape<DealFilter>(
        "deals",
        fields: [
            ListField("pipeline_id", [.equal]) { filter, _, values, pointer throws(FieldError) in
                guard let id = Pipeline.ID(values[0]) else {
                    throw FieldError(pointer, "invalid_value", "The id of a pipeline: pip_…")
                }
                filter.pipeline = id
            },
            ListField("stage_id", [.equal]) { filter, _, values, pointer throws(FieldError) in
                guard let id = Pipeline.Stage.ID(values[0]) else {
                    throw FieldError(pointer, "invalid_value", "The id of a stage: stg_…")
                }
                filter.stage = id
            },
            ListField("customer_id", [.equal]) { filter, _, values, pointer throws(FieldError) in
                filter.customer = try ListValue.customer(values[0], at: pointer)
            },
            ListField("owner_id", [.equal]) { filter, _, values, pointer throws(FieldError) in
                filter.owner = try ListValue.member(values[0], at: pointer)
            },
            ListField("state", [.equal]) { filter, _, values, pointer throws(FieldError) in
                guard let state = Pipeline.Stage.Kind(rawValue: values[0]) else {
                    throw FieldError(pointer, "invalid_value", "One of open, won, lost.")
                }
                filter.state = state
            },
            ListField("expected_on", [.atLeast, .atMost]) { filter, comparison, values, pointer throws(FieldError) in
                let day = try IndianDay(values[0], at: pointer)
                if comparison == .atLeast { filter.expectedAtLeast = day } else { filter.expectedAtMost = day }
            },
        ])
}
