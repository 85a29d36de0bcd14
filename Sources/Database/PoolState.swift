// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Execution

/// The rules of a pool as a value: connections idle, in use or being made, and the line of work that waits for one.
/// An event goes in, what to do comes out; ``ConnectionPool`` does it.
///
/// Every connection has a lane of its own, a number below `size`, and keeps it for life. Work that waits stands in one line
/// for each place it comes from, and the lines take turns: the event loops have all of them work to do at any moment, and a
/// burst that came in over one of them does not stand before everybody else.
package struct PoolState<Connection, Work> {
    let size: Int
    let maximumWaiting: Int

    private(set) var idle: [Connection] = []
    private var lines: [ArraySlice<(work: Work, deadline: Deadline)>]
    private var nextLine = 0
    package private(set) var waiting = 0
    private(set) var inUse = 0
    private var freeLanes: [Int]
    private var connecting = 0
    private var failures = 0
    private var isClosed = false

    /// - Parameter lines: how many places work comes from.
    package init(size: Int, maximumWaiting: Int, lines: Int = 1) {
        self.size = size
        self.maximumWaiting = maximumWaiting
        self.lines = Array(repeating: [], count: lines)
        freeLanes = Array((0..<size).reversed())
    }

    package enum Placement {
        case run(Connection)
        case waits
        /// The line is full.
        case busy
        /// No connection exists and the last attempt to make one failed.
        case unavailable(retryAfter: Duration)
    }

    /// - Parameter line: where it comes from, below the number of lines.
    package mutating func place(_ work: Work, line: Int = 0, deadline: Deadline) -> Placement {
        if isClosed { return .unavailable(retryAfter: .seconds(1)) }
        // The connection used last: its backend is warm.
        if let connection = idle.popLast() {
            inUse += 1
            return .run(connection)
        }
        if failures > 0 && inUse == 0 { return .unavailable(retryAfter: backoff) }
        guard waiting < maximumWaiting else { return .busy }
        waiting += 1
        lines[line].append((work, deadline))
        return .waits
    }

    package enum Next {
        case work(Work)
        case rest
        /// The pool is closed.
        case end
    }

    /// A connection has done its work, or is new: it takes the first work in line, or rests.
    package mutating func next(on connection: Connection) -> Next {
        if !isClosed, let work = takeFirst() { return .work(work) }
        inUse -= 1
        guard !isClosed else { return .end }
        idle.append(connection)
        return .rest
    }

    private mutating func takeFirst() -> Work? {
        guard waiting > 0 else { return nil }
        for _ in lines.indices {
            defer { nextLine = (nextLine + 1) % lines.count }
            guard let first = lines[nextLine].popFirst() else { continue }
            waiting -= 1
            return first.work
        }
        return nil
    }

    /// Everything that waits.
    private mutating func takeAll() -> [Work] {
        defer {
            for index in lines.indices { lines[index] = [] }
            waiting = 0
        }
        return lines.flatMap { $0.map(\.work) }
    }

    /// A new connection counts as in use until ``next(on:)`` has found nothing to do for it.
    package mutating func connected() {
        connecting -= 1
        failures = 0
        inUse += 1
    }

    /// A connection was found unfit and dropped.
    package mutating func discarded(lane: Int) {
        inUse -= 1
        freeLanes.append(lane)
    }

    /// The lanes on which to begin making connections now. While PostgreSQL is away, one attempt at a time feels for it.
    package mutating func lanesToConnect() -> [Int] {
        guard !isClosed else { return [] }
        let count = failures > 0 ? min(freeLanes.count, connecting == 0 ? 1 : 0) : freeLanes.count
        let lanes = Array(freeLanes.suffix(count))
        freeLanes.removeLast(count)
        connecting += count
        return lanes
    }

    /// - Returns: how long to wait before the next attempt, and those in line, who need not wait for it.
    package mutating func connectingFailed(lane: Int) -> (retryAfter: Duration, refused: [Work]) {
        connecting -= 1
        failures += 1
        freeLanes.append(lane)
        guard inUse == 0, idle.isEmpty else { return (backoff, []) }
        return (backoff, takeAll())
    }

    /// 50 ms doubled with each failure, 8 s at most.
    private var backoff: Duration { .milliseconds(min(8_000, 50 << min(failures, 8))) }

    /// Work whose time in the line is up.
    package mutating func expire(now: ContinuousClock.Instant) -> [Work] {
        var expired: [Work] = []
        for index in lines.indices {
            // A line's deadlines are in order but for a connection that was lost on the way and placed its work again.
            guard let first = lines[index].first, first.deadline.instant <= now else { continue }
            expired += lines[index].filter { $0.deadline.instant <= now }.map(\.work)
            lines[index].removeAll { $0.deadline.instant <= now }
        }
        waiting -= expired.count
        return expired
    }

    /// - Returns: work to refuse, and the connections that rest.
    package mutating func close() -> (refused: [Work], idle: [Connection]) {
        isClosed = true
        defer { idle = [] }
        return (takeAll(), idle)
    }
}
