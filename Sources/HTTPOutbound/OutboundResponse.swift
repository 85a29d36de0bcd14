// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPTypes

/// What the other side has answered, before its body.
package struct OutboundHead: Sendable {
    /// 200 to 599. A redirection is an answer like any other: it is not followed.
    package let status: Int
    package let fields: HTTPFields

    package init(status: Int, fields: HTTPFields) {
        self.status = status
        self.fields = fields
    }

    /// When to come back (RFC 9110 §10.2.3), in seconds or as a date.
    package var retryAfter: Duration? {
        fields[.retryAfter].flatMap { RetryAfter.parse($0) }
    }
}

/// A whole answer.
package struct OutboundResponse: Sendable {
    package let head: OutboundHead
    package let body: [UInt8]
    package var status: Int { head.status }
}

/// An answer whose body comes piece by piece, no faster than it is taken. Who lets go of it ends the call.
package final class OutboundStream: Sendable {
    package let head: OutboundHead
    private let exchange: Exchange

    init(head: OutboundHead, exchange: Exchange) {
        self.head = head
        self.exchange = exchange
    }

    deinit { exchange.cancel() }

    /// - Returns: nil at the end.
    /// - Throws: `OutboundError`, `CancellationError`.
    package func next() async throws -> [UInt8]? {
        do { return try await exchange.nextPiece() } catch let failure as AttemptFailure { throw failure.error }
    }
}
