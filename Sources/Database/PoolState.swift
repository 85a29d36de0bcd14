// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Execution

/// The rules of a pool as a value: connections idle, in use or being made, and the line of those who wait.
/// An event goes in, what to do comes out; ``ConnectionPool`` does it.
struct PoolState<Connection, Waiter> {
    let size: Int
    let maximumWaiters: Int

    private(set) var idle: [Connection] = []
    private(set) var waiters: ArraySlice<(id: Int, waiter: Waiter, deadline: Deadline)> = []
    private(set) var inUse = 0
    private(set) var connecting = 0
    private(set) var failures = 0
    private(set) var isClosed = false
    private var nextWaiter = 0

    init(size: Int, maximumWaiters: Int) {
        self.size = size
        self.maximumWaiters = maximumWaiters
    }

    enum Acquisition {
        case take(Connection)
        case waiting
        /// The line is full.
        case busy
        /// No connection exists and the last attempt to make one failed.
        case unavailable(retryAfter: Duration)
    }

    /// The caller checks a connection it takes and calls ``discarded()`` when it is dead.
    mutating func acquire(_ waiter: Waiter, deadline: Deadline) -> Acquisition {
        if isClosed { return .unavailable(retryAfter: .seconds(1)) }
        if let connection = idle.popLast() {
            inUse += 1
            return .take(connection)
        }
        if failures > 0 && inUse == 0 { return .unavailable(retryAfter: backoff) }
        guard waiters.count < maximumWaiters else { return .busy }
        waiters.append((nextWaiter, waiter, deadline))
        nextWaiter += 1
        return .waiting
    }

    enum Handover {
        case give(Connection, to: Waiter)
        case keep
        case close(Connection)
    }

    /// A lease ended well, or a new connection is ready: the first in line gets it.
    mutating func released(_ connection: Connection) -> Handover {
        inUse -= 1
        return offer(connection)
    }

    mutating func connected(_ connection: Connection) -> Handover {
        connecting -= 1
        failures = 0
        return offer(connection)
    }

    private mutating func offer(_ connection: Connection) -> Handover {
        if isClosed { return .close(connection) }
        if let first = waiters.popFirst() {
            inUse += 1
            return .give(connection, to: first.waiter)
        }
        idle.append(connection)
        return .keep
    }

    /// A leased connection was found unfit and dropped.
    mutating func discarded() { inUse -= 1 }

    /// How many connections to begin making now. While PostgreSQL is away, one attempt at a time feels for it.
    mutating func connectionsToMake() -> Int {
        guard !isClosed else { return 0 }
        let missing = size - idle.count - inUse - connecting
        let count = failures > 0 ? min(missing, connecting == 0 ? 1 : 0) : missing
        connecting += max(0, count)
        return max(0, count)
    }

    /// - Returns: how long to wait before the next attempt, and those in line, who need not wait for it.
    mutating func connectingFailed() -> (retryAfter: Duration, refused: [Waiter]) {
        connecting -= 1
        failures += 1
        guard inUse == 0 else { return (backoff, []) }
        let refused = waiters.map(\.waiter)
        waiters = []
        return (backoff, refused)
    }

    /// 50 ms doubled with each failure, 8 s at most.
    private var backoff: Duration { .milliseconds(min(8_000, 50 << min(failures, 8))) }

    /// Those whose time is up.
    mutating func expire(now: ContinuousClock.Instant) -> [Waiter] {
        guard let first = waiters.first, first.deadline.instant <= now else { return [] }
        let expired = waiters.filter { $0.deadline.instant <= now }.map(\.waiter)
        waiters.removeAll { $0.deadline.instant <= now }
        return expired
    }

    /// - Returns: connections to close and waiters to refuse.
    mutating func close() -> (connections: [Connection], waiters: [Waiter]) {
        isClosed = true
        defer {
            idle = []
            waiters = []
        }
        return (idle, waiters.map(\.waiter))
    }
}
