// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Admission
import Core
import Crypto
import HTTPMessage
import HTTPTypes

/// Counts requests against the limits and refuses what is over, before anything that costs is begun.
package struct Gatekeeper: Sendable {
    private let limiter: RateLimiter
    private let shared: SharedRateLimiter?
    private let key: Secret<SymmetricKey>
    private let limits: RateLimits
    /// `RateLimit-Policy` as each policy has it, written once.
    private let descriptions: [RatePolicy.Name: ResponseFields]

    /// - Parameters:
    ///   - key: hides whose tries are counted.
    ///   - shared: asked about limits that must be exact; nil where this is the only server.
    package init(
        _ limits: RateLimits, key: Secret<SymmetricKey>, limiter: RateLimiter = RateLimiter(),
        shared: SharedRateLimiter? = nil
    ) {
        self.limits = limits
        self.key = key
        self.limiter = limiter
        self.shared = shared
        let policies = [
            limits.address, limits.signIn, limits.identity, limits.codes, limits.codesDay, limits.codesAddress,
            limits.codesTotal, limits.person, limits.tenant, limits.imports, limits.exports,
        ].compactMap { $0 }
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
    func admitIdentity(_ identity: String, _ request: Request) async throws {
        guard let policy = limits.identity else { return }
        try await admit(policy, .identity(identity, from: request.client, key: key), request)
    }

    /// A code that is to be sent: it costs money, and rings on somebody's telephone. What everybody shares is counted last:
    /// whoever is refused before has not used it up for the others.
    /// - Parameter subject: whose codes are counted together; the number's or address's own when nil.
    func admitCode(to identity: LoginIdentity, countedAs subject: String? = nil, _ request: Request) async throws {
        if let policy = limits.codesAddress, !request.client.isLoopback {
            try await admit(policy, .address(request.client, policy.name), request)
        }
        for policy in [limits.codes, limits.codesDay].compactMap({ $0 }) {
            try await admit(policy, .identity(subject ?? identity.value, policy.name, key: key), request)
        }
        if let policy = limits.codesTotal { try await admit(policy, .all(policy.name), request) }
    }

    /// A customer file.
    func admitImport(_ caller: Caller, _ request: Request) async throws {
        guard let policy = limits.imports else { return }
        try await admit(policy, .tenant(caller.tenantID, policy.name), request)
    }

    /// A customer book as a file.
    func admitExport(_ caller: Caller, _ request: Request) async throws {
        guard let policy = limits.exports else { return }
        try await admit(policy, .tenant(caller.tenantID, policy.name), request)
    }

    /// What the server's own bucket refuses, it refuses at once; what that lets pass, the shared one decides where there is
    /// one.
    private func admit(_ policy: RatePolicy, _ subject: RateSubject, _ request: Request) async throws {
        let verdict = limiter.take(policy, subject)
        guard verdict.isAllowed, policy.name.isExact, let shared else { return try check(verdict, request) }
        try check(await shared.take(policy, subject), request)
    }

    func admit(_ caller: Caller, _ request: Request) throws {
        request.replyFields.reserve(384)
        if let policy = limits.person { try check(limiter.take(policy, .person(UserID(caller.principal))), request) }
        if let policy = limits.tenant { try check(limiter.take(policy, .tenant(caller.tenantID)), request) }
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
