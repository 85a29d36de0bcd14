// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database
import Tokens

/// Makes keys, replaces and ends them.
package struct APIKeyService: Sendable {
    /// How long a key goes on beside the one that takes its place.
    package static let overlap = Duration.seconds(7 * 86_400)
    private static let maximumLive = 20

    private let database: ConnectionPool
    private let ring: APIKeyRing

    package init(database: ConnectionPool, ring: APIKeyRing) {
        self.database = database
        self.ring = ring
    }

    /// Those that live, the newest first.
    package func list(for caller: Caller.Person) async throws -> [APIKey] {
        try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            try APIKeyQueries.live(in: tx)
        }
    }

    /// - Returns: the key, and its text, which is shown this once.
    /// - Throws: `APIKeyError.tooMany`, `.scopeNotHeld`, `AccountError.confirmationNeeded`.
    package func make(
        _ new: NewAPIKey, by caller: Caller.Person
    ) async throws -> (APIKey, text: Secret<String>) {
        try await Confirmation.require(of: caller, database)
        return try await insert(new, replacing: nil, by: caller)
    }

    /// A new key with the same name, scopes, networks and end. The old one goes on for a week, or until it is revoked.
    /// - Throws: `APIKeyError.unknown`, `.isBeingReplaced`, `AccountError.confirmationNeeded`.
    package func replace(_ id: APIKeyID, by caller: Caller.Person) async throws -> (APIKey, text: Secret<String>) {
        try await Confirmation.require(of: caller, database)
        let live = try await list(for: caller)
        guard let old = live.first(where: { $0.id == id }) else { throw APIKeyError.unknown }
        return try await insert(try NewAPIKey(replacing: old), replacing: old.id, by: caller)
    }

    private func insert(
        _ new: NewAPIKey, replacing old: APIKeyID?, by caller: Caller.Person
    ) async throws -> (APIKey, text: Secret<String>) {
        let id = APIKeyID.next(), text = APIKeyText.random()
        let key = try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            // One at a time: of two that are made at once, the second counts the first.
            try BusinessQueries.lock(in: tx)
            // The token may be a moment old.
            guard let role = try TeamQueries.standing(of: caller.userID, in: tx), role.may(.keysManage),
                new.scopes.allSatisfy({ role.may($0) })
            else { throw APIKeyError.scopeNotHeld }
            let live = try APIKeyQueries.live(in: tx)
            guard live.count < Self.maximumLive + (old == nil ? 0 : 1) else { throw APIKeyError.tooMany }
            if let old {
                guard live.contains(where: { $0.id == old }) else { throw APIKeyError.unknown }
                let isOneOfTwo = live.contains { key in
                    key.replaces == old || key.id == old && live.contains { $0.id == key.replaces }
                }
                guard !isOneOfTwo else { throw APIKeyError.isBeingReplaced }
                try APIKeyQueries.limit(old, to: Instant.now().advanced(by: Self.overlap), in: tx)
            }
            try APIKeyQueries.insert(
                id, new, lastFour: text.lastFour, hash: text.hash, replacing: old, by: caller.userID, in: tx)
            try AuditLog.record(
                .apiKeyMade, by: .person(caller.userID), id, detail: old?.description, in: tx)
            return try APIKeyQueries.live(in: tx).first { $0.id == id }
        }
        guard let key else { throw APIKeyError.unknown }
        return (key, text.text)
    }

    /// - Throws: `APIKeyError.unknown`.
    package func revoke(_ id: APIKeyID, by caller: Caller.Person) async throws {
        try await revoke(id, of: caller.tenantID, by: .person(caller.userID), detail: nil)
    }

    /// Ends a key that somebody has found where it should not be. Whether there was one is not told.
    package func revokeLeaked(_ text: String) async throws {
        guard let text = APIKeyText(text),
            let found = try await database.read(APIKeyQueries.find(hash: text.hash), in: .directory)
        else { return }
        do {
            try await revoke(found.caller.id, of: found.caller.tenantID, by: .system, detail: "leaked")
        } catch APIKeyError.unknown {}
    }

    private func revoke(
        _ id: APIKeyID, of tenant: TenantID, by actor: AuditEvent.Actor, detail: String?
    ) async throws {
        try await database.withTenant(tenant) { (tx: borrowing TenantTransaction) in
            guard try APIKeyQueries.revoke(id, in: tx) else { throw APIKeyError.unknown }
            try AuditLog.record(.apiKeyRevoked, by: actor, id, detail: detail, in: tx)
        }
        ring.forget(id)
    }
}
