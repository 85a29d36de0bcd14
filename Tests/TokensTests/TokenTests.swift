// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Foundation
import Testing
import JSON
import Tokens

@Suite struct AccessTokenTests {
    private let key = Curve25519.Signing.PrivateKey()
    private let person = Caller.Person(
        userID: .next(), sessionID: .next(), tenantID: .next(),
        standing: Standing(role: .staff, changedAt: Instant(microseconds: 1_700_000_000_000_123)))

    private static func first(_ key: Curve25519.Signing.PrivateKey) -> SigningKey {
        SigningKey(activeFrom: Instant(microseconds: 0), key: Secret(key))
    }

    private func tokens() async -> AccessTokens {
        await AccessTokens(signingKeys: [Self.first(key)], TokenConfiguration())
    }

    private func sign(_ tokens: AccessTokens, now: Instant = .now()) async throws -> String {
        try await tokens.sign(person, now: now)
    }

    @Test func aTokenSaysWhoItWasMadeFor() async throws {
        let tokens = await tokens()
        let token = try await sign(tokens)

        for _ in 0..<2 { #expect(try await tokens.verify(token).person == person) }
    }

    @Test func aTokenExpiresAlsoFromMemory() async throws {
        let tokens = await tokens()
        let token = try await sign(tokens)
        _ = try await tokens.verify(token)

        await #expect(throws: AccessTokenError.expired) {
            try await tokens.verify(token, now: Instant.now().advanced(by: .seconds(601)))
        }
    }

    /// Headers that other libraries have fallen for: no algorithm, another algorithm, a key or an extension brought along.
    @Test(arguments: [
        #"{"alg":"none","typ":"at+jwt","kid":"KID"}"#, #"{"alg":"HS256","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"EdDSA","typ":"JWT","kid":"KID"}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"other"}"#, #"{"alg":"EdDSA","typ":"at+jwt"}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","crit":["x"]}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","jku":"https://evil.example"}"#,
        #"{"alg":"EdDSA","alg":"none","typ":"at+jwt","kid":"KID"}"#,
        "{}", "[]", "",
    ])
    func aForeignHeaderIsRefusedEvenWhenWellSigned(_ header: String) async throws {
        let tokens = await tokens()
        let payload = try #require(try await sign(tokens).split(separator: ".").dropFirst().first)
        let signed =
            Base64.url.encode(header.replacingOccurrences(of: "KID", with: Self.first(key).id).utf8) + "." + payload
        let token = signed + "." + Base64.url.encode(try key.signature(for: Data(signed.utf8)))

        await #expect(throws: AccessTokenError.invalid) { try await tokens.verify(token) }
    }

    @Test func aNewKeySignsFromItsMomentOnAndTheOldOneStillVerifies() async throws {
        let now = Instant.now(), next = Curve25519.Signing.PrivateKey()
        let old = Self.first(key), new = SigningKey(activeFrom: now.advanced(by: .seconds(120)), key: Secret(next))
        let tokens = await tokens()
        let before = try await sign(tokens, now: now)
        await tokens.replaceKeys([old, new])
        // It is published before it signs.
        let published = try JSONReader.parse(tokens.keySet)["keys"]
        #expect(published == .array([Self.published(old), Self.published(new)]))
        let still = try await sign(tokens, now: now), after = try await sign(tokens, now: new.activeFrom)
        let alone = await AccessTokens(signingKeys: [Self.first(next)], TokenConfiguration())
        for token in [before, still, after] { #expect(try await tokens.verify(token).person == person) }
        await #expect(throws: AccessTokenError.invalid) { try await alone.verify(still) }
        #expect(try await alone.verify(after).person == person)
        // One that was taken away is forgotten, also where its tokens were remembered.
        await tokens.replaceKeys([SigningKey(activeFrom: old.activeFrom, key: new.key)])
        await #expect(throws: AccessTokenError.invalid) { try await tokens.verify(before) }
        let remembered = try before.utf8.withContiguousStorageIfAvailable { unsafe try tokens.remembered($0.span) }
        #expect(remembered == .some(nil))
    }

    private static func published(_ key: SigningKey) -> JSONValue {
        let members = [
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.id,
            "x": Base64.url.encode(key.key.reveal().publicKey.rawRepresentation),
        ]
        return .object(
            ["kty", "crv", "use", "alg", "kid", "x"].map {
                JSONValue.Member(key: $0, value: .string(members[$0] ?? ""))
            })
    }

    @Test func alteredAndMalformedTokensAreRefused() async throws {
        let tokens = await tokens()
        let token = try await sign(tokens)
        let stranger = await AccessTokens(signingKeys: [Self.first(.init())], TokenConfiguration())
        var altered = [
            try await sign(stranger), token + "A", String(token.dropLast()), token + ".", "." + token, token + "=",
            "a.b.c", "", "..",
            String(repeating: "x", count: 100_000),
        ]
        for index in stride(from: 0, to: token.count, by: 7) {
            var characters = Array(token)
            characters[index] = characters[index] == "A" ? "B" : "A"
            altered.append(String(characters))
        }

        for token in altered {
            await #expect(throws: AccessTokenError.invalid) { try await tokens.verify(token) }
        }
    }
}

@Suite struct RefreshTokenTests {
    @Test func onlyOurKeyMakesThem() throws {
        let ours = RefreshTokens(key: Secret(SymmetricKey(size: .bits256))),
            theirs = RefreshTokens(key: Secret(SymmetricKey(size: .bits256)))
        let claims = RefreshClaims(user: .next(), session: .next(), generation: 7)
        let token = ours.token(for: claims)

        #expect(ours.claims(of: token) == claims)
        #expect(theirs.claims(of: token) == nil)
        for index in stride(from: 3, to: token.count, by: 5) {
            var characters = Array(token)
            characters[index] = characters[index] == "A" ? "B" : "A"
            #expect(ours.claims(of: String(characters)) == nil)
        }
        for bad in ["", "rt_", "rt_A", token + "A", String(token.dropLast(4)), String(repeating: "r", count: 1_000)] {
            #expect(ours.claims(of: bad) == nil)
        }
    }
}

@Suite struct CursorSealTests {
    private let seal = CursorSeal(key: Secret(SymmetricKey(size: .bits256)))

    private static let tenant = TenantID.next()

    private func scope(_ filters: [String?], of tenant: TenantID = tenant, _ list: String = "customers") -> CursorScope
    {
        var scope = CursorScope(tenant, list)
        for filter in filters { scope.add(filter) }
        return scope
    }

    @Test func aCursorIsGoodForItsListAndFiltersOnly() throws {
        let cursor = seal.seal([1, 2, 3], scope: scope(["a", "b"]))

        #expect(try seal.open(cursor, scope: scope(["a", "b"])) == [1, 2, 3])
        let others = [
            scope(["ab", ""]), scope(["a"]), scope(["", "ab"]), scope(["a", "b", nil]), scope(["a", "b"], of: .next()),
            scope(["a", "b"], "imports"),
        ]
        for other in others { #expect(throws: CursorSeal.Failure.self) { try seal.open(cursor, scope: other) } }
        for bad in ["", "A", cursor + "A", String(cursor.dropLast()), String(repeating: "A", count: 10_000)] {
            #expect(throws: CursorSeal.Failure.self) { try seal.open(bad, scope: scope(["a", "b"])) }
        }
    }

    /// Our way to a keyed hash is HMAC-SHA-256 as swift-crypto computes it.
    @Test func theTagIsAnHMAC() throws {
        let key = SymmetricKey(size: .bits256)
        let content: [UInt8] = [9, 8, 7]
        let cursor = CursorSeal(key: Secret(key)).seal(content, scope: CursorScope(Self.tenant, "list"))
        let bytes = try #require(Base64.url.decode(cursor.utf8))

        let message =
            Array("unnati cursor v1".utf8) + Self.tenant.uuid.bytes + [0, 0, 0, 4] + Array("list".utf8) + content
        let code = HMAC<SHA256>.authenticationCode(for: message, using: key)
        #expect(bytes.suffix(16) == Array(code)[..<16])
    }
}

@Suite struct KeyStoreTests {
    @Test func keysAreMadeOnceAndKept() throws {
        let folder = NSTemporaryDirectory() + "unnati-keys-\(UUIDv7.next().hex)"
        defer { try? FileManager.default.removeItem(atPath: folder) }

        let first = try KeyStore(folder: folder), second = try KeyStore(folder: folder)

        #expect(first.signing.map(\.id) == second.signing.map(\.id))
        let mode = try FileManager.default.attributesOfItem(atPath: folder + "/signing.key")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try "too short".write(toFile: folder + "/cursor.key", atomically: true, encoding: .utf8)
        #expect(throws: KeyStore.Failure.self) { try KeyStore(folder: folder) }
    }

    @Test func aRotationAddsAKeyAndTakesAwayWhatIsOver() throws {
        let folder = NSTemporaryDirectory() + "unnati-keys-\(UUIDv7.next().hex)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = try KeyStore(folder: folder).signing.map(\.id), start = Instant.now()
        func rotate(afterDays days: Int) throws -> Int {
            let now = start.advanced(by: .seconds(days * 86_400))
            _ = try KeyStore.addKey(.signing, in: folder, delay: .seconds(120), now: now)
            return try KeyStore.dropKeys(.signing, in: folder, keeping: .seconds(86_400), now: now)
        }
        #expect(try rotate(afterDays: 0) == 0)
        let two = try KeyStore.signingKeys(in: folder)
        #expect(two.map(\.id).first == first[0])
        #expect(two.count == 2)
        #expect(abs(two[1].activeFrom.seconds - start.advanced(by: .seconds(120)).seconds) <= 1)
        // The first has not signed for two days when the third comes: the second is now the one from the beginning.
        #expect(try rotate(afterDays: 2) == 1)
        let later = try KeyStore.signingKeys(in: folder)
        #expect(later.map(\.id).first == two[1].id)
        #expect(later.count == 2)
        // Those that seal are others.
        #expect(try KeyStore.sealingKeys(in: folder).count == 1)
    }
}
