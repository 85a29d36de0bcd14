// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// Which access tokens still live although their session has ended, or their person's role has changed.
///
/// Every server reads the newest revocations every two seconds and keeps them in memory. While that reading is more than
/// five seconds old, each request asks the database instead: an ended session may never be good for longer.
package final class SessionRevocations: Sendable {
    private struct State {
        var revoked: [SessionID: Instant] = [:]
        var changed: [MembershipKey: MembershipChange] = [:]
        /// Something has happened here that a reading begun before it may have missed.
        var notedAt = ContinuousClock.now
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

    package enum Verdict: Sendable { case good, sessionEnded, standingChanged }

    /// What memory says; nil while it is stale, and then ``ask(_:)`` knows.
    package func isKnownRevoked(_ person: Caller.Person) -> Verdict? {
        state.with { state in
            if state.revoked[person.sessionID] != nil { return .sessionEnded }
            if let change = state.changed[MembershipKey(person.tenantID, person.userID)],
                change.changedAt > person.standing.changedAt
            {
                return .standingChanged
            }
            guard let readAt = state.readAt, ContinuousClock.now - readAt < Self.staleAfter else { return nil }
            return .good
        }
    }

    /// - Throws: `DatabaseError` when the database cannot be asked.
    package func ask(_ person: Caller.Person) async throws -> Verdict {
        try await database.read(SessionQueries.verdict(on: person), in: .directory)
    }

    /// This server need not wait for its own next reading.
    func note(_ session: SessionID) { state.with { $0.revoked[session] = .now() } }

    /// Somebody's standing was changed by this server: until the next reading each request asks.
    func noteChange() {
        state.with {
            $0.notedAt = .now
            $0.readAt = nil
        }
    }

    /// Reads until cancelled. A reading that fails is simply late; requests then ask for themselves.
    package func run() async {
        var readings = 0
        while !Task.isCancelled {
            try? await read()
            readings += 1
            if readings.isMultiple(of: 30) {
                _ = try? await database.write(SessionQueries.sweepRevocations, in: .directory)
            }
            try? await Task.sleep(for: Self.interval)
        }
    }

    private func read() async throws {
        let begin = ContinuousClock.now
        let horizon = Instant.now().advanced(by: .zero - window)
        let (lastRevoked, lastChanged) = state.with {
            ($0.revoked.values.max() ?? horizon, $0.changed.values.map(\.notedAt).max() ?? horizon)
        }
        func since(_ latest: Instant) -> Instant { max(horizon, latest.advanced(by: Self.overlap)) }
        let revoked = try await database.read(SessionQueries.revocations(since: since(lastRevoked)), in: .directory)
        let changed = try await database.read(SessionQueries.changes(since: since(lastChanged)), in: .directory)
        state.with { state in
            for (session, instant) in revoked { state.revoked[session] = instant }
            for (key, change) in changed { state.changed[key] = change }
            state.revoked = state.revoked.filter { $0.value > horizon }
            state.changed = state.changed.filter { $0.value.notedAt > horizon }
            if begin > state.notedAt { state.readAt = begin }
        }
    }
}

/// One person in one business.
struct MembershipKey: Hashable, Sendable {
    private let tenantID: TenantID, userID: UserID

    init(_ tenantID: TenantID, _ userID: UserID) {
        self.tenantID = tenantID
        self.userID = userID
    }
}

/// Access tokens of an older state of a membership are no longer good.
struct MembershipChange: Sendable {
    let changedAt: Instant
    /// When it was written down.
    let notedAt: Instant
}
