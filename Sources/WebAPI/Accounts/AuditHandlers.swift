// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import HTTPMessage
import JSON

/// What was done in a business, for its owner.
package struct AuditHandlers: Sendable {
    let audit: AuditReader
    let pages: Pages

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/audit-events", operation: "listAuditEvents", access: .auditRead, list)
    }

    private static let shape = ListShape<AuditEvent.Kind?>(
        "audit_events",
        fields: [
            ListField("event", [.equal]) { filter, _, values, pointer throws(FieldError) in
                guard let kind = AuditEvent.Kind(rawValue: values[0]) else {
                    throw FieldError(pointer, "invalid_value", "There is no such event.")
                }
                filter = kind
            }
        ])

    package static let parameterNames = shape.parameterNames

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let list = try Self.shape.read(request, nil, for: context.caller)
        let before: AuditEvent.ID? = try pages.id(of: list)
        let found = try await audit.page(
            of: list.filter, before: before, limit: list.limit, for: context.caller)
        return pages.response(found, of: list, request, at: { $0.id.uuid.bytes }) {
            AuditEventOutput(event: $0).write(to: &$1)
        }
    }
}

/// `{"id": "aud_…", "at": "…", "event": "member.removed", "actor": "person", "actor_id": "usr_…", "subject": "usr_…", …}`
private struct AuditEventOutput: JSONWritable {
    let event: AuditEvent

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", event.id)
            json.member("at", event.at)
            json.member("event", event.kind)
            json.member("actor", event.actor)
            json.member("actor_id", event.actorID.map { Self.identifier($0, event.actor) })
            json.member("subject", event.subject)
            json.member("detail", event.detail)
            json.member("network", event.network)
            json.member("request_id", event.requestID?.hex)
        }
    }

    private static func identifier(_ id: UUIDv7, _ actor: String) -> String {
        actor == "api_key" ? APIKeyID(id).description : UserID(id).description
    }
}
