// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Foundation
import Glibc

/// Runs work that computes for long on threads of its own that give way: whoever answers requests is waited for less (nice(2)).
/// Dispatch lends a queue's thread to others afterwards, and a thread that was made to give way does so for good.
final class QuietThreads: Sendable {
    typealias Work = @Sendable () -> Void

    /// What the threads share; it outlives their owner until the last of them has ended.
    private final class Line: Sendable {
        let works = Lock<ArraySlice<Work>>([])
        let signal = DispatchSemaphore(value: 0)
    }

    private let line = Line()
    private let count: Int

    /// - Parameters:
    ///   - count: threads, at least one.
    ///   - niceness: 0...19: how much they give way.
    init(label: String, count: Int, niceness: Int32) {
        precondition(count > 0, "there must be a thread")
        self.count = count
        for number in 0..<count {
            let thread = Thread { [line] in
                // Of this thread alone: Linux counts niceness by thread.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
                Self.work(line)
            }
            thread.name = "\(label).\(number)"
            thread.start()
        }
    }

    /// What waits is done first.
    deinit {
        for _ in 0..<count { line.signal.signal() }
    }

    func add(_ work: @escaping Work) {
        line.works.with { $0.append(work) }
        line.signal.signal()
    }

    /// One signal for each piece of work, and one for each thread to end.
    private static func work(_ line: Line) {
        while true {
            line.signal.wait()
            guard let work = line.works.with({ $0.popFirst() }) else { return }
            work()
        }
    }
}
