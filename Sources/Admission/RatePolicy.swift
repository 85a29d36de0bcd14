// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// So many requests in so much time, for each of something.
package struct RatePolicy: Sendable, Equatable {
    /// What is counted apart. Spelled as in the RateLimit headers.
    package enum Name: String, Sendable, CaseIterable {
        /// A client's address.
        case address
        /// An address at the doors that take passwords and tokens.
        case signIn = "sign_in"
        /// A phone number or e-mail address tried from one address.
        case identity
        /// A signed-in person.
        case person
        /// A business.
        case tenant
    }

    package let name: Name
    package let quota: Int
    package let window: Duration

    package init(_ name: Name, _ quota: Int, per window: Duration) {
        self.name = name
        self.quota = quota
        self.window = window
    }

    /// Nanoseconds that one request uses up of the window.
    var cost: Int64 { max(1, span / Int64(max(1, quota))) }
    var span: Int64 {
        let (seconds, attoseconds) = window.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

/// `RATE_LIMIT_…`: `REQUESTS/SECONDS`, or `off`.
package struct RateLimits: Sendable {
    /// Generous: mobile networks put thousands of people behind one address.
    package var address: RatePolicy? = RatePolicy(.address, 6_000, per: .seconds(60))
    package var signIn: RatePolicy? = RatePolicy(.signIn, 120, per: .seconds(60))
    package var identity: RatePolicy? = RatePolicy(.identity, 20, per: .seconds(60))
    package var person: RatePolicy? = RatePolicy(.person, 600, per: .seconds(60))
    package var tenant: RatePolicy? = RatePolicy(.tenant, 3_000, per: .seconds(60))

    package init() {}
}

/// Whose requests a policy counts.
package struct RateSubject: Hashable, Sendable {
    private let policy: RatePolicy.Name
    private let high: UInt64, low: UInt64

    package static func address(_ address: NetworkAddress, _ policy: RatePolicy.Name) -> RateSubject {
        let subscriber = address.subscriber
        return RateSubject(policy: policy, high: subscriber.high, low: subscriber.low)
    }

    package static func identity(_ identity: String, from address: NetworkAddress) -> RateSubject {
        // Kept as two hashes with a seed of this process: neither the identity nor a guess at it can be read back.
        var first = Hasher(), second = Hasher()
        first.combine(identity)
        first.combine(address.subscriber)
        second.combine(address.subscriber)
        second.combine(identity)
        return RateSubject(
            policy: .identity, high: UInt64(bitPattern: Int64(first.finalize())),
            low: UInt64(bitPattern: Int64(second.finalize())))
    }

    package static func person(_ id: UserID) -> RateSubject {
        RateSubject(policy: .person, high: id.uuid.high, low: id.uuid.low)
    }

    package static func tenant(_ id: TenantID) -> RateSubject {
        RateSubject(policy: .tenant, high: id.uuid.high, low: id.uuid.low)
    }
}
