// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Admission
import Core
import HTTPMessage
import HTTPTypes

/// Counts requests against the limits and refuses what is over, before anything that costs is begun.
package struct Gatekeeper: Sendable {
    private let limiter: RateLimiter
    private let limits: RateLimits
    /// `RateLimit-Policy` as each policy has it, written once.
    private let descriptions: [RatePolicy.Name: ResponseFields]

    package init(_ limits: RateLimits, limiter: RateLimiter = RateLimiter()) {
        self.limits = limits
        self.limiter = limiter
        let policies = [limits.address, limits.signIn, limits.identity, limits.person, limits.tenant].compactMap { $0 }
        descriptions = Dictionary(
            uniqueKeysWithValues: policies.map { policy in
                let value = "\"\(policy.name.rawValue)\";q=\(policy.quota);w=\(policy.window.components.seconds)"
                return (policy.name, [.rateLimitPolicy: value])
            })
    }

    /// Any request. Loopback is the machine itself: its health checks, its scripts.
    /// - Throws: `APIError` with status 429.
    func admit(_ request: Request) throws {
        guard let policy = limits.address, !request.client.isLoopback else { return }
        // Told to the client only when it is refused; what it should plan by are the limits of its person and business.
        try check(limiter.take(policy, .address(request.client, .address)), request, isTold: false)
    }

    /// A request that brings a password or a refresh token.
    func admitSignIn(_ request: Request) throws {
        guard let policy = limits.signIn, !request.client.isLoopback else { return }
        try check(limiter.take(policy, .address(request.client, .signIn)), request)
    }

    /// An identity that somebody tries to sign in as. Counted together with the address, so that nobody can lock out a
    /// person who is elsewhere.
    func admitIdentity(_ identity: String, _ request: Request) throws {
        guard let policy = limits.identity else { return }
        try check(limiter.take(policy, .identity(identity, from: request.client)), request)
    }

    func admit(_ person: Caller.Person, _ request: Request) throws {
        if let policy = limits.person { try check(limiter.take(policy, .person(person.userID)), request) }
        if let policy = limits.tenant { try check(limiter.take(policy, .tenant(person.tenantID)), request) }
    }

    private func check(_ verdict: RateVerdict, _ request: Request, isTold: Bool = true) throws {
        if isTold || !verdict.isAllowed {
            if let description = descriptions[verdict.policy.name] {
                request.replyFields.append(contentsOf: description)
            }
            request.replyFields.append(.rateLimit) { value in
                value.put(literal: "\"")
                value.put(verdict.policy.name.rawValue)
                value.put(literal: "\";r=")
                value.put(verdict.remaining)
                value.put(literal: ";t=")
                value.put(Int(Self.seconds(verdict.reset)))
            }
        }
        guard !verdict.isAllowed else { return }
        var error = APIError(.tooManyRequests, .quotaExceeded, "Too many requests. Slow down and try again.")
        error.retryAfter = .seconds(Self.seconds(verdict.retryAfter))
        error.violatedPolicies = [verdict.policy.name.rawValue]
        throw error
    }

    /// Rounded up: whoever waits so long has waited long enough.
    private static func seconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds + (attoseconds > 0 ? 1 : 0)
    }
}

extension HTTPField.Name {
    static let rateLimit = HTTPField.Name("RateLimit") ?? .from
    static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy") ?? .from
}
