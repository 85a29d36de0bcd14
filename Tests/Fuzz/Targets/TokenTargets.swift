// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Dispatch
import Passwords
import Tokens

enum TokenTargets {
    private static let key = Secret(SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
    private static let cursors = CursorSeal(key: key)
    private static let scope = CursorScope(TenantID(UUIDv7(high: 1, low: 2)), "customers")
    private static let refreshTokens = RefreshTokens(key: key)

    /// Nothing that we did not seal opens.
    static func cursor(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let content = try? cursors.open(text, scope: scope) else { return }
        precondition(cursors.seal(content, scope: scope) == text, "two spellings of one cursor")
    }

    static func refreshToken(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let claims = refreshTokens.claims(of: text) else { return }
        precondition(refreshTokens.token(for: claims) == text, "two spellings of one token")
    }

    /// A token whose signature nobody made is never taken, whatever it says of itself.
    static func accessToken(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        precondition((try? accessTokens.remembered(bytes.span)) == nil, "a forged token was remembered")
        guard accessTokens.hasOurShape(text) else { return }
        let isValid = wait { (try? await accessTokens.verify(text)) != nil }
        precondition(!isValid, "a forged token was taken")
    }

    /// Codes and keys as people type and programs bring them: what is read is written one way, and read again the same.
    static func typedCode(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let code = OneTimeCode(text) { precondition(OneTimeCode(code.digits)?.digits == code.digits) }
        if let code = RecoveryCode(text) { precondition(RecoveryCode(code.text.reveal()) == code) }
        if let key = APIKeyText(text) { precondition(APIKeyText(key.text.reveal())?.hash == key.hash) }
    }

    /// A provider's keys are what others say of themselves.
    static func keySet(_ bytes: [UInt8]) { _ = wait { try? await ProviderKeys(keySet: bytes) } }

    /// An ID token whose signature nobody made is never taken.
    static func idToken(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let keys = providerKeys
        let isTaken = wait {
            (try? await keys?.verify(
                text, issuers: ["https://accounts.google.com"], audience: "us", nonce: Secret("nonce"))) != nil
        }
        precondition(!isTaken, "a forged token was taken")
    }

    private static let providerKeys: ProviderKeys? = wait {
        let modulus = Base64.url.encode([UInt8](repeating: 0xC5, count: 255) + [0x35])
        return try? await ProviderKeys(
            keySet: Array(#"{"keys":[{"kty":"RSA","alg":"RS256","kid":"one","e":"AQAB","n":"\#(modulus)"}]}"#.utf8))
    }

    /// What we have not sealed does not open.
    static func sealed(_ bytes: [UInt8]) {
        precondition(seal.open(bytes, for: purpose) == nil, "what nobody has sealed opened")
        let own = seal.seal(bytes, for: purpose)
        precondition(seal.open(own, for: purpose) == bytes && seal.isCurrent(own))
    }

    private static let seal = SecretSeal(keys: [SealingKey(activeFrom: Instant(microseconds: 0), key: key)])
    private static let purpose = SecretSeal.Purpose("fuzz", .least)

    private static let accessTokens: AccessTokens = wait {
        let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 9, count: 32))
        return await AccessTokens(
            signingKeys: [SigningKey(activeFrom: Instant(microseconds: 0), key: Secret(key ?? .init()))],
            TokenConfiguration())
    }

    /// Waits for what can only be awaited: a fuzzer's targets are plain functions.
    private static func wait<Output: Sendable>(_ body: @escaping @Sendable () async -> Output) -> Output {
        let done = DispatchSemaphore(value: 0), output = Lock<Output?>(nil)
        Task.detached {
            let made = await body()
            output.with { $0 = made }
            done.signal()
        }
        done.wait()
        guard let made = output.with({ $0 }) else { preconditionFailure("nothing was made") }
        return made
    }

    /// Stored hashes, as an import brings them. Reading them is cheap; only the cheapest are computed.
    static func storedPassword(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let hash = BcryptSHA256(text) { precondition(BcryptSHA256(hash.text) == hash) }
        _ = Argon2id(text)
        _ = BcryptHash(text)
    }
}
