// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What a reply brings.
package enum ResponseBody: Sendable {
    /// All of it, which is sent with its length.
    case bytes([UInt8])
    /// Made while it is sent, of any length.
    case stream(ResponseStream)

    /// Bytes that are there already.
    package var count: Int {
        if case .bytes(let bytes) = self { bytes.count } else { 0 }
    }
}

/// A body that is made while it is sent: an asynchronous sequence of pieces, each asked for when the client has taken what
/// came before it. The task that makes them is cancelled when the client goes away.
///
/// A sequence that throws cuts the reply off in a way that clients see: it is never taken for a whole one.
package struct ResponseStream: Sendable {
    package typealias Pieces = AsyncSequence<[UInt8], any Error> & Sendable

    /// How it ended.
    package struct End: Sendable {
        /// What was handed over for sending.
        package let bytes: Int
        /// Why it broke off; nil when it came to its end.
        package let failure: (any Error)?

        package init(bytes: Int, failure: (any Error)?) {
            self.bytes = bytes
            self.failure = failure
        }
    }

    /// The client went away, or took too long, before the end.
    package struct Abandoned: Error {
        package init() {}
    }

    package let pieces: any Pieces
    /// Called once, when there is nothing more to send.
    package var onEnd: @Sendable (End) -> Void = { _ in }

    /// - Parameter pieces: some 64 KiB each at most; they are kept in memory until they are sent.
    package init(_ pieces: any Pieces) { self.pieces = pieces }
}
