// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// The line before a ``BlockingPool`` is full: try again later.
package struct PoolBusy: Error, Sendable {
    package init() {}
}

/// Runs blocking or computing work on lanes of its own, a bounded number of jobs at once and a bounded number waiting.
/// What does not fit is refused at once, because work that piles up helps nobody.
package final class BlockingPool: Sendable {
    private let threads: QuietThreads
    private let places: Int
    private let admitted = Lock(0)

    /// - Parameters:
    ///   - lanes: jobs that run at once, at least 1.
    ///   - waiting: jobs that may wait for a lane.
    ///   - niceness: 0...19: how much its jobs give way to whoever answers requests.
    package init(label: String, lanes: Int, waiting: Int, niceness: Int32 = 0) {
        threads = QuietThreads(label: label, count: lanes, niceness: niceness)
        places = lanes + waiting
    }

    /// Whether the line is full at this moment.
    package var isFull: Bool { admitted.with { $0 >= places } }

    /// - Throws: ``PoolBusy`` when the line is full, else what `work` throws.
    package func run<Output: Sendable>(_ work: @Sendable @escaping () throws -> Output) async throws -> Output {
        let isAdmitted = admitted.with { count in
            guard count < places else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw PoolBusy() }
        defer { admitted.with { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            threads.add { continuation.resume(with: Result(catching: work)) }
        }
    }
}
