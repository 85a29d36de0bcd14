// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Crypto
import Database
import Tokens

/// Where a request comes from, as its person is shown later.
package struct Device: Sendable {
    /// What the client calls itself, cut to 200 bytes.
    package let name: String?
    /// Without the last part of the address: a network, not a house.
    package let network: String

    package init(userAgent: String?, address: NetworkAddress) {
        name = userAgent.flatMap { agent in
            var text = "", bytes = 0
            for character in agent
            where !character.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
                bytes += character.utf8.count
                if bytes > 200 { break }
                text.append(character)
            }
            return text.trimmingWhitespace.isEmpty ? nil : text.trimmingWhitespace
        }
        network = address.neighbourhood
    }
}

/// Begins sessions and makes their tokens.
package struct SessionIssuer: Sendable {
    let accessTokens: AccessTokens
    let refreshTokens: RefreshTokens
    /// From signing in to having to sign in again.
    let lifetime: Duration
    private let deviceKey: Secret<SymmetricKey>

    /// - Parameter deviceKey: makes the marks of devices.
    package init(
        accessTokens: AccessTokens, refreshTokens: RefreshTokens, lifetime: Duration, deviceKey: Secret<SymmetricKey>
    ) {
        self.accessTokens = accessTokens
        self.refreshTokens = refreshTokens
        self.lifetime = lifetime
        self.deviceKey = deviceKey
    }

    /// A session that begins in the transaction's business, together with whatever has let its person in.
    /// - Parameter way: how they came in, for the audit log.
    func begin(
        in membership: Membership, by way: SignInWay, on device: Device, in tx: borrowing MemberTransaction
    ) throws -> BegunSession {
        let session = SessionID.next()
        try SessionQueries.makeRoom(in: tx)
        try SessionQueries.insert(
            session, tenant: membership.tenantID, on: device, expiresAt: Instant.now().advanced(by: lifetime), in: tx)
        try AuditLog.record(.sessionBegun, session, detail: way.rawValue, in: tx)
        return BegunSession(
            person: Caller.Person(
                userID: tx.userID, sessionID: session, tenantID: membership.tenantID, standing: membership.standing),
            generation: 1)
    }

    func tokens(for session: BegunSession) async throws -> SignedIn {
        let person = session.person
        return SignedIn(
            userID: person.userID, tenantID: person.tenantID, accessToken: try await accessToken(for: person),
            accessLifetime: accessTokens.lifetime,
            refreshToken: Secret(
                refreshTokens.token(
                    for: RefreshClaims(
                        user: person.userID, session: person.sessionID, generation: session.generation))),
            deviceMark: DeviceMark(of: person.userID, key: deviceKey))
    }

    /// Whether the device that shows this mark has signed in as this person before.
    func isKnown(_ mark: String?, _ user: UserID) -> Bool {
        mark.map { DeviceMark.isGood($0, for: user, key: deviceKey) } ?? false
    }

    func accessToken(for person: Caller.Person) async throws -> Secret<String> {
        Secret(try await accessTokens.sign(person))
    }
}

/// How somebody has shown who they are.
enum SignInWay: String, Sendable {
    case password, code, google
    case passwordAndApp = "password_and_app"
    case codeAndApp = "code_and_app"
    case passwordAndRecoveryCode = "password_and_recovery_code"
    case codeAndRecoveryCode = "code_and_recovery_code"
    case googleAndApp = "google_and_app"
    case googleAndRecoveryCode = "google_and_recovery_code"

    /// The same with what was brought for the second.
    func with(_ answer: SecondFactorService.Answer) -> SignInWay {
        switch (self, answer) {
        case (.password, .app): .passwordAndApp
        case (.password, .recovery): .passwordAndRecoveryCode
        case (.google, .app): .googleAndApp
        case (.google, .recovery): .googleAndRecoveryCode
        case (_, .app): .codeAndApp
        case (_, .recovery): .codeAndRecoveryCode
        }
    }
}

/// All that a session's tokens say.
struct BegunSession: Sendable {
    let person: Caller.Person
    let generation: Int
}
