// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Why a call has brought no answer. None of these says what was sent or received.
package enum OutboundError: Error, Sendable, Equatable, CustomStringConvertible {
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
    /// TLS did not come about: the connection broke, or the two sides speak nothing in common.
    case handshakeFailed(reason: String)
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

extension OutboundError {
    /// For operators.
    package var description: String {
        switch self {
        case .busy: "Too many calls are under way."
        case .resting(let pause): "It has failed again and again and is left alone for \(pause.components.seconds) s."
        case .forbiddenField: "A header that cannot be sent."
        case .unresolvable: "The host's name is unknown."
        case .addressRefused: "The host's name leads into a private network."
        case .unreachable: "The host cannot be reached, or refuses connections at this port."
        case .untrusted(let reason): "The connection cannot be trusted: \(reason)."
        case .handshakeFailed(let reason): "No encrypted connection came about: \(reason)."
        case .timedOut(.resolving): "The host's name was not found in time."
        case .timedOut(.connecting): "The host did not take the connection in time."
        case .timedOut(.waiting): "The host did not answer in time."
        case .brokenOff: "The host broke the connection off."
        case .tooLarge: "The host answered more than is taken."
        case .malformed: "The host answered what is no HTTP."
        case .bodyFailed: "What was to be sent could not be made."
        case .stopped: "It was stopped."
        case .failed(let code, let reason): "It failed (libcurl \(code)): \(reason)."
        }
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
