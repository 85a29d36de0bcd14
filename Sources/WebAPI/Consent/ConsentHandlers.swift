// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// What customers have agreed to, and who is not to be contacted.
struct ConsentHandlers: Sendable {
    let consent: ConsentService
    let idempotency: Idempotency
    let pages: Pages

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.post(
            "/v1/customers/{customer_id}/consents", operation: "recordConsent", access: .customersWrite,
            repeating: .byKey, record)
        tenant.get(
            "/v1/customers/{customer_id}/consents", operation: "listConsentEvents", access: .customersRead, list)
        tenant.get("/v1/customers/{customer_id}/consent", operation: "getConsent", access: .customersRead, get)
        tenant.post(
            "/v1/customers/{customer_id}/do-not-contact", operation: "setDoNotContact", access: .customersWrite,
            repeating: .byKey, setDoNotContact)
        tenant.post(
            "/v1/customers/{customer_id}/do-not-contact/lift", operation: "liftDoNotContact", access: .consentManage,
            repeating: .byKey, liftDoNotContact)
        tenant.post(
            "/v1/consents/batch", operation: "recordConsents", access: .customersWrite, repeating: .byKey, recordAll)
    }

    func record(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request), decision = try request.json(ConsentInput.self).decision()
        let write = try idempotency.write(request, by: context.caller)
        return try await consent.record(decision, of: id, for: context.caller) { tx, record in
            try write.once(in: tx) { ConsentEventOutput.response(try record()) }
        }
    }

    /// Many at once: all of them or, where that is asked for, those that can be.
    func recordAll(_ request: Request, _ context: TenantContext) async throws -> Response {
        let input = try request.json(BatchInput<ConsentItemInput>.self, limits: .batch)
        let batch = try Batch(input) { try $0.checked() }
        let write = try idempotency.write(request, by: context.caller)
        return try await consent.recordAll(
            batch.values.map(\.value), allOrNothing: batch.isAllOrNothing, for: context.caller
        ) { tx, record in
            try write.once(in: tx) {
                batch.response(
                    try record().map { outcome in
                        switch outcome {
                        case .recorded(let event): .success { ConsentEventOutput.write(event, to: &$0) }
                        case .refused(let error): .failure(error.apiErrorOfItem)
                        }
                    })
            }
        }
    }

    private static let eventList = ListShape<Void>("consent_events", fields: [])

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        var list = try Self.eventList.read(request, (), for: context.caller)
        list.scope.add(id.uuid)
        let before: ConsentEvent.ID? = try pages.id(of: list)
        let found = try await consent.history(of: id, before: before, limit: list.limit, for: context.caller)
        return pages.response(found, of: list, request, at: { $0.id.uuid.bytes }) {
            ConsentEventOutput.write($0, to: &$1)
        }
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        _ = try request.query()
        let standing = try await consent.standing(of: id(request), for: context.caller)
        return ConsentOutput.response(standing, at: .now(), consent.hours)
    }

    func setDoNotContact(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request), input = try request.json(DoNotContactInput.self).checked(needsNote: true)
        let write = try idempotency.write(request, by: context.caller)
        return try await consent.setDoNotContact(
            input.reason, on: input.channel, note: input.note, of: id, for: context.caller
        ) { tx, set in
            try write.once(in: tx) { ConsentEventOutput.response(try set()) }
        }
    }

    func liftDoNotContact(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request), input = try request.json(DoNotContactInput.self).checked(needsNote: false)
        let write = try idempotency.write(request, by: context.caller)
        return try await consent.liftDoNotContact(
            input.reason, on: input.channel, note: input.note, of: id, for: context.caller
        ) { tx, lift in
            try write.once(in: tx) { ConsentEventOutput.response(try lift()) }
        }
    }

    /// A malformed id names no customer, exactly as one of another business does.
    private func id(_ request: Request) throws -> Customer.ID {
        guard let id = Customer.ID(request.parameter("customer_id")) else { throw CustomerError.unknown }
        return id
    }
}
