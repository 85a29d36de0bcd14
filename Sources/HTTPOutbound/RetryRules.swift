// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CCurl
import Core

/// When a call is made again by the client itself, within the time it has. What a customer would see twice never is: a call that
/// may have been heard is repeated only where repeating is harmless.
package enum RetryRules {
    /// - Returns: how long to wait first; nil to leave it.
    package static func delay(
        after failure: AttemptFailure, attempt: Int, _ rules: CallRules, chance: Double = .random(in: 0...1)
    ) -> Duration? {
        guard attempt < rules.limits.attempts else { return nil }
        switch failure.error {
        case .unreachable, .handshakeFailed, .timedOut(.connecting), .brokenOff, .timedOut(.waiting):
            guard failure.wasUnsent || rules.isRepeatable else { return nil }
            return backoff(attempt, chance)
        default: return nil
        }
    }

    /// For an answer that says "not now" (RFC 9110 §15.6.4, RFC 6585 §4).
    package static func delay(
        after head: OutboundHead, attempt: Int, _ rules: CallRules, chance: Double = .random(in: 0...1)
    ) -> Duration? {
        guard attempt < rules.limits.attempts, rules.isRepeatable,
            [429, 502, 503, 504].contains(head.status)
        else { return nil }
        // Whoever asks for a longer wait is asked again by a job.
        guard let asked = head.retryAfter else { return head.status == 429 ? nil : backoff(attempt, chance) }
        return asked <= .seconds(5) ? asked : nil
    }

    /// Any wait up to a bound that doubles ("full jitter").
    private static func backoff(_ attempt: Int, _ chance: Double) -> Duration {
        min(.milliseconds(100) * (1 << min(attempt, 10)), .seconds(2)) * chance
    }
}

/// What of a call decides how it is made.
package struct CallRules: Sendable {
    package var limits: OutboundLimits
    /// See ``OutboundRequest/isRepeatable``.
    let isRepeatable: Bool
    let isUserGiven: Bool

    package init(limits: OutboundLimits, isRepeatable: Bool, isUserGiven: Bool) {
        self.limits = limits
        self.isRepeatable = isRepeatable
        self.isUserGiven = isUserGiven
    }
}

extension OutboundRequest {
    var rules: CallRules {
        var rules = CallRules(limits: limits, isRepeatable: isRepeatable, isUserGiven: url.isUserGiven)
        // What a stream has given it does not give twice.
        if case .stream = body { rules.limits.attempts = 1 }
        return rules
    }
}

package enum RetryAfter {
    /// Whole seconds, or an HTTP date; nothing beyond a day.
    package static func parse(_ text: String, now: Instant = .now()) -> Duration? {
        let longest = Duration.seconds(86_400)
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            return Int(text).map { min(.seconds($0), longest) } ?? longest
        }
        // libcurl reads dates of all three forms (RFC 9110 §5.6.7).
        let date = unsafe curl_getdate(text, nil)
        guard date >= 0 else { return nil }
        return min(max(.zero, .seconds(Int64(date) - now.seconds)), longest)
    }
}
