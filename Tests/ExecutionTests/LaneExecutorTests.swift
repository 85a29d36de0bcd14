// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution
import Foundation
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
    @Test func itsThreadsGiveWayAndNobodyElses() async throws {
        @Sendable func niceness() -> Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
        let pool = BlockingPool(label: "test", lanes: 2, waiting: 100, niceness: 7)
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<50 { group.addTask { try await pool.run { niceness() } } }
            for try await found in group { #expect(found == 7) }
        }
        #expect(niceness() == 0)
        let executor = LaneExecutor(label: "test", lanes: 4)
        await Task(executorPreference: executor) { #expect(niceness() == 0) }.value
    }

    /// Tests make thousands of servers in one process.
    @Test func itsThreadsEndWithIt() async throws {
        func threads() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }
        let before = try threads()
        for _ in 0..<20 { #expect(try await BlockingPool(label: "test", lanes: 8, waiting: 1).run { 1 } == 1) }
        for _ in 0..<200 where try threads() > before + 16 { try await Task.sleep(for: .milliseconds(10)) }
        let after = try threads()
        #expect(after <= before + 16, "\(before) threads before")
    }

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
