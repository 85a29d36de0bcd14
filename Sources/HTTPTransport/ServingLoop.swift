// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution
import Synchronization

/// The connections of one event loop and what they share. All of it is used on that loop alone, so nothing needs a lock.
@safe final class ServingLoop: @unchecked Sendable {
    // Guard: everything but `events` is touched on `events` alone.
    let events: EventLoop
    private var connections: [UInt64: HTTPConnection] = [:]
    private(set) var dateField: [UInt8] = []
    private var dateSecond: Int64 = 0

    /// One for all connections of the loop: what is read is copied out before the next read.
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    private var requestIDs = RequestIDs()
    private let inFlightLimit: Int
    private var inFlight = 0
    /// Requests that were turned away because too many were being answered; counted, since no log line tells of them.
    let shed = Atomic<Int>(0)
    private var spareActions: [[ConnectionMachine.Action]] = []

    /// - Parameter inFlightLimit: how many requests may be answered at once.
    init(_ events: EventLoop, inFlightLimit: Int) {
        self.events = events
        self.inFlightLimit = inFlightLimit
        refreshDate()
        events.everyTick { [weak self] in self?.tick() }
    }

    deinit { unsafe scratch.deallocate() }

    private func tick() {
        refreshDate()
        sweep(ArraySlice(connections.values))
    }

    /// Tells connections the time. Thousands may run out of it at once, and answering them takes a while: after each few
    /// the loop turns to those who are waiting.
    private func sweep(_ waiting: ArraySlice<HTTPConnection>) {
        let now = ContinuousClock.now
        var waiting = waiting, acted = 0
        while acted < 4, let connection = waiting.popFirst() {
            if !connection.isClosed, connection.passed(now) { acted += 1 }
        }
        guard !waiting.isEmpty else { return }
        events.post { [waiting] in self.sweep(waiting) }
    }

    private func refreshDate() {
        let now = Instant.now()
        guard now.seconds != dateSecond || dateField.isEmpty else { return }
        dateSecond = now.seconds
        dateField = ResponseWriter.date(now)
    }

    // MARK: - Connections

    /// - Returns: the connection's token on the event loop.
    func add(_ connection: HTTPConnection, _ interest: Interest) -> UInt64 {
        let token = events.makeToken()
        connections[token] = connection
        events.add(connection.descriptor, interest, connection, token: token)
        return token
    }

    func watch(_ connection: HTTPConnection, _ interest: Interest) {
        events.change(connection.descriptor, interest, token: connection.token)
    }

    func remove(_ connection: HTTPConnection) {
        events.remove(connection.descriptor, token: connection.token)
        connections[connection.token] = nil
    }

    /// One more request begins to be answered; false when there is no room. Each that has begun must ``end()``.
    func begin() -> Bool {
        guard inFlight < inFlightLimit else {
            shed.add(1, ordering: .relaxed)
            return false
        }
        inFlight += 1
        return true
    }

    func end() { inFlight -= 1 }

    /// An empty list of actions, with room.
    func takeActions() -> [ConnectionMachine.Action] { spareActions.popLast() ?? [] }

    /// Takes a list back that has been worked off.
    func giveBack(_ actions: consuming [ConnectionMachine.Action]) {
        actions.removeAll(keepingCapacity: true)
        if spareActions.count < 8 { spareActions.append(actions) }
    }

    func nextRequestID() -> UUIDv7 { requestIDs.next() }

    func drain() { for connection in connections.values { connection.drain() } }

    func abort() { for connection in connections.values { connection.abort() } }

    /// Reads at most `count` bytes, before anything is encrypted, and gives them to `take`.
    func readPlain(_ count: Int, _ channel: Channel, _ take: (UnsafeRawBufferPointer) -> Void) -> Channel.Outcome {
        let outcome = unsafe channel.readPlain(count, into: scratch)
        if case .moved(let count) = outcome { unsafe take(UnsafeRawBufferPointer(rebasing: scratch[..<count])) }
        return outcome
    }

    /// Reads once and gives what has come to `take`.
    func read(_ channel: Channel, _ take: (UnsafeRawBufferPointer) -> Void) -> Channel.Outcome {
        let outcome = unsafe channel.read(into: scratch)
        if case .moved(let count) = outcome { unsafe take(UnsafeRawBufferPointer(rebasing: scratch[..<count])) }
        return outcome
    }
}

/// Names for requests: UUIDv7 in form, distinct, and not secret. A system call for random bits would cost a quarter of
/// what answering a small request does, so a generator that was seeded once takes its place.
private struct RequestIDs {
    private var state = UInt64.random(in: .min ... .max)

    mutating func next() -> UUIDv7 {
        // SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return UUIDv7(at: .now(), random: bits ^ (bits >> 31))
    }
}
