// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Dispatch
import Core

/// Runs tasks that may block, on a fixed array of serial Dispatch queues: the lanes.
///
/// One concurrent queue starves: Dispatch adds threads for blocked blocks only slowly, so a quick job behind 64 blocked
/// ones waits for seconds. Here every lane is a serial queue of its own, and a job goes to a lane that is free; when none
/// is, it waits in one line that the next free lane serves in order. With more lanes than there are things to block on
/// (database connections, say) a job never waits behind a blocked one.
package final class LaneExecutor: TaskExecutor, Sendable {
    private struct State {
        var idle: [Int]
        var line: ArraySlice<UnownedJob> = []
    }

    private let lanes: [DispatchQueue]
    private let state: Lock<State>

    /// - Parameter lanes: at least one.
    package init(label: String, lanes count: Int) {
        precondition(count > 0, "an executor needs a lane")
        lanes = (0..<count).map { DispatchQueue(label: "\(label).\($0)") }
        state = Lock(State(idle: Array((0..<count).reversed())))
    }

    package var laneCount: Int { lanes.count }

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        // The lane used last is taken first: its thread is still warm.
        let lane: Int? = state.with { state in
            if let lane = state.idle.popLast() { return lane }
            state.line.append(unowned)
            return nil
        }
        guard let lane else { return }
        lanes[lane].async { self.run(unowned, on: lane) }
    }

    private func run(_ first: UnownedJob, on lane: Int) {
        var job = first
        while true {
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            let next: UnownedJob? = state.with { state in
                if let waiting = state.line.popFirst() { return waiting }
                state.idle.append(lane)
                return nil
            }
            guard let next = next else { return }
            job = next
        }
    }
}
