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
        _ id: SessionID, tenant: TenantID, on device: Device, expiresAt: Instant, in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute(
            """
            INSERT INTO app.sessions (user_id, id, tenant_id, device, network, expires_at)
            VALUES (\(tx.userID), \(id), \(tenant), \(device.name), \(device.network), \(expiresAt))
            """)
    }

    /// Makes room for one more: of too many, those that were used longest ago end, and what ended long ago goes.
    static func makeRoom<Scope: TransactionScope & HasUser>(in tx: borrowing Transaction<Scope>) throws {
        try tx.execute(
            """
            DELETE FROM app.sessions
            WHERE user_id = \(tx.userID) AND least(revoked_at, expires_at) < now() - interval '30 days'
            """)
        let ended: [SessionID] = try tx.all(
            """
            UPDATE app.sessions SET revoked_at = now()
            WHERE user_id = \(tx.userID) AND id IN (
                SELECT id FROM app.sessions WHERE user_id = \(tx.userID) AND revoked_at IS NULL
                ORDER BY refreshed_at DESC, id DESC OFFSET \(maximumLive - 1))
            RETURNING id
            """
        ) { row in try row.decode("id") }
        for id in ended { try announce(id, in: tx) }
    }

    /// Of one person at a time.
    private static let maximumLive = 100

    /// Those that have not ended, the one used last first.
    static func live<Scope: TransactionScope & HasUser>(idleSince: Instant, in tx: borrowing Transaction<Scope>) throws
        -> [Session]
    {
        try tx.all(
            """
            SELECT id, tenant_id, device, network, created_at, refreshed_at, expires_at FROM app.sessions
            WHERE user_id = \(tx.userID) AND revoked_at IS NULL AND expires_at > now() AND refreshed_at > \(idleSince)
            ORDER BY refreshed_at DESC, id DESC LIMIT \(maximumLive)
            """
        ) { row in
            try Session(
                id: row.decode("id"), tenantID: row.decode("tenant_id"), device: row.decodeIfPresent("device"),
                network: row.decodeIfPresent("network"), createdAt: row.decode("created_at"),
                usedAt: row.decode("refreshed_at"), expiresAt: row.decode("expires_at"))
        }
    }

    /// Ends all of the person's sessions but one.
    /// - Returns: those that were ended.
    static func revokeAll<Scope: TransactionScope & HasUser>(
        but kept: SessionID?, in tx: borrowing Transaction<Scope>
    ) throws -> [SessionID] {
        let ended: [SessionID] = try tx.all(
            """
            UPDATE app.sessions SET revoked_at = now()
            WHERE user_id = \(tx.userID) AND revoked_at IS NULL AND id IS DISTINCT FROM \(kept)
            RETURNING id
            """
        ) { row in try row.decode("id") }
        for id in ended { try announce(id, in: tx) }
        return ended
    }

    /// The person has just shown that it is them.
    static func noteAuthentication<Scope: TransactionScope & HasUser>(
        _ id: SessionID, in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute(
            "UPDATE app.sessions SET authenticated_at = now() WHERE user_id = \(tx.userID) AND id = \(id)")
    }

    static func authenticatedAt<Scope: TransactionScope & HasUser>(
        _ id: SessionID, in tx: borrowing Transaction<Scope>
    ) throws -> Instant? {
        try tx.first("SELECT authenticated_at FROM app.sessions WHERE user_id = \(tx.userID) AND id = \(id)") { row in
            try row.decode("authenticated_at")
        }
    }

    /// Locks the row, so that of many refreshes at once each sees what the one before it did.
    static func lock<Scope: TransactionScope & HasUser>(
        _ id: SessionID, idleSince: Instant, in tx: borrowing Transaction<Scope>
    ) throws -> StoredSession? {
        try tx.first(
            """
            SELECT tenant_id, generation,
                   revoked_at IS NULL AND expires_at > now() AND refreshed_at > \(idleSince) AS is_live
            FROM app.sessions WHERE user_id = \(tx.userID) AND id = \(id) FOR UPDATE
            """
        ) { row in
            try StoredSession(
                tenantID: row.decode("tenant_id"), generation: row.decode("generation"), isLive: row.decode("is_live"))
        }
    }

    static func rotate<Scope: TransactionScope & HasUser>(
        _ id: SessionID, on device: Device, in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute(
            """
            UPDATE app.sessions SET generation = generation + 1, refreshed_at = now(), network = \(device.network)
            WHERE user_id = \(tx.userID) AND id = \(id)
            """)
    }

    static func move<Scope: TransactionScope & HasUser>(
        _ id: SessionID, to tenant: TenantID, in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute("UPDATE app.sessions SET tenant_id = \(tenant) WHERE user_id = \(tx.userID) AND id = \(id)")
    }

    /// Ends a session and tells every server.
    /// - Returns: false when it is not one of the person's, or had ended.
    @discardableResult
    static func revoke<Scope: TransactionScope & HasUser>(_ id: SessionID, in tx: borrowing Transaction<Scope>) throws
        -> Bool
    {
        let count = try tx.execute(
            """
            UPDATE app.sessions SET revoked_at = now()
            WHERE user_id = \(tx.userID) AND id = \(id) AND revoked_at IS NULL
            """)
        guard count > 0 else { return false }
        try announce(id, in: tx)
        return true
    }

    private static func announce<Scope: TransactionScope>(_ id: SessionID, in tx: borrowing Transaction<Scope>) throws {
        try tx.execute(
            "INSERT INTO app.session_revocations (session_id) VALUES (\(id)) ON CONFLICT (session_id) DO NOTHING")
    }

    static func revocations(since instant: Instant) -> Query<[(SessionID, Instant)]> {
        .all("SELECT session_id, revoked_at FROM app.session_revocations WHERE revoked_at > \(instant)") { row in
            try (row.decode("session_id"), row.decode("revoked_at"))
        }
    }

    /// What no access token can be concerned by any more.
    static let sweepRevocations: Query<Int> = .count(
        """
        DELETE FROM app.session_revocations WHERE session_id IN (
            SELECT session_id FROM app.session_revocations WHERE revoked_at < now() - interval '1 day'
            ORDER BY revoked_at LIMIT 1000)
        """)

    static func changes(since instant: Instant) -> Query<[(MembershipKey, MembershipChange)]> {
        .all(
            """
            SELECT tenant_id, user_id, changed_at, noted_at FROM app.membership_changes WHERE noted_at > \(instant)
            """
        ) { row in
            let tenant: TenantID = try row.decode("tenant_id"), user: UserID = try row.decode("user_id")
            let change = MembershipChange(
                changedAt: try row.decode("changed_at"), notedAt: try row.decode("noted_at"))
            return (MembershipKey(tenant, user), change)
        }
    }

    static func verdict(on person: Caller.Person) -> Query<SessionRevocations.Verdict> {
        .one(
            """
            SELECT EXISTS (SELECT FROM app.session_revocations WHERE session_id = \(person.sessionID)) AS is_ended,
                   EXISTS (SELECT FROM app.membership_changes
                           WHERE tenant_id = \(person.tenantID) AND user_id = \(person.userID)
                             AND changed_at > \(person.standing.changedAt)) AS is_changed
            """
        ) { row in
            let isEnded: Bool = try row.decode("is_ended"), isChanged: Bool = try row.decode("is_changed")
            return isEnded ? .sessionEnded : isChanged ? .standingChanged : .good
        }.quick
    }
}
