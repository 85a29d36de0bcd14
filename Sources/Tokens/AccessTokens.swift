// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Foundation
import JSON
import JWTKit

package struct TokenConfiguration: Sendable {
    /// `ACCESS_TOKEN_LIFETIME_S`, 60...3 600.
    package var accessLifetime: Duration = .seconds(600)
    /// `SESSION_LIFETIME_DAYS`, 1...365: after this a person signs in again.
    package var sessionLifetime: Duration = .seconds(90 * 86_400)
    /// `SESSION_IDLE_DAYS`, 1...365: a session that was not used for so long has ended.
    package var idleLifetime: Duration = .seconds(30 * 86_400)
    /// Verified tokens kept in memory.
    package var cacheSize = 20_000

    package init() {}
}

/// What an access token says: who, in which session, in which business, and what they are there.
package struct AccessClaims: Sendable, Equatable {
    package let person: Caller.Person
    package let expiresAt: Instant
}

package enum AccessTokenError: Error, Sendable, Equatable {
    /// Not a token of ours.
    case invalid
    case expired
}

/// Signs and verifies access tokens: JWTs of the `at+jwt` profile (RFC 9068), EdDSA only (RFC 8037).
///
/// A token that has been verified is remembered by its SHA-256 until it expires, so that the signature is checked once and
/// not with each request.
package final class AccessTokens: Sendable {
    private static let audience = "unnati-api", issuer = "unnati"
    private static let maximumBytes = 4_096

    private let configuration: TokenConfiguration
    private let ring: Lock<KeyRing>
    private let verified: Lock<RecentlyVerified>

    /// - Parameter signingKeys: in order of the moments from which they sign; at least one.
    package init(signingKeys: [SigningKey], _ configuration: TokenConfiguration) async {
        self.configuration = configuration
        verified = Lock(RecentlyVerified(capacity: configuration.cacheSize))
        ring = Lock(await KeyRing(signingKeys))
    }

    /// Takes up keys that have come, and lets go of those that went, with what was verified by them.
    package func replaceKeys(_ signingKeys: [SigningKey]) async {
        guard Set(signingKeys.map(\.id)) != Set(ring.with { $0.signingKeys.map(\.id) }) else { return }
        let new = await KeyRing(signingKeys)
        ring.with { $0 = new }
        verified.with { $0 = RecentlyVerified(capacity: configuration.cacheSize) }
    }

    package var lifetime: Duration { configuration.accessLifetime }

    package func sign(_ person: Caller.Person, now: Instant = .now()) async throws -> String {
        let payload = Payload(
            iss: Self.issuer, aud: Self.audience, sub: person.userID.description, sid: person.sessionID.description,
            tid: person.tenantID.description, role: person.role.rawValue,
            own: person.standing.seesOwnCustomersOnly ? true : nil, since: person.standing.changedAt.microseconds,
            iat: now.seconds, exp: now.advanced(by: configuration.accessLifetime).seconds)
        let ring = ring.with { $0 }
        return try await ring.keys.sign(
            payload, kid: JWKIdentifier(string: ring.signing(at: now).id), header: ["typ": "at+jwt"])
    }

    /// What a token says that has been verified before; nil for one that has not, or is forgotten.
    /// - Throws: `AccessTokenError.expired`.
    package func remembered(_ token: Span<UInt8>, now: Instant = .now()) throws(AccessTokenError) -> AccessClaims? {
        guard token.count <= Self.maximumBytes else { return nil }
        let digest = TokenDigest(of: token)
        guard let claims = verified.with({ $0[digest] }) else { return nil }
        guard claims.expiresAt > now else { throw .expired }
        return claims
    }

    /// Checks a token by its signature and remembers it.
    /// - Throws: ``AccessTokenError``.
    package func verify(_ token: String, now: Instant = .now()) async throws(AccessTokenError) -> AccessClaims {
        guard token.utf8.count <= Self.maximumBytes else { throw .invalid }
        let claims = try await check(token)
        var token = token
        let digest = token.withUTF8 { unsafe TokenDigest(of: $0.span) }
        verified.with { $0[digest] = claims }
        guard claims.expiresAt > now else { throw .expired }
        return claims
    }

    /// Whether a token has our header and three parts of the right shape: all that can be seen without its key.
    package func hasOurShape(_ token: String) -> Bool {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3 && isOurs(parts[0]) && Base64.url.decode(parts[1].utf8) != nil
            && Base64.url.decode(parts[2].utf8)?.count == 64
    }

    private func check(_ token: String) async throws(AccessTokenError) -> AccessClaims {
        let ring = ring.with { $0 }
        guard hasOurShape(token), let payload = try? await ring.keys.verify(token, as: Payload.self),
            payload.iss == Self.issuer, payload.aud == Self.audience,
            let user = UserID(payload.sub), let session = SessionID(payload.sid), let tenant = TenantID(payload.tid),
            let role = Role(rawValue: payload.role), let expiry = Self.microseconds(payload.exp)
        else { throw .invalid }
        return AccessClaims(
            person: Caller.Person(
                userID: user, sessionID: session, tenantID: tenant,
                standing: Standing(
                    role: role, seesOwnCustomersOnly: payload.own ?? false,
                    changedAt: Instant(microseconds: payload.since))),
            expiresAt: Instant(microseconds: expiry))
    }

    /// The header must be exactly what we write: one algorithm, one type, a key of ours, and no member that could bring a key,
    /// an encryption or a critical extension along.
    private func isOurs(_ encoded: Substring) -> Bool {
        guard let bytes = Base64.url.decode(encoded.utf8), case .object(let members)? = try? JSONReader.parse(bytes),
            members.count == 3,
            ["alg": "EdDSA", "typ": "at+jwt"].allSatisfy({ name, value in
                members.contains { $0.key == name && $0.value == .string(value) }
            }), let keyID = members.first(where: { $0.key == "kid" })?.value.text
        else {
            return false
        }
        return ring.with { $0.signingKeys.contains { $0.id == keyID } }
    }

    private static func microseconds(_ seconds: Int64) -> Int64? {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? nil : product
    }

    /// The public halves as a JSON Web Key Set (RFC 7517, RFC 8037 §2): those that signed, the one that signs, and those that
    /// will.
    package var keySet: [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("keys") {
                $0.array { json in
                    for key in ring.with({ $0.signingKeys }) {
                        json.object {
                            $0.member("kty", "OKP")
                            $0.member("crv", "Ed25519")
                            $0.member("use", "sig")
                            $0.member("alg", "EdDSA")
                            $0.member("kid", key.id)
                            $0.member("x", Base64.url.encode(key.key.reveal().publicKey.rawRepresentation))
                        }
                    }
                }
            }
        }
        return json.bytes
    }

    private struct Payload: JWTPayload {
        let iss: String, aud: String, sub: String, sid: String, tid: String, role: String
        /// Whether they see the customers alone that they look after.
        let own: Bool?
        /// Since when the person is that in the business, in microseconds.
        let since: Int64
        let iat: Int64, exp: Int64

        /// Time is checked with every use, also of a token that is remembered.
        func verify(using algorithm: some JWTAlgorithm) {}
    }
}

/// The keys of a moment.
private struct KeyRing: Sendable {
    let signingKeys: [SigningKey]
    let keys = JWTKeyCollection()

    init(_ signingKeys: [SigningKey]) async {
        precondition(!signingKeys.isEmpty, "nothing could be signed")
        self.signingKeys = signingKeys
        for key in signingKeys {
            await keys.add(eddsa: EdDSA.PrivateKey(backing: key.key.reveal()), kid: JWKIdentifier(string: key.id))
        }
    }

    /// The last one whose moment has come.
    func signing(at now: Instant) -> SigningKey { signingKeys.last { $0.activeFrom <= now } ?? signingKeys[0] }
}

/// SHA-256 of a token, as a key that holds nothing of it.
private struct TokenDigest: Hashable {
    private let words: SIMD4<UInt64>

    init(of token: Span<UInt8>) {
        var hash = SHA256()
        unsafe token.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        let digest = hash.finalize()
        words = unsafe digest.withUnsafeBytes { unsafe $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }
}

/// Two generations of a dictionary: when the young one is full it becomes the old one, and the old one is forgotten.
private struct RecentlyVerified {
    private var young: [TokenDigest: AccessClaims] = [:]
    private var old: [TokenDigest: AccessClaims] = [:]
    private let generation: Int

    init(capacity: Int) { generation = max(1, capacity / 2) }

    subscript(digest: TokenDigest) -> AccessClaims? {
        get { young[digest] ?? old[digest] }
        set {
            if young.count >= generation {
                old = young
                young = [:]
            }
            young[digest] = newValue
        }
    }
}
