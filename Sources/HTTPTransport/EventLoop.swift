// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Execution
import Glibc

/// A serial queue and the connections that live on it. All they do happens on this queue, so nothing here needs a lock.
///
/// The loop watches its connections with an epoll instance of its own, and Dispatch watches that instance with one source.
/// A source for each connection would pass every request through Dispatch's manager thread twice, once to report and once
/// to arm again; measured, that cost more than answering. Here the loop is woken once, and then asks for more by itself,
/// between the other blocks of its queue, until nothing is ready (docs/decisions/0005).
@safe final class EventLoop: @unchecked Sendable {
    // Guard: every member but `queue` and `executor` is touched on `queue` alone.
    let queue: DispatchQueue
    let executor: QueueExecutor
    private let poller = Poller()
    private let source: any DispatchSourceRead
    private let timer: any DispatchSourceTimer
    private var connections: [UInt64: HTTPConnection] = [:]
    private var nextToken: UInt64 = 0
    /// The source is suspended and ``turn()`` comes round by itself.
    private var isTurning = false
    private var isStopped = false
    private(set) var dateField: [UInt8] = []
    private var dateSecond: Int64 = 0

    /// One for all connections of the loop: what is read is copied out before the next read.
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    /// Header lines that every reply has.
    let commonFields: [UInt8]
    private var requestIDs = RequestIDs()

    init(label: String, commonFields: [UInt8]) {
        self.commonFields = commonFields
        queue = DispatchQueue(label: label)
        executor = QueueExecutor(queue)
        source = DispatchSource.makeReadSource(fileDescriptor: poller.descriptor, queue: queue)
        timer = DispatchSource.makeTimerSource(queue: queue)
        refreshDate()
        source.setEventHandler { [weak self] in self?.wake() }
        source.setCancelHandler { [descriptor = poller.descriptor] in _ = close(descriptor) }
        source.activate()
        timer.schedule(deadline: .now() + .milliseconds(250), repeating: .milliseconds(250), leeway: .milliseconds(50))
        timer.setEventHandler { [weak self] in self?.tick() }
        timer.activate()
    }

    deinit { unsafe scratch.deallocate() }

    // MARK: - Turning

    private func wake() {
        guard !isTurning, !isStopped else { return }
        isTurning = true
        source.suspend()
        turn()
    }

    private func turn() {
        guard !isStopped else { return }
        let ready = poller.poll { token, readiness in connections[token]?.isReady(readiness) }
        if ready > 0 {
            queue.async { self.turn() }
        } else {
            isTurning = false
            source.resume()
        }
    }

    private func tick() {
        refreshDate()
        sweep(ArraySlice(connections.values))
    }

    /// Tells connections the time. Thousands may run out of it at once, and answering them takes a while: after each few
    /// the loop turns to those who are waiting.
    private func sweep(_ waiting: ArraySlice<HTTPConnection>) {
        let now = ContinuousClock.now
        var waiting = waiting, acted = 0
        while acted < 16, let connection = waiting.popFirst() {
            if !connection.isClosed, connection.passed(now) { acted += 1 }
        }
        guard !waiting.isEmpty, !isStopped else { return }
        queue.async { [waiting] in self.sweep(waiting) }
    }

    private func refreshDate() {
        let now = Instant.now()
        guard now.seconds != dateSecond || dateField.isEmpty else { return }
        dateSecond = now.seconds
        dateField = ResponseWriter.date(now)
    }

    // MARK: - Connections

    /// - Returns: the connection's token, never used twice, so that an event meant for a closed connection finds nobody.
    func add(_ connection: HTTPConnection, _ interest: Poller.Interest) -> UInt64 {
        nextToken += 1
        connections[nextToken] = connection
        poller.add(connection.descriptor, interest, token: nextToken)
        return nextToken
    }

    func watch(_ connection: HTTPConnection, _ interest: Poller.Interest) {
        poller.change(connection.descriptor, interest, token: connection.token)
    }

    func remove(_ connection: HTTPConnection) {
        poller.remove(connection.descriptor)
        connections[connection.token] = nil
    }

    func nextRequestID() -> UUIDv7 { requestIDs.next() }

    func drain() { for connection in connections.values { connection.drain() } }

    func abort() { for connection in connections.values { connection.abort() } }

    /// Lets go of the loop's descriptors. Its connections are closed.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        timer.cancel()
        source.cancel()
        // A suspended source would never hear of its end.
        if isTurning { source.resume() }
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
