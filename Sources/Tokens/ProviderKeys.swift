// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import CryptoExtras
import Foundation
import JSON
import JWTKit

/// What an ID token says of somebody (OpenID Connect Core 1.0 §2).
package struct IDTokenClaims: Sendable, Equatable {
    /// Who it is there, for ever: an address may pass to somebody else.
    package let subject: String
    package let email: String?
    package let isEmailVerified: Bool
    package let name: String?
}

package enum IDTokenError: Error, Sendable, Equatable {
    /// None of the keys that are known; the provider may have a new one.
    case keyUnknown
    case invalid
}

/// The public keys of an OpenID provider (RFC 7517), and what they have signed: RS256 and nothing else.
package struct ProviderKeys: Sendable {
    private static let maximumKeys = 32, maximumModulusBytes = 1_024, maximumTokenBytes = 16_384
    /// Clocks of two houses differ.
    private static let skew = Duration.seconds(60)

    private let keys = JWTKeyCollection()
    private let names: Set<String>

    /// Takes up what can sign ID tokens of a key set; other keys in it do not matter.
    /// - Throws: `IDTokenError.invalid` for what is no key set, or holds no such key.
    package init(keySet: [UInt8]) async throws(IDTokenError) {
        guard case .array(let entries)? = (try? JSONReader.parse(keySet))?["keys"], entries.count <= Self.maximumKeys
        else { throw .invalid }
        var names: Set<String> = []
        for entry in entries where entry["kty"]?.text == "RSA" {
            guard ["RS256", nil].contains(entry["alg"]?.text), ["sig", nil].contains(entry["use"]?.text),
                let name = entry["kid"]?.text, (1...128).contains(name.utf8.count),
                let modulus = entry["n"]?.text, modulus.utf8.count <= Self.maximumModulusBytes * 4 / 3 + 4,
                let n = Base64.url.decode(modulus.utf8), let e = Base64.url.decode((entry["e"]?.text ?? "").utf8),
                e.count <= 8, let backing = try? _RSA.Signing.PublicKey(n: n, e: e),
                let key = try? Insecure.RSA.PublicKey(backing: backing)
            else { continue }
            await keys.add(rsa: key, digestAlgorithm: .sha256, kid: JWKIdentifier(string: name))
            names.insert(name)
        }
        guard !names.isEmpty else { throw .invalid }
        self.names = names
    }

    /// What a token says that was signed by one of these keys, for us, now.
    /// - Parameters:
    ///   - issuers: how the provider may call itself.
    ///   - audience: our client id.
    ///   - nonce: that the token was asked for with.
    /// - Throws: ``IDTokenError``.
    package func verify(
        _ token: String, issuers: Set<String>, audience: String, nonce: Secret<String>, now: Instant = .now()
    ) async throws(IDTokenError) -> IDTokenClaims {
        guard token.utf8.count <= Self.maximumTokenBytes, let name = Self.keyName(of: token) else { throw .invalid }
        guard names.contains(name) else { throw .keyUnknown }
        guard let payload = try? await keys.verify(token, as: Payload.self), issuers.contains(payload.iss),
            payload.aud.values == [audience], payload.azp == nil || payload.azp == audience,
            let told = payload.nonce, constantTimeEqual(Array(told.utf8), Array(nonce.reveal().utf8)),
            (1...255).contains(payload.sub.utf8.count),
            payload.sub.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            payload.exp > now.advanced(by: .zero - Self.skew).seconds,
            payload.iat < now.advanced(by: Self.skew).seconds
        else { throw .invalid }
        return IDTokenClaims(
            subject: payload.sub, email: payload.email, isEmailVerified: payload.emailVerified?.value ?? false,
            name: payload.name)
    }

    /// The key that a token names; nil where its header asks for anything but RS256, or for something we must not pass over
    /// (RFC 7515 §4.1.11).
    private static func keyName(of token: String) -> String? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64.url.decode(parts[0].utf8),
            let header = try? JSONReader.parse(bytes), header["alg"]?.text == "RS256", header["crit"] == nil,
            header["b64"] == nil, ["JWT", nil].contains(header["typ"]?.text)
        else { return nil }
        return header["kid"]?.text
    }

    private struct Payload: JWTPayload {
        let iss: String, sub: String, aud: Audience, azp: String?, exp: Int64, iat: Int64, nonce: String?
        let email: String?, emailVerified: Flag?, name: String?

        enum CodingKeys: String, CodingKey {
            case iss, sub, aud, azp, exp, iat, nonce, email, name
            case emailVerified = "email_verified"
        }

        /// Time is looked at with the rest.
        func verify(using algorithm: some JWTAlgorithm) {}
    }

    /// One name or a list of them (RFC 7519 §4.1.3).
    private struct Audience: Codable, Sendable {
        let values: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            values = try (try? container.decode([String].self)) ?? [container.decode(String.self)]
        }

        func encode(to encoder: any Encoder) throws { try values.encode(to: encoder) }
    }

    /// `true`, or `"true"` as some write it.
    private struct Flag: Codable, Sendable {
        let value: Bool

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            value = try (try? container.decode(Bool.self)) ?? (container.decode(String.self) == "true")
        }

        func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
    }
}
