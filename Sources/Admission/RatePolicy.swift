// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

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
        /// Codes sent to one phone number or e-mail address, in an hour and in a day.
        case codes
        case codesDay = "codes_day"
        /// Codes asked for from one address.
        case codesAddress = "codes_address"
        /// All codes together: what a deployment is ready to pay for.
        case codesTotal = "codes_total"
        /// A signed-in person.
        case person
        /// A business.
        case tenant
        /// Customer files that a business brings in.
        case imports
        /// Customer books that a business takes with it.
        case exports

        /// What it guards is the same however many servers there are: money, work that goes on after the reply, passwords.
        package var isExact: Bool {
            switch self {
            case .identity, .codes, .codesDay, .codesAddress, .codesTotal, .imports, .exports: true
            case .address, .signIn, .person, .tenant: false
            }
        }
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
    package var codes: RatePolicy? = RatePolicy(.codes, 5, per: .seconds(3_600))
    package var codesDay: RatePolicy? = RatePolicy(.codesDay, 10, per: .seconds(86_400))
    package var codesAddress: RatePolicy? = RatePolicy(.codesAddress, 30, per: .seconds(3_600))
    package var codesTotal: RatePolicy? = RatePolicy(.codesTotal, 10_000, per: .seconds(86_400))
    package var person: RatePolicy? = RatePolicy(.person, 600, per: .seconds(60))
    package var tenant: RatePolicy? = RatePolicy(.tenant, 3_000, per: .seconds(60))
    package var imports: RatePolicy? = RatePolicy(.imports, 60, per: .seconds(3_600))
    package var exports: RatePolicy? = RatePolicy(.exports, 60, per: .seconds(3_600))
    /// `RATE_LIMITS_SHARED`: limits that must be exact are counted in PostgreSQL, for all servers together.
    package var areShared = false

    package init() {}
}

/// Whose requests a policy counts.
package struct RateSubject: Hashable, Sendable {
    private let policy: RatePolicy.Name
    private let high: UInt64, low: UInt64

    /// 16 bytes that stand for it beside the policy's name.
    var bytes: [UInt8] { UUIDv7(high: high, low: low).bytes }

    package static func address(_ address: NetworkAddress, _ policy: RatePolicy.Name) -> RateSubject {
        let subscriber = address.subscriber
        return RateSubject(policy: policy, high: subscriber.high, low: subscriber.low)
    }

    /// - Parameter key: the deployment's, so that all servers count the same subject and nobody can read back who it is.
    package static func identity(_ identity: String, from address: NetworkAddress, key: Secret<SymmetricKey>)
        -> RateSubject
    {
        let subscriber = address.subscriber
        return keyed("\(subscriber.high) \(subscriber.low) \(identity)", .identity, key)
    }

    /// Whoever asks.
    package static func identity(_ identity: String, _ policy: RatePolicy.Name, key: Secret<SymmetricKey>)
        -> RateSubject
    {
        keyed("\(policy.rawValue) \(identity)", policy, key)
    }

    /// Everybody together.
    package static func all(_ policy: RatePolicy.Name) -> RateSubject { RateSubject(policy: policy, high: 0, low: 0) }

    private static func keyed(_ text: String, _ policy: RatePolicy.Name, _ key: Secret<SymmetricKey>) -> RateSubject {
        let message = Array(text.utf8)
        let words = unsafe HMAC<SHA256>.authenticationCode(for: message, using: key.reveal()).withUnsafeBytes { bytes in
            unsafe (
                bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
        return RateSubject(policy: policy, high: words.0, low: words.1)
    }

    package static func person(_ id: UserID) -> RateSubject {
        RateSubject(policy: .person, high: id.uuid.high, low: id.uuid.low)
    }

    package static func tenant(_ id: TenantID, _ policy: RatePolicy.Name = .tenant) -> RateSubject {
        RateSubject(policy: policy, high: id.uuid.high, low: id.uuid.low)
    }
}
