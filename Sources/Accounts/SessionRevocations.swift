// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// Which sessions have ended although their access tokens still live.
///
/// Every server reads the newest revocations every two seconds and keeps them in memory. While that reading is more than
/// five seconds old, each request asks the database instead: an ended session may never be good for longer.
package final class SessionRevocations: Sendable {
    private struct State {
        var revoked: [SessionID: Instant] = [:]
        var readAt: ContinuousClock.Instant?
    }

    private static let interval = Duration.seconds(2), staleAfter = Duration.seconds(5)
    /// A transaction may commit this long after the time it wrote down.
    private static let overlap = Duration.seconds(-30)

    private let database: ConnectionPool
    /// No token lives longer, so no older revocation matters.
    private let window: Duration
    private let state = Lock(State())

    package init(database: ConnectionPool, accessLifetime: Duration) {
        self.database = database
        window = accessLifetime + .seconds(60)
    }

    /// What memory says; nil while it is stale, and then ``ask(_:)`` knows.
    package func isKnownRevoked(_ session: SessionID) -> Bool? {
        state.with { state in
            if state.revoked[session] != nil { return true }
            guard let readAt = state.readAt, ContinuousClock.now - readAt < Self.staleAfter else { return nil }
            return false
        }
    }

    /// - Throws: `DatabaseError` when the database cannot be asked.
    package func ask(_ session: SessionID) async throws -> Bool {
        try await database.read(SessionQueries.isRevoked(session), in: .directory)
    }

    /// This server need not wait for its own next reading.
    func note(_ session: SessionID) { state.with { $0.revoked[session] = .now() } }

    /// Reads until cancelled. A reading that fails is simply late; requests then ask for themselves.
    package func run() async {
        while !Task.isCancelled {
            try? await read()
            try? await Task.sleep(for: Self.interval)
        }
    }

    private func read() async throws {
        let begin = ContinuousClock.now
        let horizon = Instant.now().advanced(by: .zero - window)
        let latest = state.with { $0.revoked.values.max() }
        let since = max(horizon, (latest ?? horizon).advanced(by: Self.overlap))
        let found = try await database.read(SessionQueries.revocations(since: since), in: .directory)
        state.with { state in
            for (session, instant) in found { state.revoked[session] = instant }
            state.revoked = state.revoked.filter { $0.value > horizon }
            state.readAt = begin
        }
    }
}
