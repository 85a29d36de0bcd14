// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Execution

/// The rules of a pool as a value: connections idle, in use or being made, and the line of work that waits for one.
/// An event goes in, what to do comes out; ``ConnectionPool`` does it.
///
/// Every connection has a lane of its own, a number below `size`, and keeps it for life.
package struct PoolState<Connection, Work> {
    let size: Int
    let maximumWaiting: Int

    private(set) var idle: [Connection] = []
    private(set) var line: ArraySlice<(work: Work, deadline: Deadline)> = []
    private(set) var inUse = 0
    private var freeLanes: [Int]
    private var connecting = 0
    private var failures = 0
    private var isClosed = false

    package init(size: Int, maximumWaiting: Int) {
        self.size = size
        self.maximumWaiting = maximumWaiting
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

    package mutating func place(_ work: Work, deadline: Deadline) -> Placement {
        if isClosed { return .unavailable(retryAfter: .seconds(1)) }
        // The connection used last: its backend is warm.
        if let connection = idle.popLast() {
            inUse += 1
            return .run(connection)
        }
        if failures > 0 && inUse == 0 { return .unavailable(retryAfter: backoff) }
        guard line.count < maximumWaiting else { return .busy }
        line.append((work, deadline))
        return .waits
    }

    /// A connection has done its work, or is new: it takes the first work in line, or rests.
    /// - Returns: nil when it rests.
    package mutating func next(on connection: Connection) -> Work? {
        if !isClosed, let first = line.popFirst() { return first.work }
        inUse -= 1
        if !isClosed { idle.append(connection) }
        return nil
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
        let refused = line.map(\.work)
        line = []
        return (backoff, refused)
    }

    /// 50 ms doubled with each failure, 8 s at most.
    private var backoff: Duration { .milliseconds(min(8_000, 50 << min(failures, 8))) }

    /// Work whose time in the line is up.
    package mutating func expire(now: ContinuousClock.Instant) -> [Work] {
        guard let first = line.first, first.deadline.instant <= now else { return [] }
        let expired = line.filter { $0.deadline.instant <= now }.map(\.work)
        line.removeAll { $0.deadline.instant <= now }
        return expired
    }

    /// - Returns: work to refuse. Idle connections close with their last reference.
    package mutating func close() -> [Work] {
        isClosed = true
        defer {
            idle = []
            line = []
        }
        return line.map(\.work)
    }
}
