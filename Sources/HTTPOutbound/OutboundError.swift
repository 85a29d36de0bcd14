// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Why a call has brought no answer. None of these says what was sent or received.
package enum OutboundError: Error, Sendable, Equatable {
    /// So many calls are under way that another would not help.
    case busy
    /// The provider has failed again and again; it is left alone for so long.
    case resting(for: Duration)
    /// A header that would break out of its line, or is not the caller's to set.
    case forbiddenField
    case unresolvable
    /// The name leads into a private network.
    case addressRefused
    case unreachable
    /// The other side is not who it should be, or speaks no TLS that is safe.
    case untrusted(reason: String)
    case timedOut(Phase)
    /// The connection ended before the answer did.
    case brokenOff
    case tooLarge
    /// The answer is no HTTP.
    case malformed
    /// The body that was to be sent could not be made.
    case bodyFailed
    case stopped
    /// As libcurl numbers it.
    case failed(code: Int, reason: String)

    package enum Phase: Sendable, Equatable {
        case resolving, connecting
        /// Too slow, or the call's time was over.
        case waiting
    }
}

/// How an attempt failed, with what decides whether there may be another.
package struct AttemptFailure: Error {
    package let error: OutboundError
    /// Not a byte of the request has left, so the other side cannot have acted on it.
    package let wasUnsent: Bool

    package init(error: OutboundError, wasUnsent: Bool) {
        self.error = error
        self.wasUnsent = wasUnsent
    }
}
