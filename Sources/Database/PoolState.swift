// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import DequeModule
import Execution

/// The rules of a pool as a value: connections idle, in use or being made, and the lines of work that wait for one.
/// An event goes in, what to do comes out; ``ConnectionPool`` does it.
///
/// Every connection has a lane of its own, a number below `size`, and keeps it for life.
///
/// Work that waits stands in one line for each place it comes from. A connection serves the line of the loop it is on, so
/// that an answer is read where it is wanted, unless somebody elsewhere has waited for longer.
///
/// Quick reads share: while some are under way on a connection, more are sent behind them, so that PostgreSQL finds the
/// next one there when it has answered one. Nobody is sent behind what may take long, and nobody overtakes.
///
/// What may take long never has the last connection: when all others wait for a locked row, people can still read.
package struct PoolState<Connection: AnyObject, Work> {
    package enum Kind {
        /// It may wait for others, or for a disk.
        case long
        /// A read of few rows.
        case quick
        /// One that may be sent behind others.
        case sharing
    }

    private struct Waiting {
        let work: Work
        let kind: Kind
        let deadline: Deadline
        /// Grows with each arrival.
        let number: Int
    }

    /// Those who wait at one place, so that who may go on need not stand behind who may not.
    private struct Line {
        var quick: Deque<Waiting> = []
        var long: Deque<Waiting> = []

        mutating func remove(where isLeaving: (Waiting) -> Bool) {
            quick.removeAll(where: isLeaving)
            long.removeAll(where: isLeaving)
        }
    }

    /// How many who came later a connection serves on its own line before it turns to another.
    private static var patience: Int { 16 }

    /// A connection on which nothing but quick reads is under way.
    private struct Shareable {
        let connection: Connection
        /// How many more may be sent behind them; never 0.
        var room: Int
    }

    /// How many there may be.
    let size: Int
    /// Of each kind, so that long work cannot fill the place where quick reads wait.
    let maximumWaiting: Int

    private struct Resting {
        let connection: Connection
        let since: ContinuousClock.Instant
    }

    /// The one used last comes last.
    private var resting: [Resting] = []
    /// How many there should be: all at first, fewer when some have nothing to do for long, more when work waits.
    private var target: Int
    private var lines: [Line]
    /// By the line they serve.
    private var shareable: [[Shareable]]
    /// Connections that have long work in hand.
    private var engaged: Set<ObjectIdentifier> = []
    private var arrivals = 0
    private(set) var inUse = 0
    private var freeLanes: [Int]
    private var connecting = 0
    private var failures = 0
    private var isClosed = false

    /// - Parameter lines: how many places work comes from.
    package init(size: Int, maximumWaiting: Int, lines: Int = 1) {
        self.size = size
        self.maximumWaiting = maximumWaiting
        self.lines = (0..<lines).map { _ in Line() }
        shareable = Array(repeating: [], count: lines)
        freeLanes = Array((0..<size).reversed())
        target = size
    }

    var idleCount: Int { resting.count }
    package var waiting: Int { waitingQuick + waitingLong }
    private var waitingQuick: Int { lines.reduce(0) { $0 + $1.quick.count } }
    private var waitingLong: Int { lines.reduce(0) { $0 + $1.long.count } }

    private var mayBeginLong: Bool { engaged.count < max(1, size - 1) }

    // MARK: - Work comes

    package enum Placement {
        case run(Connection)
        /// Behind the quick reads that are under way there.
        case share(Connection)
        /// - Parameter isShort: there may be more connections than there are.
        case waits(isShort: Bool)
        /// The lines are full.
        case busy
        /// No connection exists and the last attempt to make one failed.
        case unavailable(retryAfter: Duration)
    }

    /// - Parameter line: where it comes from, below the number of lines.
    package mutating func place(
        _ work: Work, line: Int = 0, _ kind: Kind = .long, deadline: Deadline
    ) -> Placement {
        if isClosed { return .unavailable(retryAfter: .seconds(1)) }
        // The connection used last: its backend is warm.
        if kind != .long || mayBeginLong, let rested = resting.popLast() {
            inUse += 1
            engage(rested.connection, kind)
            return .run(rested.connection)
        }
        if failures > 0 && inUse == 0 { return .unavailable(retryAfter: backoff) }
        if kind == .sharing, firstInLine(nil) == nil, let connection = takeRoom(line) { return .share(connection) }
        guard (kind == .long ? waitingLong : waitingQuick) < maximumWaiting else { return .busy }
        if connecting == 0, target < size { target += 1 }
        arrivals += 1
        let waiting = Waiting(work: work, kind: kind, deadline: deadline, number: arrivals)
        if kind == .long {
            lines[line].long.append(waiting)
        } else {
            lines[line].quick.append(waiting)
        }
        return .waits(isShort: inUse + resting.count + connecting < target)
    }

    private mutating func engage(_ connection: Connection, _ kind: Kind) {
        if kind == .long { engaged.insert(ObjectIdentifier(connection)) }
    }

    private mutating func disengage(_ connection: Connection) { engaged.remove(ObjectIdentifier(connection)) }

    // MARK: - Connections are free

    package enum Next {
        case work(Work)
        case rest
        /// The pool is closed.
        case end
    }

    /// A connection has done its work, or is new: it takes the first work in line, or rests.
    /// - Parameter line: the line it serves, if any.
    package mutating func next(
        on connection: Connection, line: Int? = nil, now: ContinuousClock.Instant = .now
    ) -> Next {
        stopSharing(connection)
        disengage(connection)
        if !isClosed, let place = firstInLine(line) {
            let first = take(place)
            engage(connection, first.kind)
            return .work(first.work)
        }
        inUse -= 1
        guard !isClosed else { return .end }
        resting.append(Resting(connection: connection, since: now))
        return .rest
    }

    /// Nothing but quick reads is under way on a connection: it takes another that waits, or has room for those that come.
    /// - Parameter room: how many more it may take.
    package mutating func share(_ connection: Connection, line: Int, room: Int) -> Work? {
        stopSharing(connection)
        guard !isClosed, room > 0 else { return nil }
        guard let place = firstInLine(line) else {
            shareable[line].append(Shareable(connection: connection, room: room))
            return nil
        }
        return place.first.kind == .sharing ? take(place).work : nil
    }

    /// A place on the connection of a line that has the fewest under way.
    private mutating func takeRoom(_ line: Int) -> Connection? {
        guard let index = shareable[line].indices.max(by: { shareable[line][$0].room < shareable[line][$1].room })
        else {
            return nil
        }
        defer {
            shareable[line][index].room -= 1
            if shareable[line][index].room == 0 { shareable[line].remove(at: index) }
        }
        return shareable[line][index].connection
    }

    /// No more are sent behind those that are under way there.
    package mutating func stopSharing(_ connection: Connection) {
        for line in shareable.indices {
            if let index = shareable[line].firstIndex(where: { $0.connection === connection }) {
                shareable[line].remove(at: index)
            }
        }
    }

    private struct Place {
        let line: Int
        let first: Waiting
    }

    /// Whose turn it is, of those who may begin now.
    private func firstInLine(_ own: Int?) -> Place? {
        var place: Place?, number = Int.max
        func look(at first: Waiting?, _ line: Int) {
            guard let first else { return }
            let rank = line == own ? first.number - Self.patience : first.number
            if rank < number { (place, number) = (Place(line: line, first: first), rank) }
        }
        for index in lines.indices {
            look(at: lines[index].quick.first, index)
            if mayBeginLong { look(at: lines[index].long.first, index) }
        }
        return place
    }

    private mutating func take(_ place: Place) -> Waiting {
        if place.first.kind == .long {
            lines[place.line].long.removeFirst()
        } else {
            lines[place.line].quick.removeFirst()
        }
        return place.first
    }

    /// Everything that waits.
    private mutating func takeAll() -> [Work] {
        let all = lines.flatMap { ($0.quick + $0.long).map(\.work) }
        for index in lines.indices { lines[index] = Line() }
        return all
    }

    // MARK: - Connections come and go

    /// A new connection counts as in use until ``next(on:line:)`` has found nothing to do for it.
    package mutating func connected() {
        connecting -= 1
        failures = 0
        inUse += 1
    }

    /// A connection was found unfit and dropped.
    package mutating func discarded(_ connection: Connection, lane: Int) {
        stopSharing(connection)
        disengage(connection)
        inUse -= 1
        freeLanes.append(lane)
    }

    /// Long work that could not begin while others had all connections but one, and now can, on a connection that rests.
    package mutating func wakeLong() -> (connection: Connection, work: Work)? {
        guard !isClosed, mayBeginLong, let place = firstInLine(nil), let rested = resting.popLast() else { return nil }
        let first = take(place)
        inUse += 1
        engage(rested.connection, first.kind)
        return (rested.connection, first.work)
    }

    /// The lanes on which to begin making connections now. While PostgreSQL is away, one attempt at a time feels for it.
    package mutating func lanesToConnect() -> [Int] {
        guard !isClosed else { return [] }
        let missing = max(0, min(freeLanes.count, target - inUse - resting.count - connecting))
        let count = failures > 0 ? min(missing, connecting == 0 ? 1 : 0) : missing
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
        guard inUse == 0, resting.isEmpty else { return (backoff, []) }
        return (backoff, takeAll())
    }

    /// 50 ms doubled with each failure, 400 ms at most: one knock that often costs PostgreSQL nothing, and people wait for it
    /// to be back.
    private var backoff: Duration { .milliseconds(50 << max(0, min(failures - 1, 3))) }

    // MARK: - Time passes

    /// Work whose time in the line is up, and that which nobody wants any more.
    package mutating func expire(
        now: ContinuousClock.Instant, isUnwanted: (Work) -> Bool = { _ in false }
    ) -> (late: [Work], unwanted: [Work]) {
        var late: [Work] = [], unwanted: [Work] = []
        for index in lines.indices {
            lines[index].remove { waiting in
                if isUnwanted(waiting.work) {
                    unwanted.append(waiting.work)
                } else if waiting.deadline.instant <= now {
                    late.append(waiting.work)
                } else {
                    return false
                }
                return true
            }
        }
        return (late, unwanted)
    }

    /// Connections that have rested for longer than `rest`, but for the last, and those that are no longer fit. They count as
    /// in use until ``discarded(_:lane:)``.
    package mutating func trim(
        now: ContinuousClock.Instant, rest: Duration, isFit: (Connection) -> Bool
    ) -> [Connection] {
        var trimmed: [Connection] = []
        for index in resting.indices.reversed() where !isFit(resting[index].connection) {
            trimmed.append(resting.remove(at: index).connection)
        }
        // The one that has rested longest comes first.
        while target > 1, let first = resting.first, first.since + rest <= now {
            trimmed.append(resting.removeFirst().connection)
            target -= 1
        }
        inUse += trimmed.count
        return trimmed
    }

    /// - Returns: work to refuse, and the connections that rest.
    package mutating func close() -> (refused: [Work], idle: [Connection]) {
        isClosed = true
        defer { resting = [] }
        return (takeAll(), resting.map(\.connection))
    }
}
