// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Dispatch

/// Runs tasks on one serial queue, beside that queue's own events: what a task does between two awaits happens between
/// two events, so the queue's state needs no lock. Nothing that blocks may run here.
package final class QueueExecutor: TaskExecutor {
    package let queue: DispatchQueue

    package init(_ queue: DispatchQueue) { self.queue = queue }

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        queue.async { unsafe unowned.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
