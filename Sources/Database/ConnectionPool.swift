// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Execution
import Logging

package struct DatabaseConfiguration: Sendable {
    /// `DATABASE_URL`, required. A libpq URI for the role `unnati_app`. Redacted in every description.
    package var url: Secret<String>
    /// `DATABASE_CONNECTIONS`, 1...64. About twice the database's cores: many waiting requests over few connections beat
    /// many connections.
    package var connections = 4
    /// `DATABASE_WAITERS`, 0...100 000. Requests that may stand in line for a connection.
    package var waiters = 1_024
    /// `DATABASE_LEASE_TIMEOUT_MS`, 1...60 000. Longest wait for a connection before 503.
    package var leaseTimeout: Duration = .milliseconds(2_000)
    /// `DATABASE_TRANSACTION_TIMEOUT_MS`, 1...600 000. Longest transaction; then its connection is given up.
    package var transactionTimeout: Duration = .milliseconds(10_000)
    /// `DATABASE_CONNECT_TIMEOUT_MS`, 1...60 000.
    package var connectTimeout: Duration = .milliseconds(5_000)
    /// `DATABASE_PREPARED_STATEMENTS`, off behind a pooler that does not pass prepared statements on.
    package var usesPreparedStatements = true

    package init(url: Secret<String>) { self.url = url }
}

/// A small, fixed number of connections to PostgreSQL, each leased for one transaction at a time.
///
/// Every way in names what the transaction may see; there is no lease without that. The closure is synchronous and the
/// transaction cannot be copied, so no network call happens while rows are locked and nothing outlives the COMMIT.
///
/// Each connection has a lane: a serial queue that is the only place where it is used, and where its user may block. Work
/// waits in one line and enters a lane only together with a connection, so nothing ever stands behind a blocked lane; and
/// a lane that has finished takes the next work in line itself, on the thread it is on, which under load saves the
/// wake-ups that handing connections from task to task would cost (docs/decisions/0004).
package final class ConnectionPool: Sendable {
    private struct Work: Sendable {
        let run: @Sendable (Connection) -> Void
        let refuse: @Sendable (DatabaseError) -> Void
    }

    private let configuration: DatabaseConfiguration
    private let logger: Logger
    private let lanes: [DispatchQueue]
    private let state: Lock<PoolState<Connection, Work>>
    private let timeouts = Lock(0)
    private let roundTrips = Lock(0)
    // Set once, and cancelled once when nobody refers to the pool any more.
    nonisolated(unsafe) private let ticker: any DispatchSourceTimer

    package init(_ configuration: DatabaseConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        lanes = (0..<configuration.connections).map { DispatchQueue(label: "unnati.database.\($0)") }
        state = Lock(PoolState(size: configuration.connections, maximumWaiting: configuration.waiters))
        let ticker = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "unnati.database.ticker"))
        unsafe self.ticker = ticker
        ticker.schedule(deadline: .now() + .milliseconds(50), repeating: .milliseconds(50), leeway: .milliseconds(20))
        ticker.setEventHandler { [weak self] in self?.expire() }
        ticker.activate()
        makeConnections()
    }

    deinit { unsafe ticker.cancel() }

    // MARK: - Transactions

    /// Runs `body` on the rows of one business.
    @discardableResult
    package func withTenant<Output: Sendable>(
        _ tenantID: TenantID, _ mode: TransactionMode = .write,
        _ body: @escaping @Sendable (borrowing TenantTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(TenantScope(tenantID: tenantID), mode, body)
    }

    /// Runs `body` on a person's own rows.
    @discardableResult
    package func withUser<Output: Sendable>(
        _ userID: UserID, _ mode: TransactionMode = .write,
        _ body: @escaping @Sendable (borrowing UserTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(UserScope(userID: userID), mode, body)
    }

    /// Runs `body` on a person's own rows and those of one business together.
    @discardableResult
    package func withMember<Output: Sendable>(
        _ userID: UserID, of tenantID: TenantID, _ mode: TransactionMode = .write,
        _ body: @escaping @Sendable (borrowing MemberTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(MemberScope(tenantID: tenantID, userID: userID), mode, body)
    }

    /// Runs `body` with directory functions and operational tables only.
    @discardableResult
    package func withDirectory<Output: Sendable>(
        _ mode: TransactionMode = .singleRead,
        _ body: @escaping @Sendable (borrowing DirectoryTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(DirectoryScope(), mode, body)
    }

    private func transaction<Scope: TransactionScope, Output: Sendable>(
        _ scope: Scope, _ mode: TransactionMode,
        _ body: @escaping @Sendable (borrowing Transaction<Scope>) throws -> Output
    ) async throws -> Output {
        let timeout = configuration.transactionTimeout
        return try await withCheckedThrowingContinuation { continuation in
            place(
                Work { connection in
                    let before = connection.roundTrips
                    let result = Result { try Self.run(scope, on: connection, mode, .after(timeout), body) }
                    self.roundTrips.with { $0 += connection.roundTrips - before }
                    continuation.resume(with: result)
                } refuse: { error in
                    continuation.resume(throwing: error)
                }, deadline: .after(configuration.leaseTimeout))
        }
    }

    private static func run<Scope: TransactionScope, Output>(
        _ scope: Scope, on connection: Connection, _ mode: TransactionMode, _ deadline: Deadline,
        _ body: (borrowing Transaction<Scope>) throws -> Output
    ) throws -> Output {
        let transaction = Transaction(scope, on: connection, mode, deadline)
        do {
            let output = try body(transaction)
            try transaction.commit()
            return output
        } catch {
            let meaning = transaction.meaning(of: error)
            transaction.rollBack()
            throw meaning
        }
    }

    // MARK: - Leases

    private func place(_ work: Work, deadline: Deadline) {
        switch state.with({ $0.place(work, deadline: deadline) }) {
        case .run(let connection): lanes[connection.lane].async { self.serve(work, on: connection, deadline) }
        case .waits: break
        case .busy: work.refuse(.busy)
        case .unavailable(let retryAfter): work.refuse(.unavailable(retryAfter: retryAfter))
        }
    }

    /// Runs on the connection's lane. A connection that has rested may have died meanwhile; then nothing has been sent and
    /// the work takes its chance with another.
    private func serve(_ work: Work, on connection: Connection, _ deadline: Deadline) {
        guard connection.isReusable else {
            discard(connection)
            return place(work, deadline: deadline)
        }
        work.run(connection)
        serveLine(on: connection)
    }

    /// Works off the line until it is empty or the connection is no longer fit.
    private func serveLine(on connection: Connection) {
        while true {
            guard connection.isIdle else { return discard(connection) }
            guard let next = state.with({ $0.next(on: connection) }) else { return }
            next.run(connection)
        }
    }

    private func discard(_ connection: Connection) {
        state.with { $0.discarded(lane: connection.lane) }
        makeConnections()
    }

    private func expire() {
        let expired = state.with { $0.expire(now: .now) }
        guard !expired.isEmpty else { return }
        timeouts.with { $0 += expired.count }
        for work in expired { work.refuse(.busy) }
    }

    // MARK: - Connecting

    private func makeConnections() {
        for lane in state.with({ $0.lanesToConnect() }) { lanes[lane].async { self.connect(lane) } }
    }

    private func connect(_ lane: Int) {
        do {
            let connection = try Connection(
                url: configuration.url, lane: lane, usesPreparedStatements: configuration.usesPreparedStatements,
                deadline: .after(configuration.connectTimeout),
                diagnose: { logger.warning("cannot connect to PostgreSQL", metadata: ["reason": "\($0)"]) })
            state.with { $0.connected() }
            makeConnections()
            serveLine(on: connection)
        } catch {
            let (delay, refused) = state.with { $0.connectingFailed(lane: lane) }
            for work in refused { work.refuse(.unavailable(retryAfter: delay)) }
            // Jitter keeps many servers from knocking in step.
            let milliseconds = Int(delay / .milliseconds(1))
            let jittered = Int.random(in: milliseconds * 3 / 4...milliseconds * 5 / 4)
            lanes[lane].asyncAfter(deadline: .now() + .milliseconds(jittered)) { [weak self] in self?.makeConnections()
            }
        }
    }

    // MARK: - Life

    /// Closes idle connections and refuses new leases; leases in hand end by themselves.
    package func close() {
        for work in state.with({ $0.close() }) { work.refuse(.unavailable(retryAfter: .seconds(1))) }
    }

    package struct Statistics: Sendable {
        package let inUse: Int, idle: Int, waiting: Int, maximum: Int, timeouts: Int, roundTrips: Int
    }

    package var statistics: Statistics {
        let timeouts = timeouts.with { $0 }, roundTrips = roundTrips.with { $0 }
        return state.with { state in
            Statistics(
                inUse: state.inUse, idle: state.idle.count, waiting: state.line.count, maximum: state.size,
                timeouts: timeouts,
                roundTrips: roundTrips)
        }
    }
}
