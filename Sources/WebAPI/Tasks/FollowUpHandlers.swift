// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// What is to be done by a day.
struct FollowUpHandlers: Sendable {
    let followUps: FollowUpService
    let idempotency: Idempotency
    let pages: Pages

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/follow-ups", operation: "listFollowUps", access: .customersRead, list)
        tenant.post(
            "/v1/follow-ups", operation: "createFollowUp", access: .customersWrite, repeating: .byKey, create)
        tenant.get("/v1/follow-ups/{follow_up_id}", operation: "getFollowUp", access: .customersRead, get)
        tenant.patch("/v1/follow-ups/{follow_up_id}", operation: "updateFollowUp", access: .customersWrite, update)
        tenant.delete("/v1/follow-ups/{follow_up_id}", operation: "deleteFollowUp", access: .customersWrite, delete)
        tenant.post(
            "/v1/follow-ups/{follow_up_id}/snooze", operation: "snoozeFollowUp", access: .customersWrite,
            repeating: .harmless, snooze)
        tenant.post(
            "/v1/follow-ups/{follow_up_id}/complete", operation: "completeFollowUp", access: .customersWrite,
            repeating: .harmless, body: .nothing, complete)
        tenant.post(
            "/v1/follow-ups/{follow_up_id}/reopen", operation: "reopenFollowUp", access: .customersWrite,
            repeating: .harmless, body: .nothing, reopen)
    }

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let list = try FollowUpList.shape.read(request, FollowUpFilter(), for: context.caller)
        let after = try pages.position(of: list) { FollowUpPosition(bytes: $0) }
        let found = try await followUps.page(
            list.filter, isDescending: list.order.isDescending, after: after, limit: list.limit, for: context.caller)
        return pages.response(found, of: list, request, at: { FollowUpPosition($0).bytes }) {
            FollowUpOutput.write($0, to: &$1)
        }
    }

    func create(_ request: Request, _ context: TenantContext) async throws -> Response {
        let fields = try request.json(FollowUpChange.self).fields(assignee: context.caller.userID)
        let write = try idempotency.write(request, by: context.caller)
        return try await followUps.create(fields, for: context.caller) { tx, add in
            try write.once(in: tx) {
                let followUp = try add()
                return FollowUpOutput.response(followUp, status: .created).located(at: "/v1/follow-ups/\(followUp.id)")
            }
        }
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        FollowUpOutput.response(try await followUps.find(id(request), for: context.caller))
    }

    func update(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        let expected = try EntityVersion.required(by: request, orElse: FollowUpError.changed)
        let change = try request.json(FollowUpChange.self)
        return FollowUpOutput.response(
            try await followUps.update(id, version: expected.version, for: context.caller) {
                try change.applied(to: $0)
            })
    }

    func delete(_ request: Request, _ context: TenantContext) async throws -> Response {
        let expected = try EntityVersion.expected(by: request, orElse: FollowUpError.changed)
        try await followUps.delete(id(request), version: expected?.version, for: context.caller)
        return Response(.noContent)
    }

    /// `{"follow_up": {…}, "next": {…}}`; of one that does not come again there is no next.
    func complete(_ request: Request, _ context: TenantContext) async throws -> Response {
        let (done, next) = try await followUps.complete(id(request), for: context.caller)
        var json = JSONWriter()
        json.object { json in
            json.member("follow_up") { FollowUpOutput.write(done, to: &$0) }
            if let next { json.member("next") { FollowUpOutput.write(next, to: &$0) } }
        }
        return .json(bytes: json.bytes)
    }

    func snooze(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request), until = try request.json(SnoozeInput.self).checked()
        return FollowUpOutput.response(try await followUps.snooze(id, until: until, for: context.caller))
    }

    func reopen(_ request: Request, _ context: TenantContext) async throws -> Response {
        FollowUpOutput.response(try await followUps.reopen(id(request), for: context.caller))
    }

    private func id(_ request: Request) throws -> FollowUp.ID {
        guard let id = FollowUp.ID(request.parameter("follow_up_id")) else { throw FollowUpError.unknown }
        return id
    }
}
