// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Tokens

/// The keys that are in use, looked up again every few seconds: one that was revoked anywhere is good for no longer.
package final class APIKeyRing: Sendable {
    package enum Refusal: Error, Sendable, Equatable {
        /// No key of ours, or one that has ended.
        case unknown
        /// Not from where it is used.
        case network
    }

    private struct Entry {
        let key: FoundAPIKey
        let readAt: ContinuousClock.Instant
    }

    private static let goodFor = Duration.seconds(4), capacity = 10_000

    private let database: ConnectionPool
    private let entries = Lock<[[UInt8]: Entry]>([:])

    package init(database: ConnectionPool) { self.database = database }

    /// - Throws: ``Refusal``, `DatabaseError`.
    package func caller(_ text: APIKeyText, from address: NetworkAddress) async throws -> Caller.Key {
        let hash = text.hash
        let known = entries.with { entries in
            entries[hash].flatMap { ContinuousClock.now - $0.readAt < Self.goodFor ? $0.key : nil }
        }
        let key = if let known { known } else { try await find(hash) }
        guard key.expiresAt.map({ $0 > .now() }) ?? true else { throw Refusal.unknown }
        guard key.networks.isEmpty || key.networks.contains(where: { $0.contains(address) }) else {
            throw Refusal.network
        }
        if known == nil, key.lastUsedAt.map({ $0 < Instant.now().advanced(by: .seconds(-60)) }) ?? true {
            _ = try await database.write(APIKeyQueries.noteUse(key.caller), in: .tenant(key.caller.tenantID))
        }
        return key.caller
    }

    private func find(_ hash: [UInt8]) async throws -> FoundAPIKey {
        let readAt = ContinuousClock.now
        guard let key = try await database.read(APIKeyQueries.find(hash: hash), in: .directory) else {
            entries.with { $0[hash] = nil }
            throw Refusal.unknown
        }
        entries.with { entries in
            if entries.count >= Self.capacity { entries = [:] }
            entries[hash] = Entry(key: key, readAt: readAt)
        }
        return key
    }

    /// This server need not wait.
    func forget(_ id: APIKeyID) {
        entries.with { entries in entries = entries.filter { $0.value.key.caller.id != id } }
    }

    func forgetAll(of tenant: TenantID) {
        entries.with { entries in entries = entries.filter { $0.value.key.caller.tenantID != tenant } }
    }
}
