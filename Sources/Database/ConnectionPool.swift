// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Execution
import Logging

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
    enum Work: Sendable {
        case exchange(Exchange)
        case blocking(
            Cancellation?, run: @Sendable (Connection) -> Void, refuse: @Sendable (DatabaseError) -> Void)

        var kind: PoolState<Connection, Work>.Kind {
            guard case .exchange(let exchange) = self, exchange.isQuickRead else { return .long }
            // A connection with a read under way belongs to its loop's thread; from others nothing is sent behind it.
            return exchange.isSharing && exchange.loop === EventLoop.current ? .sharing : .quick
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

    let configuration: DatabaseConfiguration
    let logger: Logger
    private let loops: [EventLoop]
    private let lanes: [DispatchQueue]
    let state: Lock<PoolState<Connection, Work>>
    struct UnderWay {
        let exchange: Exchange
        let connection: Connection
        let loop: EventLoop
        let deadline: Deadline
    }

    /// A read that its task waits for on a lane.
    struct Blocking {
        let cancellation: Cancellation
        let connection: Connection
    }

    /// By lane.
    let blocking: Lock<[Blocking?]>
    /// Cancel requests block, so they have a thread of their own, and only so many may stand in line for it.
    let canceller = DispatchQueue(label: "unnati.database.canceller")
    let cancelling = Lock(0)
    static let maximumCancelling = 16

    /// Quick reads that may be under way on one connection. PostgreSQL works faster when it finds the next statement there
    /// (docs/decisions/0011).
    static let depth = 4

    let replica: Replica?

    /// ``depth`` places for each lane.
    let underWay: Lock<[UnderWay?]>
    /// When one was last met.
    private let lastStandby = Lock<ContinuousClock.Instant?>(nil)
    let counts = Lock((timeouts: 0, roundTrips: 0))
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
        replica = configuration.replicaURL.map { Replica(configuration, url: $0, on: loops, logger: logger) }
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
        defer { replica?.noteWrite(in: scope) }
        return try await run(query, in: scope, .write)
    }

    /// Reads what others may have changed a moment ago: on a standby, where there is one that has all that this business
    /// has written through this server.
    package func browse<Output>(_ query: Query<Output>, in scope: TenantScope) async throws -> Output {
        if let replica, let output = try await replica.read(query, in: scope) { return output }
        return try await read(query, in: scope)
    }

    /// Keeps an eye on the standby until the task is cancelled. Returns at once when there is none.
    package func followReplica() async { await replica?.follow(self) }

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

    // MARK: - Leases

    func place(_ work: Work, deadline: Deadline) {
        let line = line(of: work), kind = work.kind
        switch state.with({ $0.place(work, line: line, kind, deadline: deadline) }) {
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
    func leaveStandby(_ connection: Connection) {
        connection.retire()
        let now = ContinuousClock.now
        let isNews = lastStandby.with { last in
            defer { last = now }
            return last.map { now - $0 > .seconds(1) } ?? true
        }
        if isNews { logger.warning("the database has become a standby") }
        for resting in state.with({ $0.trim(now: .now, rest: .zero, isFit: { _ in false }) }) { discard(resting) }
    }

    func discard(_ connection: Connection) {
        connection.stopWatching()
        let woken = state.with { state in
            state.discarded(connection, lane: connection.lane)
            return state.wakeLong()
        }
        makeConnections()
        guard let (rested, work) = woken else { return }
        guard !rested.isReusable else { return start(work, on: rested) }
        discard(rested)
        place(work, deadline: .after(configuration.leaseTimeout))
    }

    // MARK: - Connecting

    func makeConnections() {
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
        replica?.pool.close()
    }

    package struct Statistics: Sendable {
        package let inUse: Int, idle: Int, waiting: Int, maximum: Int, timeouts: Int, roundTrips: Int
        /// Answered by the standby.
        package let replicaReads: Int
    }

    package var statistics: Statistics {
        let (timeouts, roundTrips) = counts.with { $0 }
        return state.with { state in
            Statistics(
                inUse: state.inUse, idle: state.idleCount, waiting: state.waiting, maximum: state.size,
                timeouts: timeouts, roundTrips: roundTrips, replicaReads: replica?.readCount ?? 0)
        }
    }
}
