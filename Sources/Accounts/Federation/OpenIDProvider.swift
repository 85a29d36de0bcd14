// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound
import HTTPTypes
import JSON
import Tokens

/// Where people have an account that they may sign in with: Google, by OpenID Connect (OpenID Connect Core 1.0 §3.1, Google's
/// "OpenID Connect" guide).
package struct OpenIDSettings: Sendable {
    /// `https://accounts.google.com`: pinned, and part of what an account is kept by.
    package let issuer: String
    let clientID: String
    let clientSecret: Secret<String>
    /// The one address that is registered there. Nobody who asks may choose another.
    let redirectURI: String
    /// A token may name a key that is new. Others may name what they like, so it is looked for no more often than this.
    package var keyPause = Duration.seconds(60)

    package init(issuer: String, clientID: String, clientSecret: Secret<String>, redirectURI: String) {
        self.issuer = issuer
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.redirectURI = redirectURI
    }

    /// Google's tokens name it with the scheme or without.
    var issuerNames: Set<String> {
        issuer.hasPrefix("https://") ? [issuer, String(issuer.dropFirst("https://".count))] : [issuer]
    }
}

/// Speaks to the provider. What it says of itself, and its keys, are kept as long as it allows.
package final class OpenIDProvider: Sendable {
    /// Somebody as the provider knows them.
    struct Person: Sendable {
        let subject: String
        let email: EmailAddress?
        let isEmailVerified: Bool
        let name: String?
    }

    /// What the provider says of itself (OpenID Connect Discovery 1.0 §3).
    private struct Description: Sendable {
        let authorization: OutboundURL, token: OutboundURL, keys: OutboundURL
        /// It names itself in what the browser brings back (RFC 9207).
        let namesItself: Bool
    }

    private struct Kept<Value: Sendable>: Sendable {
        let value: Value, fetchedAt: ContinuousClock.Instant, lifetime: Duration
        var isFresh: Bool { fetchedAt.duration(to: .now) < lifetime }
    }

    private static let peer = OutboundPeer("google-sign-in")

    let settings: OpenIDSettings
    private let client: OutboundClient
    private let description = Lock<Kept<Description>?>(nil)
    private let keys = Lock<Kept<ProviderKeys>?>(nil)
    private let keysAskedAt = Lock<ContinuousClock.Instant?>(nil)

    package init(_ settings: OpenIDSettings, client: OutboundClient) {
        self.settings = settings
        self.client = client
    }

    // MARK: - The way there

    /// Where the browser goes (RFC 6749 §4.1.1, RFC 7636 §4.3).
    /// - Throws: `AccountError.providerUnavailable`.
    func authorizationURL(for flow: SignInFlow) async throws -> String {
        try await describe().authorization.extended(by: [
            ("response_type", "code"), ("client_id", settings.clientID), ("redirect_uri", settings.redirectURI),
            ("scope", "openid email profile"), ("state", flow.state.reveal()), ("nonce", flow.nonce.reveal()),
            ("code_challenge", flow.challenge), ("code_challenge_method", "S256"),
        ]).text
    }

    // MARK: - The way back

    /// Whom a code stands for.
    /// - Parameter issuer: as the browser brought it; required where the provider says that it names itself.
    /// - Throws: `AccountError.providerUnavailable`, `.providerAnswerInvalid`.
    func person(for code: Secret<String>, _ flow: SignInFlow, issuer: String?) async throws -> Person {
        let description = try await describe()
        guard issuer == nil ? !description.namesItself : issuer == settings.issuer else {
            throw AccountError.providerAnswerInvalid
        }
        let token = try await exchange(code, flow, at: description.token)
        let claims = try await verify(token, flow, description)
        return Person(
            subject: claims.subject, email: claims.email.flatMap { EmailAddress($0) },
            isEmailVerified: claims.isEmailVerified, name: claims.name)
    }

    /// - Returns: the ID token.
    private func exchange(_ code: Secret<String>, _ flow: SignInFlow, at url: OutboundURL) async throws -> String {
        var request = OutboundRequest(.post, url)
        request.setForm([
            ("grant_type", "authorization_code"), ("code", code.reveal()), ("redirect_uri", settings.redirectURI),
            ("client_id", settings.clientID), ("client_secret", settings.clientSecret.reveal()),
            ("code_verifier", flow.verifier.reveal()),
        ])
        let response = try await ask(request)
        // 400 and `invalid_grant`: the code is another's, has been used, or was asked for with another verifier.
        guard response.status < 500, response.status != 429 else {
            throw AccountError.providerUnavailable(retryAfter: response.head.retryAfter)
        }
        guard response.status == 200, let token = (try? JSONReader.parse(response.body))?["id_token"]?.text else {
            throw AccountError.providerAnswerInvalid
        }
        return token
    }

    private func verify(
        _ token: String, _ flow: SignInFlow, _ description: Description
    ) async throws -> IDTokenClaims {
        let known = try await keys(at: description.keys, isKeyMissing: false)
        do { return try await verify(token, flow, by: known) } catch IDTokenError.keyUnknown {
            let fresh = try await keys(at: description.keys, isKeyMissing: true)
            do { return try await verify(token, flow, by: fresh) } catch { throw AccountError.providerAnswerInvalid }
        } catch IDTokenError.invalid {
            throw AccountError.providerAnswerInvalid
        }
    }

    private func verify(_ token: String, _ flow: SignInFlow, by keys: ProviderKeys) async throws -> IDTokenClaims {
        try await keys.verify(
            token, issuers: settings.issuerNames, audience: settings.clientID, nonce: flow.nonce)
    }

    // MARK: - What it says of itself

    private func describe() async throws -> Description {
        let kept = description.with { $0 }
        if let kept, kept.isFresh { return kept.value }
        do {
            let url = try OutboundURL.configured(settings.issuer + "/.well-known/openid-configuration")
            let response = try await ask(OutboundRequest(.get, url))
            guard response.status == 200, let found = (try? JSONReader.parse(response.body)).flatMap(read) else {
                throw AccountError.providerUnavailable(retryAfter: response.head.retryAfter)
            }
            description.with { $0 = Kept(value: found, fetchedAt: .now, lifetime: response.freshness) }
            return found
        } catch {
            // What was true an hour ago is better than nobody getting in.
            if let kept { return kept.value }
            throw error
        }
    }

    /// Nil where it is not the provider that was asked, or leads away from TLS.
    private func read(_ json: JSONValue) -> Description? {
        func url(_ name: String) -> OutboundURL? {
            json[name]?.text.flatMap { try? OutboundURL.configured($0) }
        }
        guard json["issuer"]?.text == settings.issuer, let authorization = url("authorization_endpoint"),
            let token = url("token_endpoint"), let keys = url("jwks_uri")
        else { return nil }
        return Description(
            authorization: authorization, token: token, keys: keys,
            namesItself: json["authorization_response_iss_parameter_supported"] == .bool(true))
    }

    private func keys(at url: OutboundURL, isKeyMissing: Bool) async throws -> ProviderKeys {
        let kept = keys.with { $0 }, askedAt = keysAskedAt.with { $0 }
        if let kept {
            let isEarly = askedAt.map { $0.duration(to: .now) < settings.keyPause } ?? false
            if isKeyMissing ? isEarly : kept.isFresh { return kept.value }
        }
        keysAskedAt.with { $0 = .now }
        do {
            let response = try await ask(OutboundRequest(.get, url))
            guard response.status == 200, let found = try? await ProviderKeys(keySet: response.body) else {
                throw AccountError.providerUnavailable(retryAfter: response.head.retryAfter)
            }
            keys.with { $0 = Kept(value: found, fetchedAt: .now, lifetime: response.freshness) }
            return found
        } catch {
            if let kept { return kept.value }
            throw error
        }
    }

    /// Somebody waits for it, and none of its answers is long.
    private func ask(_ request: OutboundRequest) async throws -> OutboundResponse {
        var request = request
        request.limits.total = .seconds(10)
        request.limits.responseBytes = 1 << 17
        do { return try await client.send(request, to: Self.peer) } catch let error as OutboundError {
            throw AccountError.providerUnavailable(retryAfter: error.pause)
        }
    }
}

extension OutboundError {
    fileprivate var pause: Duration? { if case .resting(let pause) = self { pause } else { nil } }
}

extension OutboundResponse {
    /// How long it may be kept (RFC 9111 §5.2.2.1): five minutes to a day, an hour where it does not say.
    fileprivate var freshness: Duration {
        let directives = head.fields[.cacheControl]?.lowercased().split(separator: ",") ?? []
        let seconds = directives.lazy.compactMap { directive in
            let text = directive.trimmingPrefix { $0 == " " }
            return text.hasPrefix("max-age=") ? Int(text.dropFirst("max-age=".count)) : nil
        }.first
        return .seconds(min(max(seconds ?? 3_600, 300), 86_400))
    }
}
