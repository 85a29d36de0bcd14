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

/// A small, fixed number of connections to PostgreSQL, leased for one transaction at a time.
///
/// Every way in names what the transaction may see; there is no lease without that. The closure is synchronous and the
/// transaction cannot be copied, so no network call happens while rows are locked and nothing outlives the COMMIT.
package final class ConnectionPool: Sendable {
    private typealias Waiter = CheckedContinuation<Connection, any Error>

    private let configuration: DatabaseConfiguration
    private let logger: Logger
    private let lanes: LaneExecutor
    private let state: Lock<PoolState<Connection, Waiter>>
    private let timeouts = Lock(0)
    // Set once, and cancelled once when nobody refers to the pool any more.
    nonisolated(unsafe) private let ticker: any DispatchSourceTimer

    package init(_ configuration: DatabaseConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        // Two lanes more than connections, for connecting and for jobs that wait for a lease.
        lanes = LaneExecutor(label: "unnati.database", lanes: configuration.connections + 2)
        state = Lock(PoolState(size: configuration.connections, maximumWaiters: configuration.waiters))
        let ticker = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "unnati.database.ticker"))
        unsafe self.ticker = ticker
        ticker.schedule(deadline: .now() + .milliseconds(50), repeating: .milliseconds(50), leeway: .milliseconds(20))
        ticker.setEventHandler { [weak self] in self?.expireWaiters() }
        ticker.activate()
        makeConnections()
    }

    deinit { unsafe ticker.cancel() }

    // MARK: - Transactions

    /// Runs `body` on the rows of one business.
    package func withTenant<Output: Sendable>(
        _ tenantID: TenantID, _ mode: TransactionMode = .write,
        _ body: @Sendable (borrowing TenantTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(TenantScope(tenantID: tenantID), mode, body)
    }

    /// Runs `body` on a person's own rows.
    package func withUser<Output: Sendable>(
        _ userID: UserID, _ mode: TransactionMode = .write,
        _ body: @Sendable (borrowing UserTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(UserScope(userID: userID), mode, body)
    }

    /// Runs `body` on a person's own rows and those of one business together.
    package func withMember<Output: Sendable>(
        _ userID: UserID, of tenantID: TenantID, _ mode: TransactionMode = .write,
        _ body: @Sendable (borrowing MemberTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(MemberScope(tenantID: tenantID, userID: userID), mode, body)
    }

    /// Runs `body` with directory functions and operational tables only.
    package func withDirectory<Output: Sendable>(
        _ mode: TransactionMode = .singleRead,
        _ body: @Sendable (borrowing DirectoryTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(DirectoryScope(), mode, body)
    }

    private func transaction<Scope: TransactionScope, Output: Sendable>(
        _ scope: Scope, _ mode: TransactionMode, _ body: @Sendable (borrowing Transaction<Scope>) throws -> Output
    ) async throws -> Output {
        try await withTaskExecutorPreference(lanes) {
            let connection = try await lease()
            do {
                let output = try Self.run(scope, on: connection, mode, .after(configuration.transactionTimeout), body)
                release(connection)
                return output
            } catch {
                release(connection)
                throw error
            }
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

    private func lease() async throws -> Connection {
        let deadline = Deadline.after(configuration.leaseTimeout)
        while true {
            let connection = try await withCheckedThrowingContinuation { (waiter: Waiter) in
                switch state.with({ $0.acquire(waiter, deadline: deadline) }) {
                case .take(let connection): waiter.resume(returning: connection)
                case .waiting: break
                case .busy: waiter.resume(throwing: DatabaseError.busy)
                case .unavailable(let retryAfter): waiter.resume(throwing: DatabaseError.unavailable(retryAfter: retryAfter))
                }
            }
            if connection.isReusable { return connection }
            discard()
        }
    }

    private func release(_ connection: Connection) {
        guard connection.isIdle else { return discard() }
        perform(state.with { $0.released(connection) })
    }

    private func discard() {
        state.with { $0.discarded() }
        makeConnections()
    }

    private func perform(_ handover: PoolState<Connection, Waiter>.Handover) {
        if case .give(let connection, let waiter) = handover { waiter.resume(returning: connection) }
        // A connection that is not kept is closed by its last reference.
    }

    private func expireWaiters() {
        let expired = state.with { $0.expire(now: .now) }
        guard !expired.isEmpty else { return }
        timeouts.with { $0 += expired.count }
        for waiter in expired { waiter.resume(throwing: DatabaseError.busy) }
    }

    // MARK: - Connecting

    private func makeConnections() {
        for _ in 0..<state.with({ $0.connectionsToMake() }) {
            // Ends by itself: connecting has a deadline, and the pool's state decides about another try.
            Task(executorPreference: lanes) { self.connect() }
        }
    }

    private func connect() {
        do {
            let connection = try Connection(
                url: configuration.url, usesPreparedStatements: configuration.usesPreparedStatements,
                deadline: .after(configuration.connectTimeout),
                diagnose: { logger.warning("cannot connect to PostgreSQL", metadata: ["reason": "\($0)"]) })
            perform(state.with { $0.connected(connection) })
            makeConnections()
        } catch {
            let (delay, refused) = state.with { $0.connectingFailed() }
            for waiter in refused { waiter.resume(throwing: DatabaseError.unavailable(retryAfter: delay)) }
            // Jitter keeps many servers from knocking in step.
            let milliseconds = Int(delay.components.seconds * 1_000 + delay.components.attoseconds / 1_000_000_000_000_000)
            let jittered = Int.random(in: milliseconds * 3 / 4...milliseconds * 5 / 4)
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(jittered)) { [weak self] in self?.makeConnections() }
        }
    }

    // MARK: - Life

    /// Closes idle connections and refuses new leases; leases in hand end by themselves.
    package func close() {
        let (_, waiters) = state.with { $0.close() }
        for waiter in waiters { waiter.resume(throwing: DatabaseError.unavailable(retryAfter: .seconds(1))) }
    }

    package struct Statistics: Sendable {
        package let inUse: Int, idle: Int, waiting: Int, maximum: Int, timeouts: Int
    }

    package var statistics: Statistics {
        let timeouts = timeouts.with { $0 }
        return state.with { state in
            Statistics(inUse: state.inUse, idle: state.idle.count, waiting: state.waiters.count, maximum: state.size, timeouts: timeouts)
        }
    }
}
