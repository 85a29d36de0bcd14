// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Wakes the worker of this process. However often it is raised while the worker is busy, that looks once more.
package struct JobSignal: Sendable {
    let stream: AsyncStream<Void>
    private let entrance: AsyncStream<Void>.Continuation

    package init() { (stream, entrance) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    package func raise() { entrance.yield() }

    func end() { entrance.finish() }
}
