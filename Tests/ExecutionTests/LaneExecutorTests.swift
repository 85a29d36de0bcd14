// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution
import Glibc
import Testing

@Suite struct LaneExecutorTests {
    @Test func aQuickJobDoesNotWaitBehindBlockedLanes() async {
        let executor = LaneExecutor(label: "test", lanes: 4)
        let blocked = (0..<3).map { _ in Task(executorPreference: executor) { _ = usleep(500_000) } }
        let start = ContinuousClock.now

        await Task(executorPreference: executor) {}.value

        #expect(ContinuousClock.now - start < .milliseconds(200))
        for task in blocked { await task.value }
    }

    @Test func jobsBeyondTheLanesWaitAndAreAllDone() async {
        let executor = LaneExecutor(label: "test", lanes: 2)
        let count = Lock(0)

        await withTaskGroup { group in
            for _ in 0..<1_000 { group.addTask(executorPreference: executor) { count.with { $0 += 1 } } }
        }

        #expect(count.with { $0 } == 1_000)
    }
}

@Suite struct BlockingPoolTests {
    @Test func whatDoesNotFitIsRefusedAtOnce() async throws {
        let pool = BlockingPool(label: "test", lanes: 1, waiting: 1)
        let first = Task { try await pool.run { _ = usleep(300_000) } }
        try await Task.sleep(for: .milliseconds(50))
        let second = Task { try await pool.run {} }
        try await Task.sleep(for: .milliseconds(50))

        await #expect(throws: PoolBusy.self) { try await pool.run {} }

        try await first.value
        try await second.value
        try await pool.run {}
    }
}
