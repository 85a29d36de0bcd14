// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A session's row as rotation needs it.
struct StoredSession: Sendable {
    let tenantID: TenantID
    let generation: Int
    let isLive: Bool
}

enum SessionQueries {
    static func insert<Scope: TransactionScope & HasUser>(
        _ id: SessionID, tenant: TenantID, expiresAt: Instant, in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute(
            """
            INSERT INTO app.sessions (user_id, id, tenant_id, expires_at)
            VALUES (\(tx.userID), \(id), \(tenant), \(expiresAt))
            """)
    }

    /// Locks the row, so that of many refreshes at once each sees what the one before it did.
    static func lock(_ id: SessionID, in tx: borrowing UserTransaction) throws -> StoredSession? {
        try tx.first(
            """
            SELECT tenant_id, generation, revoked_at IS NULL AND expires_at > now() AS is_live
            FROM app.sessions WHERE user_id = \(tx.userID) AND id = \(id) FOR UPDATE
            """
        ) { row in
            try StoredSession(
                tenantID: row.decode("tenant_id"), generation: row.decode("generation"), isLive: row.decode("is_live"))
        }
    }

    static func rotate(_ id: SessionID, in tx: borrowing UserTransaction) throws {
        try tx.execute(
            """
            UPDATE app.sessions SET generation = generation + 1, refreshed_at = now()
            WHERE user_id = \(tx.userID) AND id = \(id)
            """)
    }

    static func move(_ id: SessionID, to tenant: TenantID, in tx: borrowing UserTransaction) throws {
        try tx.execute("UPDATE app.sessions SET tenant_id = \(tenant) WHERE user_id = \(tx.userID) AND id = \(id)")
    }

    /// Ends a session and tells every server.
    static func revoke(_ id: SessionID, in tx: borrowing UserTransaction) throws {
        let count = try tx.execute(
            """
            UPDATE app.sessions SET revoked_at = now()
            WHERE user_id = \(tx.userID) AND id = \(id) AND revoked_at IS NULL
            """)
        guard count > 0 else { return }
        try tx.execute(
            "INSERT INTO app.session_revocations (session_id) VALUES (\(id)) ON CONFLICT (session_id) DO NOTHING")
    }

    static func revocations(since instant: Instant) -> Query<[(SessionID, Instant)]> {
        .all("SELECT session_id, revoked_at FROM app.session_revocations WHERE revoked_at > \(instant)") { row in
            try (row.decode("session_id"), row.decode("revoked_at"))
        }
    }

    static func isRevoked(_ id: SessionID) -> Query<Bool> {
        .one("SELECT EXISTS (SELECT FROM app.session_revocations WHERE session_id = \(id)) AS is_revoked") { row in
            try row.decode("is_revoked")
        }.quick
    }
}
