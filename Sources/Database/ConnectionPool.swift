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
    /// `DATABASE_IDLE_TIMEOUT_MS`, 1 000...86 400 000. A connection that has had nothing to do for so long is closed; one
    /// always stays.
    package var idleTimeout: Duration = .seconds(600)
    /// `DATABASE_CONNECTION_LIFETIME_MS`, 1 000...86 400 000, give or take a tenth. Then a connection is replaced, so that
    /// changed roles, settings and addresses arrive, and memory of PostgreSQL's caches comes back.
    package var lifetime: Duration = .seconds(1_800)
    /// `DATABASE_PREPARED_STATEMENTS`, off behind a pooler that does not pass prepared statements on.
    package var usesPreparedStatements = true

    package init(url: Secret<String>) { self.url = url }
}

/// A small, fixed number of connections to PostgreSQL, each leased for one transaction at a time.
///
/// Every way in names what the transaction may see; there is no lease without that. A transaction of one statement is a
/// value, a ``Query``: it goes out and comes back on an event loop, and no thread waits for it. A longer one is a closure. It
/// is synchronous and the transaction cannot be copied out of it, so no network call happens while rows are locked and
/// nothing outlives the COMMIT. It blocks on the connection's lane, a serial queue of its own.
///
/// Work waits in line and leaves it together with a connection, so nothing ever stands behind a blocked lane; and whoever
/// has finished with a connection starts the next work on it, which under load saves the wake-ups that handing
/// connections from task to task would cost (docs/decisions/0004, 0011).
package final class ConnectionPool: Sendable {
    private enum Work: Sendable {
        case exchange(Exchange)
        case blocking(
            Cancellation?, run: @Sendable (Connection) -> Void, refuse: @Sendable (DatabaseError) -> Void)

        var isSharing: Bool {
            if case .exchange(let exchange) = self { exchange.isSharing } else { false }
        }

        var isOnItsLoop: Bool {
            if case .exchange(let exchange) = self { exchange.loop === EventLoop.current } else { false }
        }

        func refuse(_ error: DatabaseError) {
            switch self {
            case .exchange(let exchange): exchange.fail(error)
            case .blocking(_, _, let refuse): refuse(error)
            }
        }

        var isUnwanted: Bool {
            switch self {
            case .exchange(let exchange): exchange.cancellation?.isCancelled ?? false
            case .blocking(let cancellation, _, _): cancellation?.isCancelled ?? false
            }
        }
    }

    private let configuration: DatabaseConfiguration
    private let logger: Logger
    private let loops: [EventLoop]
    private let lanes: [DispatchQueue]
    private let state: Lock<PoolState<Connection, Work>>
    private struct UnderWay {
        let exchange: Exchange
        let connection: Connection
        let loop: EventLoop
        let deadline: Deadline
    }

    /// A read that its task waits for on a lane.
    private struct Blocking {
        let cancellation: Cancellation
        let connection: Connection
    }

    /// By lane.
    private let blocking: Lock<[Blocking?]>
    /// Cancel requests block, so they have a thread of their own, and only so many may stand in line for it.
    private let canceller = DispatchQueue(label: "unnati.database.canceller")
    private let cancelling = Lock(0)
    private static let maximumCancelling = 16

    /// Quick reads that may be under way on one connection. PostgreSQL works faster when it finds the next statement there
    /// (docs/decisions/0011).
    private static let depth = 4

    /// ``depth`` places for each lane.
    private let underWay: Lock<[UnderWay?]>
    private let counts = Lock((timeouts: 0, roundTrips: 0))
    // Set once, and cancelled once when nobody refers to the pool any more.
    nonisolated(unsafe) private let ticker: any DispatchSourceTimer

    /// - Parameter loops: where the answers to single statements are read when the one who asks is on no loop.
    package init(_ configuration: DatabaseConfiguration, on loops: [EventLoop], logger: Logger) {
        precondition(!loops.isEmpty, "somebody must read the answers")
        self.configuration = configuration
        self.logger = logger
        self.loops = loops
        lanes = (0..<configuration.connections).map { DispatchQueue(label: "unnati.database.\($0)") }
        state = Lock(
            PoolState(
                size: configuration.connections, maximumWaiting: configuration.waiters, lines: loops.count + 1))
        underWay = Lock(Array(repeating: nil, count: configuration.connections * Self.depth))
        blocking = Lock(Array(repeating: nil, count: configuration.connections))
        let ticker = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "unnati.database.ticker"))
        unsafe self.ticker = ticker
        ticker.schedule(deadline: .now() + .milliseconds(50), repeating: .milliseconds(50), leeway: .milliseconds(20))
        ticker.setEventHandler { [weak self] in self?.expire() }
        ticker.activate()
        makeConnections()
    }

    deinit { unsafe ticker.cancel() }

    // MARK: - Transactions of one statement

    /// Reads in a transaction of its own, in one round trip.
    package func read<Output>(_ query: Query<Output>, in scope: some TransactionScope) async throws -> Output {
        try await run(query, in: scope, .read)
    }

    /// Writes in a transaction of its own, in one round trip.
    @discardableResult
    package func write<Output>(_ query: Query<Output>, in scope: some TransactionScope) async throws -> Output {
        try await run(query, in: scope, .write)
    }

    private func run<Output>(_ query: Query<Output>, in scope: some TransactionScope, _ mode: TransactionMode)
        async throws -> Output
    {
        // What is quick is over before a cancel request is there.
        guard mode == .read, !query.isQuick else { return try await run(query, in: scope, mode, nil) }
        return try await Cancellation.watching { try await run(query, in: scope, mode, $0) }
    }

    private func run<Output>(
        _ query: Query<Output>, in scope: some TransactionScope, _ mode: TransactionMode, _ cancellation: Cancellation?
    ) async throws -> Output {
        let loop = EventLoop.current ?? loops[0]
        return try await unsafe withUnsafeThrowingContinuation { continuation in
            let exchange = unsafe AwaitedExchange(query, in: scope, mode, cancellation, on: loop, continuation)
            place(.exchange(exchange), deadline: .after(configuration.leaseTimeout))
        }
    }

    // MARK: - Longer transactions

    /// Runs `body` on the rows of one business. A body is run again, up to three times in all, when PostgreSQL has rolled it
    /// back for the sake of others: it does nothing but ask the transaction and make its output.
    /// - Parameter timeout: longest run of each of its statements; nil for the role's own (`docker/roles.sql`).
    @discardableResult
    package func withTenant<Output: Sendable>(
        _ tenantID: TenantID, _ mode: TransactionMode = .write, timeout: Duration? = nil,
        _ body: @escaping @Sendable (borrowing TenantTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(TenantScope(tenantID: tenantID), mode, timeout, body)
    }

    /// Runs `body` on a person's own rows.
    @discardableResult
    package func withUser<Output: Sendable>(
        _ userID: UserID, _ mode: TransactionMode = .write,
        _ body: @escaping @Sendable (borrowing UserTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(UserScope(userID: userID), mode, nil, body)
    }

    /// Runs `body` on a person's own rows and those of one business together.
    @discardableResult
    package func withMember<Output: Sendable>(
        _ userID: UserID, of tenantID: TenantID, _ mode: TransactionMode = .write,
        _ body: @escaping @Sendable (borrowing MemberTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(MemberScope(tenantID: tenantID, userID: userID), mode, nil, body)
    }

    private func transaction<Scope: TransactionScope, Output: Sendable>(
        _ scope: Scope, _ mode: TransactionMode, _ timeout: Duration?,
        _ body: @escaping @Sendable (borrowing Transaction<Scope>) throws -> Output
    ) async throws -> Output {
        guard mode == .read else { return try await transaction(scope, mode, timeout, nil, body) }
        return try await Cancellation.watching { try await transaction(scope, mode, timeout, $0, body) }
    }

    private func transaction<Scope: TransactionScope, Output: Sendable>(
        _ scope: Scope, _ mode: TransactionMode, _ timeout: Duration?, _ cancellation: Cancellation?,
        _ body: @escaping @Sendable (borrowing Transaction<Scope>) throws -> Output
    ) async throws -> Output {
        let longest = max(configuration.transactionTimeout, timeout ?? .zero)
        var attempt = 1
        while true {
            do {
                return try await lease(cancellation) { connection in
                    try Self.run(scope, on: connection, mode, timeout, .after(longest), body)
                }
            } catch let error as DatabaseError where attempt < Self.maximumAttempts {
                // Rolled back whole: it may be run again as if it had never been.
                guard error.isPassing || mode == .write && error.isFromStandby else { throw error }
                attempt += 1
                try await Task.sleep(for: .milliseconds(Int.random(in: 1...10 * attempt)))
            } catch let error as DatabaseError where error.isFromStandby {
                throw DatabaseError.unavailable(retryAfter: .seconds(1))
            }
        }
    }

    private static let maximumAttempts = 3

    /// Runs `body` on a connection's lane.
    private func lease<Output: Sendable>(
        _ cancellation: Cancellation?, _ body: @escaping @Sendable (Connection) throws -> Output
    ) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            let work = Work.blocking(cancellation) { connection in
                let before = connection.roundTrips
                if let cancellation {
                    self.blocking.with {
                        $0[connection.lane] = Blocking(cancellation: cancellation, connection: connection)
                    }
                }
                let result = Result { try body(connection) }
                self.blocking.with { $0[connection.lane] = nil }
                if case .failure(let error as DatabaseError) = result, error.isFromStandby {
                    self.leaveStandby(connection)
                }
                self.counts.with { $0.roundTrips += connection.roundTrips - before }
                continuation.resume(with: result)
            } refuse: { error in
                continuation.resume(throwing: error)
            }
            place(work, deadline: .after(configuration.leaseTimeout))
        }
    }

    private static func run<Scope: TransactionScope, Output>(
        _ scope: Scope, on connection: Connection, _ mode: TransactionMode, _ timeout: Duration?, _ deadline: Deadline,
        _ body: (borrowing Transaction<Scope>) throws -> Output
    ) throws -> Output {
        let transaction = Transaction(scope, on: connection, mode, timeout: timeout, deadline)
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
        // A connection with a read under way belongs to its loop's thread; from others nothing is sent behind it.
        let line = line(of: work), isSharing = work.isSharing && work.isOnItsLoop
        switch state.with({ $0.place(work, line: line, isSharing: isSharing, deadline: deadline) }) {
        // A connection that has rested may have died meanwhile; then nothing has been sent and the work takes its chance
        // with another.
        case .run(let connection) where !connection.isReusable:
            discard(connection)
            place(work, deadline: deadline)
        case .run(let connection), .share(let connection): start(work, on: connection)
        case .waits(let isShort): if isShort { makeConnections() }
        case .busy: work.refuse(.busy)
        case .unavailable(let retryAfter): work.refuse(.unavailable(retryAfter: retryAfter))
        }
    }

    private func line(of work: Work) -> Int {
        guard case .exchange(let exchange) = work else { return loops.count }
        return line(of: exchange.loop)
    }

    /// The loops' lines come first, then one for all others.
    private func line(of loop: EventLoop?) -> Int { loops.firstIndex { $0 === loop } ?? loops.count }

    private func start(_ work: Work, on connection: Connection) {
        switch work {
        case .exchange(let exchange): begin(exchange, on: connection)
        case .blocking(_, let run, _):
            lanes[connection.lane].async {
                run(connection)
                self.serveLine(on: connection)
            }
        }
    }

    private func begin(_ exchange: Exchange, on connection: Connection) {
        guard queue(exchange, on: connection) else { return }
        // From another thread the connection will be out of hand when it is sent.
        if exchange.isSharing, EventLoop.current === connection.loop { share(connection) }
        if !connection.send() { exchangeEnded(connection, exchange, isBroken: true) }
    }

    /// - Returns: false when the connection failed, which is then given up.
    private func queue(_ exchange: Exchange, on connection: Connection) -> Bool {
        let loop = connection.exchanges.isEmpty ? exchange.loop : connection.loop ?? exchange.loop
        watch(exchange, on: connection, loop)
        counts.with { $0.roundTrips += 1 }
        if connection.queue(exchange) { return true }
        exchangeEnded(connection, exchange, isBroken: true)
        return false
    }

    /// Fills up a connection on which nothing but quick reads is under way.
    private func share(_ connection: Connection) {
        // It ends with those that are under way.
        if connection.isRetired { return state.with { $0.stopSharing(connection) } }
        while case .exchange(let next)? = state.with({
            $0.share(
                connection, line: line(of: connection.loop), room: Self.depth - connection.exchanges.count)
        }) {
            guard queue(next, on: connection) else { return }
        }
    }

    private func exchangeEnded(_ connection: Connection, _ exchange: Exchange, isBroken: Bool) {
        unwatch(exchange)
        guard !isBroken else { return giveUp(connection) }
        let hasFailed = exchange.failure != nil || exchange.mustBeginAgain
        if exchange.hasMetStandby { leaveStandby(connection) }
        if exchange.mustBeginAgain { beginAgain(exchange) }
        guard let leader = connection.exchanges.first else { return freed(connection) }
        // Whoever was sent behind a failure is the last there, so that it can roll back.
        if leader.isSharing, !hasFailed { share(connection) }
    }

    private func freed(_ connection: Connection) {
        guard connection.isFit else { return discard(connection) }
        if let next = next(on: connection) { start(next, on: connection) }
    }

    /// Works off the line, on the connection's lane, until it is empty, an exchange's turn has come, or the connection is
    /// no longer fit.
    private func serveLine(on connection: Connection) {
        while true {
            guard connection.isFit else { return discard(connection) }
            guard let next = next(on: connection) else { return }
            guard case .blocking(_, let run, _) = next else { return start(next, on: connection) }
            run(connection)
        }
    }

    private func next(on connection: Connection) -> Work? {
        let line = line(of: connection.loop)
        switch state.with({ $0.next(on: connection, line: line) }) {
        case .work(let work): return work
        case .rest: return nil
        case .end:
            connection.stopWatching()
            return nil
        }
    }

    /// The server at the other end follows another since we connected: it, and those that rest, are of no use. Whoever is at
    /// work on the others finds out by itself.
    private func leaveStandby(_ connection: Connection) {
        connection.retire()
        logger.warning("the database has become a standby")
        for resting in state.with({ $0.trim(now: .now, rest: .zero, isFit: { _ in false }) }) { discard(resting) }
    }

    private func discard(_ connection: Connection) {
        connection.stopWatching()
        state.with { $0.discarded(connection, lane: connection.lane) }
        makeConnections()
    }

    // MARK: - What is under way

    private func watch(_ exchange: Exchange, on connection: Connection, _ loop: EventLoop) {
        let entry = UnderWay(
            exchange: exchange, connection: connection, loop: loop,
            deadline: .after(max(configuration.transactionTimeout, exchange.timeout ?? .zero)))
        underWay.with { places in
            let first = connection.lane * Self.depth
            exchange.place = (first..<first + Self.depth).first { places[$0] == nil } ?? first
            places[exchange.place] = entry
        }
    }

    private func unwatch(_ exchange: Exchange) { underWay.with { $0[exchange.place] = nil } }

    /// Refuses work whose time in the line is up, gives up exchanges that take too long, has PostgreSQL end what nobody waits
    /// for any more, and closes connections that have rested for long.
    private func expire() {
        let now = ContinuousClock.now
        let (late, unwanted) = state.with { $0.expire(now: now) { $0.isUnwanted } }
        if !late.isEmpty { counts.with { $0.timeouts += late.count } }
        for work in late { work.refuse(.busy) }
        for work in unwanted { work.refuse(.interrupted) }
        for case let entry? in underWay.with({ $0 }) where entry.deadline.instant <= now && entry.exchange.isUnderWay {
            entry.loop.post { self.giveUp(entry) }
        }
        for connection in unwantedConnections() { cancel(connection) }
        let rest = configuration.idleTimeout
        for connection in state.with({ $0.trim(now: now, rest: rest, isFit: { !$0.isRetired }) }) {
            discard(connection)
        }
    }

    /// Those at work on what nobody waits for any more, each told once. They are retired while they are known to be so: a
    /// cancel request can never reach whoever comes next.
    private func unwantedConnections() -> [Connection] {
        let exchanging = underWay.with { entries in
            entries.compactMap { $0 }.filter {
                $0.exchange.isUnderWay && $0.exchange.cancellation?.isCancelled ?? false
                    && $0.connection.beginCancelling()
            }.map(\.connection)
        }
        let blocked = blocking.with { entries in
            entries.compactMap { $0 }.filter { $0.cancellation.isCancelled && $0.connection.beginCancelling() }
                .map(\.connection)
        }
        return exchanging + blocked
    }

    private func cancel(_ connection: Connection) {
        let isRoom = cancelling.with { count in
            guard count < Self.maximumCancelling else { return false }
            count += 1
            return true
        }
        guard isRoom else { return }
        canceller.async {
            connection.cancel()
            self.cancelling.with { $0 -= 1 }
        }
    }

    private func giveUp(_ entry: UnderWay) {
        // It may have ended meanwhile, and may even be under way again.
        let isCurrent = underWay.with { places in
            places.contains { $0?.exchange === entry.exchange && $0?.deadline == entry.deadline }
        }
        guard isCurrent else { return }
        entry.exchange.giveUp()
        giveUp(entry.connection)
    }

    /// The connection is of no use any more. Whoever was told so is told; the reads that were sent behind have done nothing
    /// yet that could not be done again.
    private func giveUp(_ connection: Connection) {
        let left = connection.exchanges
        discard(connection)
        for exchange in left {
            unwatch(exchange)
            if exchange.isAnswered { continue }
            beginAgain(exchange)
        }
    }

    private func beginAgain(_ exchange: Exchange) {
        guard exchange.reset() else { return exchange.fail(DatabaseError.interrupted) }
        place(.exchange(exchange), deadline: .after(configuration.leaseTimeout))
    }

    // MARK: - Connecting

    private func makeConnections() {
        for lane in state.with({ $0.lanesToConnect() }) { lanes[lane].async { self.connect(lane) } }
    }

    private func connect(_ lane: Int) {
        do {
            let connection = try Connection(
                url: configuration.url, lane: lane, usesPreparedStatements: configuration.usesPreparedStatements,
                lifetime: configuration.lifetime * Double.random(in: 0.9...1.1),
                deadline: .after(configuration.connectTimeout),
                diagnose: { logger.warning("cannot connect to PostgreSQL", metadata: ["reason": "\($0)"]) },
                onExchangeEnd: { [weak self] in self?.exchangeEnded($0, $1, isBroken: $2) })
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
        let (refused, idle) = state.with { $0.close() }
        for work in refused { work.refuse(.unavailable(retryAfter: .seconds(1))) }
        for connection in idle { connection.stopWatching() }
    }

    package struct Statistics: Sendable {
        package let inUse: Int, idle: Int, waiting: Int, maximum: Int, timeouts: Int, roundTrips: Int
    }

    package var statistics: Statistics {
        let (timeouts, roundTrips) = counts.with { $0 }
        return state.with { state in
            Statistics(
                inUse: state.inUse, idle: state.idleCount, waiting: state.waiting, maximum: state.size,
                timeouts: timeouts,
                roundTrips: roundTrips)
        }
    }
}
