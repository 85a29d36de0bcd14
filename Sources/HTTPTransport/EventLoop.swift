// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Execution
import Glibc

/// A serial queue and the connections that live on it. All they do happens on this queue, so nothing here needs a lock.
@safe final class EventLoop: @unchecked Sendable {  // Guard: every member but `queue` and `executor` is touched on `queue` alone.
    let queue: DispatchQueue
    let executor: QueueExecutor
    private var connections: [Int32: HTTPConnection] = [:]
    private var timer: (any DispatchSourceTimer)?
    private(set) var dateField: [UInt8] = []
    private var dateSecond: Int64 = 0

    /// One for all connections of the loop: what is read is copied out before the next read.
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    init(label: String) {
        queue = DispatchQueue(label: label, qos: .userInitiated)
        executor = QueueExecutor(queue)
        refreshDate()
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + .milliseconds(250), repeating: .milliseconds(250), leeway: .milliseconds(50))
        timer.setEventHandler { [weak self] in self?.tick() }
        timer.activate()
        self.timer = timer
    }

    deinit {
        timer?.cancel()
        unsafe scratch.deallocate()
    }

    private func tick() {
        refreshDate()
        let now = ContinuousClock.now
        for connection in connections.values { connection.passed(now) }
    }

    private func refreshDate() {
        let now = Instant.now()
        guard now.seconds != dateSecond || dateField.isEmpty else { return }
        dateSecond = now.seconds
        dateField = ResponseWriter.date(now)
    }

    func add(_ connection: HTTPConnection) { connections[connection.descriptor] = connection }

    func remove(_ descriptor: Int32) { connections[descriptor] = nil }

    var connectionCount: Int { connections.count }

    func drain() { for connection in connections.values { connection.drain() } }

    func abort() { for connection in connections.values { connection.abort() } }

    @safe enum ReadOutcome { case bytes(UnsafeRawBufferPointer), end, again, failed }

    func read(_ descriptor: Int32) -> ReadOutcome {
        while true {
            let count = unsafe Glibc.read(descriptor, scratch.baseAddress, scratch.count)
            if count > 0 { return unsafe .bytes(UnsafeRawBufferPointer(rebasing: scratch[..<count])) }
            if count == 0 { return .end }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .again : .failed
        }
    }
}
