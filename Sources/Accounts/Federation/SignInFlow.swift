// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import JSON
import Tokens

package enum SignInFlowIDKind: IdentifierKind { package static var prefix: StaticString { "flw" } }

/// A way to a provider and back, as the browser holds it that began it: sealed, for ten minutes, for one use. State, nonce and
/// verifier (RFC 9700 §2.1, RFC 7636) are in it and in no table, so that nobody fills one by beginning.
struct SignInFlow: Sendable, Decodable, JSONWritable {
    static let lifetime = Duration.seconds(600)
    private static let maximumBytes = 4_096

    /// What is done at its end.
    enum Aim: Sendable {
        /// Somebody comes in. Whoever is not known yet founds a business or joins one, where they said which.
        case signIn(businessName: String?, invitation: String?)
        /// Somebody who is signed in will sign in by this account too.
        case link(UserID, SessionID)
    }

    let id: Identifier<SignInFlowIDKind>
    /// Comes back with the browser: whoever brings another has not been sent by us.
    let state: Secret<String>
    /// Comes back in the ID token: it was made for this flow.
    let nonce: Secret<String>
    /// Shows that the code comes from whoever has asked for it.
    let verifier: Secret<String>
    let aim: Aim
    let expiresAt: Instant

    init(_ aim: Aim) {
        id = .next()
        state = Self.random()
        nonce = Self.random()
        verifier = Self.random()
        self.aim = aim
        expiresAt = Instant.now().advanced(by: Self.lifetime)
    }

    /// 256 bits in 43 characters that URLs and forms take as they are, as a verifier needs (RFC 7636 §4.1).
    private static func random() -> Secret<String> { Secret(Base64.url.encode(RandomBytes.make(32))) }

    /// What the provider is told of the verifier (RFC 7636 §4.2, S256).
    var challenge: String { Base64.url.encode(SHA256.hash(data: Array(verifier.reveal().utf8))) }

    // MARK: - As the browser holds it

    private static let prefix = "fl_", purpose = SecretSeal.Purpose("sign-in flow", .least)

    func text(_ seal: SecretSeal) -> Secret<String> {
        Secret(Self.prefix + Base64.url.encode(seal.seal(jsonBytes, for: Self.purpose)))
    }

    /// Nil for what this deployment has not made, or has made too long ago.
    init?(_ text: String, _ seal: SecretSeal) {
        guard text.utf8.count <= Self.maximumBytes, text.hasPrefix(Self.prefix),
            let sealed = Base64.url.decode(text.utf8.dropFirst(Self.prefix.utf8.count)),
            let opened = seal.open(sealed, for: Self.purpose),
            let flow = try? JSONDecoding.decode(SignInFlow.self, from: opened), flow.expiresAt > .now()
        else { return nil }
        self = flow
    }

    private enum CodingKeys: String, CodingKey {
        case id, state, nonce, verifier, user, session, invitation
        case businessName = "business_name"
        case expiresAt = "expires_at"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let id = Identifier<SignInFlowIDKind>(try container.decode(String.self, forKey: .id)) else {
            throw DecodingError.dataCorruptedError(forKey: .id, in: container, debugDescription: "no flow")
        }
        self.id = id
        state = Secret(try container.decode(String.self, forKey: .state))
        nonce = Secret(try container.decode(String.self, forKey: .nonce))
        verifier = Secret(try container.decode(String.self, forKey: .verifier))
        let user = try container.decodeIfPresent(String.self, forKey: .user).flatMap { UserID($0) }
        let session = try container.decodeIfPresent(String.self, forKey: .session).flatMap { SessionID($0) }
        if let user, let session {
            aim = .link(user, session)
        } else {
            aim = .signIn(
                businessName: try container.decodeIfPresent(String.self, forKey: .businessName),
                invitation: try container.decodeIfPresent(String.self, forKey: .invitation))
        }
        expiresAt = Instant(microseconds: try container.decode(Int64.self, forKey: .expiresAt))
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("state", state.reveal())
            json.member("nonce", nonce.reveal())
            json.member("verifier", verifier.reveal())
            switch aim {
            case .signIn(let businessName, let invitation):
                json.member("business_name", businessName)
                json.member("invitation", invitation)
            case .link(let user, let session):
                json.member("user", user)
                json.member("session", session)
            }
            json.member("expires_at", Int(expiresAt.microseconds))
        }
    }
}
