// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// Writes down what is done, in the transaction that does it: there is both or neither.
package enum AuditLog {
    /// - Parameters:
    ///   - subject: what it was done to.
    ///   - detail: ids, names of roles and numbers; nothing that a person wrote.
    package static func record<Scope: TransactionScope & HasTenant>(
        _ kind: AuditEvent.Kind, by actor: AuditEvent.Actor, _ subject: (any CustomStringConvertible)? = nil,
        detail: String? = nil, in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute(
            """
            INSERT INTO app.audit_events (tenant_id, id, event, actor, actor_id, subject, detail, network, request_id)
            VALUES (\(tx.tenantID), \(AuditEvent.ID.next()), \(kind.rawValue), \(actor.kind), \(actor.id), \(subject?.description),
                    \(detail), \(tx.origin?.address.neighbourhood), \(tx.origin?.requestID))
            """)
    }

    /// The same by whoever has signed in, in their own transaction.
    package static func record<Scope: TransactionScope & HasTenant & HasUser>(
        _ kind: AuditEvent.Kind, _ subject: (any CustomStringConvertible)? = nil, detail: String? = nil,
        in tx: borrowing Transaction<Scope>
    ) throws {
        try record(kind, by: .person(tx.userID), subject, detail: detail, in: tx)
    }
}

/// Reads it.
package struct AuditReader: Sendable {
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// A page, the newest first.
    /// - Parameters:
    ///   - kind: only events of this kind; all when nil.
    ///   - before: only older ones.
    ///   - limit: 1 to 100.
    /// - Returns: up to one more than `limit`, which says that there is more.
    package func page(
        of kind: AuditEvent.Kind?, before: AuditEvent.ID?, limit: Int, for caller: Caller
    ) async throws -> [AuditEvent] {
        try await database.browse(
            Self.page(kind, before, limit + 1, of: caller.tenantID), in: .tenant(caller.tenantID))
    }

    private static func page(
        _ kind: AuditEvent.Kind?, _ before: AuditEvent.ID?, _ limit: Int, of tenant: TenantID
    ) -> Query<[AuditEvent]> {
        var statement: Statement = """
            SELECT id, event, actor, actor_id, subject, detail, network, request_id FROM app.audit_events
            WHERE tenant_id = \(tenant)
            """
        if let before { statement += " AND id < \(before)" }
        if let kind { statement += " AND event = \(kind.rawValue)" }
        statement += " ORDER BY id DESC LIMIT \(limit)"
        return .all(statement) { row in
            try AuditEvent(
                id: row.decode("id"), kind: row.decode("event"), actor: row.decode("actor"),
                actorID: row.decodeIfPresent("actor_id"), subject: row.decodeIfPresent("subject"),
                detail: row.decodeIfPresent("detail"), network: row.decodeIfPresent("network"),
                requestID: row.decodeIfPresent("request_id"))
        }
    }
}
