// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Glibc
import Synchronization

/// Hears of a descriptor that has become ready, on the loop that watches it.
package protocol ReadinessHandler: AnyObject, Sendable {
    func isReady(_ readiness: Readiness)
}

/// A serial Dispatch queue that waits for sockets, and runs tasks and blocks between their events. Whatever lives on a
/// loop needs no lock. Nothing that blocks may run here.
///
/// The queue's thread waits in epoll itself. Dispatch would have its manager thread wait and wake the queue's: two
/// switches of thread each time the loop has nothing to do, which under load is every few requests. The wait fills the
/// queue; whoever puts a block behind it ends it, by the poller's alarm (docs/decisions/0005).
@safe package final class EventLoop: TaskExecutor, @unchecked Sendable {
    // Guard: every stored variable is touched on `queue` alone.
    private let queue: DispatchQueue
    private let poller = Poller()
    private let handlers = Lock<[UInt64: any ReadinessHandler]>([:])
    private let nextToken = Atomic<UInt64>(0)
    /// Tasks that were made ready by what runs on the loop now; they run next, without a way through the queue.
    private var jobs: [UnownedJob] = []
    private var tickers: [() -> Void] = []
    private var nextTick = ContinuousClock.now
    private var alarms: [UInt64: (time: ContinuousClock.Instant, block: () -> Void)] = [:]
    private var isStopped = false

    /// Blocks that were put behind the wait, and those of them that have run.
    private let posted = Atomic<Int>(0)
    private var ran = 0
    private let isWaiting = Atomic<Bool>(false)

    private static let tickInterval = Duration.milliseconds(250)

    package init(label: String) {
        queue = DispatchQueue(label: label)
        queue.async { self.turn() }
    }

    /// The loop that the calling thread serves now.
    package static var current: EventLoop? { CurrentLoop.value }

    // MARK: - Turning

    private func turn() {
        CurrentLoop.value = self
        defer { CurrentLoop.value = nil }
        while !isStopped {
            let timeout = max(.zero, min(nextTick, alarms.values.lazy.map(\.time).min() ?? nextTick) - .now)
            isWaiting.store(true, ordering: .sequentiallyConsistent)
            guard posted.load(ordering: .sequentiallyConsistent) == ran else { break }
            // Rounded up, so that the wait is over when the time has come.
            poller.wait(Int32(timeout / .milliseconds(1)) + 1) { token, readiness in
                isWaiting.store(false, ordering: .relaxed)
                handlers.with { $0[token] }?.isReady(readiness)
                runJobs()
            }
            isWaiting.store(false, ordering: .relaxed)
            if ContinuousClock.now >= nextTick { tick() }
            if !alarms.isEmpty { ringAlarms() }
        }
        isWaiting.store(false, ordering: .relaxed)
        if !isStopped { queue.async { self.turn() } }
    }

    private func tick() {
        nextTick = .now + Self.tickInterval
        for ticker in tickers { ticker() }
        runJobs()
    }

    private func ringAlarms() {
        let now = ContinuousClock.now
        for (token, alarm) in alarms where alarm.time <= now {
            // One that has rung may have put off or taken back another.
            guard let due = alarms[token], due.time <= now else { continue }
            alarms[token] = nil
            due.block()
        }
        runJobs()
    }

    private func runJobs() {
        while !jobs.isEmpty {
            // A job may make more jobs ready.
            let ready = jobs
            jobs.removeAll(keepingCapacity: true)
            for job in ready { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    // MARK: - Work

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        if Self.current === self {
            jobs.append(unowned)
        } else {
            post { unsafe unowned.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    /// Runs a block on the loop, behind those that came before it. May be called from any thread.
    package func post(_ block: @escaping @Sendable () -> Void) {
        posted.add(1, ordering: .sequentiallyConsistent)
        queue.async { [self] in
            ran += 1
            CurrentLoop.value = self
            defer { CurrentLoop.value = nil }
            block()
            runJobs()
        }
        if isWaiting.exchange(false, ordering: .sequentiallyConsistent) { poller.wake() }
    }

    /// Has a block run four times a second, on the loop.
    package func everyTick(_ block: @escaping @Sendable () -> Void) { post { self.tickers.append(block) } }

    /// Has a block run once the time has come, at most two milliseconds later, in place of what this token was to do before.
    /// To be called on the loop.
    /// - Parameter token: of ``makeToken()``.
    package func setAlarm(_ token: UInt64, at time: ContinuousClock.Instant, _ block: @escaping () -> Void) {
        alarms[token] = (time, block)
    }

    /// To be called on the loop.
    package func clearAlarm(_ token: UInt64) { alarms[token] = nil }

    /// Lets go of the loop's thread and descriptors, once what was posted has run.
    package func stop() { post { self.isStopped = true } }

    // MARK: - Descriptors

    /// A name for a handler, never used twice, so that an event meant for one that has gone finds nobody.
    package func makeToken() -> UInt64 { nextToken.add(1, ordering: .relaxed).newValue }

    /// Watches a descriptor until ``remove(_:token:)``. May be called from any thread.
    package func add(_ descriptor: Int32, _ interest: Interest, _ handler: any ReadinessHandler, token: UInt64) {
        handlers.with { $0[token] = handler }
        poller.add(descriptor, interest, token: token)
    }

    package func change(_ descriptor: Int32, _ interest: Interest, token: UInt64) {
        poller.change(descriptor, interest, token: token)
    }

    package func remove(_ descriptor: Int32, token: UInt64) {
        poller.remove(descriptor)
        _ = handlers.with { $0.removeValue(forKey: token) }
    }
}

/// Which loop a thread serves, in storage of the thread.
private enum CurrentLoop {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        unsafe pthread_key_create(&key, nil)
        return key
    }()

    /// Unretained: it is set only while the loop's own code is on the stack.
    static var value: EventLoop? {
        get {
            guard let pointer = unsafe pthread_getspecific(key) else { return nil }
            return unsafe Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
        }
        set {
            unsafe pthread_setspecific(
                key, newValue.map { unsafe UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) })
        }
    }
}
