// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A request body that is read while it arrives. The connection stops reading from its client while more than
/// ``highWater`` bytes lie here unread, so an upload of any size needs this much memory and no more.
package final class BodyStream: Sendable {
    /// Unread bytes at which the connection pauses.
    package static let highWater = 262_144

    /// The client went away or broke the protocol before the end.
    package struct Interrupted: Error, Sendable {
        package init() {}
    }

    private struct State {
        var chunks: ArraySlice<[UInt8]> = []
        var unread = 0
        var isFinished = false
        var isInterrupted = false
        var hasBegun = false
        var reader: CheckedContinuation<[UInt8]?, any Error>?
    }

    private enum Next { case chunk([UInt8], resume: Bool), end, interrupted, wait }

    private let state = Lock(State())
    private let onDemand: @Sendable () -> Void

    /// - Parameter onDemand: called when the first read begins, and when a full stream has room again.
    package init(onDemand: @escaping @Sendable () -> Void) { self.onDemand = onDemand }

    /// The next piece; nil at the end. One reader at a time.
    /// - Throws: ``Interrupted``.
    package func next() async throws -> [UInt8]? {
        let isFirst = state.with { state in
            defer { state.hasBegun = true }
            return !state.hasBegun
        }
        if isFirst { onDemand() }
        return try await withCheckedThrowingContinuation { continuation in
            let next: Next = state.with { state in
                if let chunk = state.chunks.popFirst() {
                    let wasFull = state.unread >= Self.highWater
                    state.unread -= chunk.count
                    return .chunk(chunk, resume: wasFull && state.unread < Self.highWater)
                }
                if state.isInterrupted { return .interrupted }
                if state.isFinished { return .end }
                state.reader = continuation
                return .wait
            }
            switch next {
            case .chunk(let chunk, let resume):
                if resume { onDemand() }
                continuation.resume(returning: chunk)
            case .end: continuation.resume(returning: nil)
            case .interrupted: continuation.resume(throwing: Interrupted())
            case .wait: break
            }
        }
    }

    // MARK: - The connection's side

    /// A reader is waiting or has read: the client may be told to go on.
    package var isWanted: Bool { state.with { $0.hasBegun } }

    /// - Returns: whether there is room for more.
    package func push(_ chunk: [UInt8]) -> Bool {
        let (reader, hasRoom) = state.with { state in
            if let reader = state.reader {
                state.reader = nil
                return (Optional(reader), true)
            }
            state.chunks.append(chunk)
            state.unread += chunk.count
            return (nil, state.unread < Self.highWater)
        }
        reader?.resume(returning: chunk)
        return hasRoom
    }

    package func finish() {
        let reader = state.with { state in
            state.isFinished = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }

    package func interrupt() {
        let reader = state.with { state in
            guard !state.isFinished else { return CheckedContinuation<[UInt8]?, any Error>?.none }
            state.isInterrupted = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(throwing: Interrupted())
    }
}
