// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution
import Logging

/// A standby that answers reads, so that the primary has hands free for what only it can do.
final class Replica: Sendable {
    let pool: ConnectionPool
    private let state: Lock<ReplicaState>
    private let reads = Lock(0)

    /// How often the two are compared.
    private static let interval: Duration = .milliseconds(100)

    init(_ configuration: DatabaseConfiguration, url: Secret<String>, on loops: [EventLoop], logger: Logger) {
        var own = configuration
        own.url = url
        own.replicaURL = nil
        pool = ConnectionPool(own, on: loops, logger: logger)
        state = Lock(ReplicaState(maximumAge: configuration.replicaAge))
    }

    var readCount: Int { reads.with { $0 } }

    /// What a write of this server has changed must be read by whoever made it.
    func noteWrite(in scope: some TransactionScope) {
        guard let tenant = (scope as? any HasTenant)?.tenantID else { return }
        state.with { $0.wrote(tenant, now: .now) }
    }

    /// Reads there if the business may.
    /// - Returns: nil when it may not, or the standby is not in a state to answer.
    func read<Output>(_ query: Query<Output>, in scope: TenantScope) async throws -> Output? {
        guard state.with({ $0.mayAnswer(for: scope.tenantID, now: .now) }) else { return nil }
        do {
            let output = try await pool.read(query, in: scope)
            reads.with { $0 += 1 }
            return output
        } catch let error as DatabaseError where error.isOfTheMoment {
            return nil
        }
    }

    /// Compares the standby with the primary until the task is cancelled.
    func follow(_ primary: ConnectionPool) async {
        while !Task.isCancelled {
            await compare(with: primary)
            try? await Task.sleep(for: Self.interval)
        }
    }

    private func compare(with primary: ConnectionPool) async {
        let moment = ContinuousClock.now
        do {
            let written = try await primary.read(Self.position("pg_current_wal_lsn()"), in: .directory)
            let replayed = try await pool.read(
                Self.position(
                    "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END"),
                in: .directory)
            if replayed >= written { state.with { $0.caughtUp(to: moment) } }
        } catch DatabaseError.unavailable {
            // Whichever it is: a standby that is away answers nothing anyway.
            state.with { $0.primaryIsAway() }
        } catch {}
    }

    /// Bytes of write-ahead log.
    private static func position(_ function: StaticString) -> Query<Int> {
        .one(Statement(stringLiteral: "SELECT (\(function) - '0/0'::pg_lsn)::bigint AS position")) { row in
            try row.decode("position")
        }
    }
}

extension DatabaseError {
    /// Somebody else, asked now, may well answer.
    var isOfTheMoment: Bool {
        switch self {
        case .unavailable, .busy, .interrupted: true
        // What the standby must replay has removed what the read was looking at (57014 by its own time-out stays an error).
        case .refused: isPassing
        case .outcomeUnknown, .rolledBack, .decoding: false
        }
    }
}
