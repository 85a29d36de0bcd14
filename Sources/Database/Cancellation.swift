// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Synchronization

/// Says, from any thread and for good, that nobody wants an answer any more. Only reads have one: what was begun to be
/// written is written, so that a phone that lost its connection finds it when it asks again.
final class Cancellation: Sendable {
    private let flag = Atomic(false)

    var isCancelled: Bool { flag.load(ordering: .acquiring) }

    func cancel() { flag.store(true, ordering: .releasing) }

    /// Runs `body`, and cancels when the task that runs it is.
    static func watching<Output>(_ body: (Cancellation) async throws -> Output) async throws -> Output {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await body(cancellation)
        } onCancel: {
            cancellation.cancel()
        }
    }
}
