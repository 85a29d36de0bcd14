// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum APIKeyQueries {
    static func live(in tx: borrowing TenantTransaction) throws -> [APIKey] {
        try tx.all(
            """
            SELECT id, name, scopes, networks, last_four, replaces, created_by, created_at, expires_at, last_used_at
            FROM app.api_keys
            WHERE tenant_id = \(tx.tenantID) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
            ORDER BY id DESC
            """, key)
    }

    static func insert(
        _ id: APIKeyID, _ key: NewAPIKey, lastFour: String, hash: [UInt8], replacing old: APIKeyID?,
        by user: UserID, in tx: borrowing TenantTransaction
    ) throws {
        try tx.execute(
            """
            INSERT INTO app.api_keys (tenant_id, id, name, scopes, networks, last_four, replaces, created_by, expires_at)
            VALUES (\(tx.tenantID), \(id), \(key.name.value), \(TextArray(key.scopes.map(\.rawValue))),
                    \(TextArray(key.networks)), \(lastFour), \(old), \(user), \(key.expiresAt))
            """)
        try tx.execute("SELECT app.register_api_key(\(hash), \(id))")
    }

    /// A key that is being replaced ends by then, if it does not end before.
    static func limit(_ id: APIKeyID, to instant: Instant, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            UPDATE app.api_keys SET expires_at = least(expires_at, \(instant))
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
    }

    /// - Returns: false when there is no such key that lives.
    static func revoke(_ id: APIKeyID, in tx: borrowing TenantTransaction) throws -> Bool {
        try tx.execute(
            """
            UPDATE app.api_keys SET revoked_at = now() WHERE tenant_id = \(tx.tenantID) AND id = \(id) AND revoked_at IS NULL
            """) > 0
    }

    /// Ends the keys that somebody has made; everybody's when nil.
    static func revokeAll<Scope: TransactionScope & HasTenant>(
        by user: UserID?, in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute(
            """
            UPDATE app.api_keys SET revoked_at = now()
            WHERE tenant_id = \(tx.tenantID) AND created_by = coalesce(\(user), created_by) AND revoked_at IS NULL
            """)
    }

    static func find(hash: [UInt8]) -> Query<FoundAPIKey?> {
        .first(
            """
            SELECT tenant_id, id, scopes, networks, created_by, expires_at, last_used_at FROM app.find_api_key(\(hash))
            """
        ) { row in
            let tenant: TenantID = try row.decode("tenant_id"), id: APIKeyID = try row.decode("id"),
                scopes = try scopes(&row), networks: TextArray = try row.decode("networks"),
                createdBy: UserID = try row.decode("created_by")
            let ranges = networks.elements.compactMap { NetworkRange($0) }
            // A network that cannot be read must not open the others.
            guard ranges.count == networks.elements.count else { throw DatabaseError.decoding(column: "networks") }
            return FoundAPIKey(
                caller: Caller.Key(id: id, tenantID: tenant, scopes: Set(scopes), createdBy: createdBy),
                networks: ranges,
                expiresAt: try row.decodeIfPresent("expires_at"), lastUsedAt: try row.decodeIfPresent("last_used_at"))
        }.quick
    }

    static func noteUse(_ key: Caller.Key) -> Query<Int> {
        .count(
            """
            UPDATE app.api_keys SET last_used_at = now()
            WHERE tenant_id = \(key.tenantID) AND id = \(key.id)
              AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
            """)
    }

    /// A scope that this build does not know allows nothing.
    private static func scopes(_ row: inout Row) throws -> [Permission] {
        let texts: TextArray = try row.decode("scopes")
        return texts.elements.compactMap { Permission(rawValue: $0) }
    }

    private static func key(_ row: inout Row) throws -> APIKey {
        let id: APIKeyID = try row.decode("id"), name: String = try row.decode("name"), scopes = try scopes(&row),
            networks: TextArray = try row.decode("networks")
        return try APIKey(
            id: id, name: name, scopes: scopes, networks: networks.elements, lastFour: row.decode("last_four"),
            replaces: row.decodeIfPresent("replaces"), createdBy: row.decode("created_by"),
            createdAt: row.decode("created_at"), expiresAt: row.decodeIfPresent("expires_at"),
            lastUsedAt: row.decodeIfPresent("last_used_at"))
    }
}

/// A key that lives, as a request that brings it needs it.
struct FoundAPIKey: Sendable {
    let caller: Caller.Key
    let networks: [NetworkRange]
    let expiresAt: Instant?
    let lastUsedAt: Instant?
}
