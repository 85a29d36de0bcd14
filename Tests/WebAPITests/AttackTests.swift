// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import Crypto
import Foundation
import Passwords
import TestSupport
import Testing
import Tokens

/// Known ways in, tried on the running server: each row of what others have fallen for. Replays, codes, tickets and sessions
/// have suites of their own (VerificationTests, SecondFactorTests, SessionTests, AccountTests).
@Suite struct AttackTests {
    // MARK: - Tokens

    private static func forged(_ header: String, _ payload: String, _ sign: (String) throws -> [UInt8]) rethrows
        -> String
    {
        let text = Base64.url.encode(header.utf8) + "." + payload
        return text + "." + Base64.url.encode(try sign(text))
    }

    /// The server's own public key as the secret of an HMAC, no algorithm at all, a key that the token brings along, and keys
    /// named by what would lead somewhere else.
    @Test func noTokenIsBelievedThatAnotherKeyOrNoneHasSigned() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), parts = acme.token.split(separator: ".").map(String.init)
            let keys = try await api.request("GET", "/.well-known/jwks.json").object["keys"] as? [[String: String]]
            let kid = try #require(keys?.first?["kid"]), x = try #require(keys?.first?["x"])
            let own = Curve25519.Signing.PrivateKey(), ownX = Base64.url.encode(own.publicKey.rawRepresentation)
            func hmac(_ secret: [UInt8]) -> (String) -> [UInt8] {
                { Array(HMAC<SHA256>.authenticationCode(for: Array($0.utf8), using: SymmetricKey(data: secret))) }
            }
            func eddsa(_ text: String) throws -> [UInt8] { Array(try own.signature(for: Data(text.utf8))) }
            let publicKey = Base64.url.decode(x.utf8) ?? []
            var tokens = [
                Self.forged(#"{"alg":"HS256","typ":"at+jwt","kid":"\#(kid)"}"#, parts[1], hmac(publicKey)),
                Self.forged(#"{"alg":"HS256","typ":"at+jwt","kid":"\#(kid)"}"#, parts[1], hmac(Array(x.utf8))),
                Self.forged(#"{"alg":"none","typ":"at+jwt","kid":"\#(kid)"}"#, parts[1]) { _ in [] },
                Self.forged(#"{"alg":"None","typ":"at+jwt"}"#, parts[1]) { _ in [] },
                parts[0] + "." + parts[1] + ".", parts[0] + "." + parts[1],
                // Five parts are an encryption; a large one could be a bomb.
                [parts[0], "", "", parts[1], parts[2]].joined(separator: "."),
                acme.token + String(repeating: "A", count: 6_000),
            ]
            let jwk = #"{"kty":"OKP","crv":"Ed25519","x":"\#(ownX)"}"#
            for header in [
                #"{"alg":"EdDSA","typ":"at+jwt","kid":"\#(kid)"}"#,
                #"{"alg":"EdDSA","typ":"at+jwt","kid":"\#(kid)","jwk":\#(jwk)}"#,
                #"{"alg":"EdDSA","typ":"at+jwt","jku":"https://evil.example/keys.json"}"#,
                #"{"alg":"EdDSA","typ":"at+jwt","kid":"../../../../dev/null"}"#,
                #"{"alg":"EdDSA","typ":"at+jwt","kid":"' OR '1'='1"}"#,
                #"{"alg":"EdDSA","typ":"at+jwt","kid":"https://evil.example/key"}"#,
                #"{"alg":"EdDSA","typ":"at+jwt","kid":"\#(kid)","x5u":"https://evil.example"}"#,
                #"{"alg":"EdDSA","typ":"at+jwt","kid":"\#(kid)","crit":["exp"],"b64":false}"#,
            ] {
                tokens.append(try Self.forged(header, parts[1], eddsa))
            }
            // Somebody else's claims under a right signature.
            let other = try await api.makeTenant("Other"), theirs = other.token.split(separator: ".").map(String.init)
            tokens += [[parts[0], theirs[1], parts[2]].joined(separator: "."), other.token.dropLast(4) + "AAAA"]
            for token in tokens {
                let reply = try await api.request("GET", "/v1/me", token: token)
                #expect(reply.status == 401, "\(token.prefix(80))")
                #expect(reply.problemCode == "token_invalid")
            }
            #expect(try await acme.get("/v1/me").status == 200)
        }
    }

    @Test func whatIsNoAccessTokenOpensNothing() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let invitation = try await acme.post("/v1/invitations", ["role": "owner"]).object["token"] as? String ?? ""
            for token in [
                acme.refreshToken, invitation, acme.id.description, "unn_live_" + String(repeating: "0", count: 36),
            ] {
                #expect(try await api.request("GET", "/v1/me", token: token).problemCode == "token_invalid")
            }
            for token in [acme.token, invitation] {
                let reply = try await api.post("/v1/auth/refresh", ["refresh_token": token])
                #expect(reply.problemCode == "refresh_token_invalid")
            }
        }
    }

    /// A session begins with signing in and not before: what a visitor brings along names none.
    @Test func everySignInIsASessionOfItsOwn() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let headers = [("Cookie", "session=\(acme.refreshToken)"), ("Authorization", "Bearer \(acme.token)")]
            let login = try await api.post(
                "/v1/auth/login", ["identity": acme.phone, "password": TestTenant.password], headers: headers)
            #expect(login.object["refresh_token"] as? String != acme.refreshToken)
            #expect(login.header("Set-Cookie") == nil)
            #expect((try await acme.get("/v1/me/sessions").object["data"] as? [Any])?.count == 2)
        }
    }

    // MARK: - Passwords

    @Test func strangePasswordsAreRefusedOrHashedWhole() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            func change(_ password: String) async throws -> RawClient.Reply {
                try await acme.post(
                    "/v1/me/password", ["current_password": TestTenant.password, "new_password": password])
            }
            #expect(try await change(String(repeating: "x", count: 10_000)).fields == ["/new_password too_long"])
            let nul = try await api.request(
                "POST", "/v1/me/password", token: acme.token, headers: [("Content-Type", "application/json")],
                body: Array(#"{"current_password":"x","new_password":"abcdefgh\u0000ij"}"#.utf8))
            #expect(nul.problemCode == "json_forbidden_character")
            // 24 Hindi letters fill bcrypt's 72 bytes; the last one counts all the same.
            let long = String(repeating: "दर्ज़ी", count: 20)
            #expect(try await change(long + "क").status == 204)
            func logIn(_ password: String) async throws -> Int {
                try await api.post("/v1/auth/login", ["identity": acme.phone, "password": password]).status
            }
            #expect(try await logIn(long + "ख") == 401)
            #expect(try await logIn(long) == 401)
            #expect(try await logIn(long + "क") == 200)
            for attempt in [String(repeating: "x", count: 10_000), "", " "] { #expect(try await logIn(attempt) != 200) }
        }
    }

    /// `$2x$` is a broken algorithm, and what is malformed must never match.
    @Test(arguments: [
        "$2x$10$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy",
        "$2y$31$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy",
        "$2y$10$CCCCCCCCCCCCCCCCCCCCC", "$2y$10$", "$1$x$y", "", "!",
        "$argon2i$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA",
        "$argon2id$v=19$m=99999999,t=3,p=4$c2FsdHNhbHQ$aGFzaA", "$bcrypt-sha256$v=1,t=2b,r=12$x$y",
    ])
    func aHashThatIsNoneIsNotBroughtIn(_ hash: String) throws {
        let line = ["business_name": "B", "name": "N", "phone": "9876543210", "password_hash": hash]
        let json = Array(try JSONSerialization.data(withJSONObject: line))
        let error = #expect(throws: ValidationError.self) { try ImportedAccount(json: json) }
        #expect(error?.fields.map(\.code) == ["unusable_hash"])
    }

    @Test(arguments: [
        BcryptSHA256(hashing: Array("seven silk saris".utf8), cost: 5).text,
        // Made by passlib.
        "$2y$05$xxlrt31owinB7nNbVSquVe6d67vOp8hnTjvJ3rDuQe9CeWHs5ay0a",
    ])
    func aHashFromElsewhereIsMadeAnewWhenItsOwnerComes(_ hash: String) async throws {
        try await TestAPI.run { api in
            let phone = VerificationTests.identity("phone")
            let line = ["business_name": "B", "name": "N", "phone": phone, "password_hash": hash]
            let json = Array(try JSONSerialization.data(withJSONObject: line))
            _ = try await AccountImport(database: api.application.database, isVerified: true).add(
                ImportedAccount(json: json))
            let login = try await api.post("/v1/auth/login", ["identity": phone, "password": "seven silk saris"])
            #expect(login.status == 200)
            let stored = try api.database.run(as: "postgres", "SELECT hash FROM app.user_passwords")[0][0] ?? ""
            #expect(stored.hasPrefix("$bcrypt-sha256$v=2,t=2b,r=4$"))
            #expect(
                try await api.post("/v1/auth/login", ["identity": phone, "password": "seven silk saris"]).status == 200)
        }
    }

    // MARK: - Who is there?

    /// 2,000 tries each, in turns, with nothing that slows them down: the median of one kind is within 2 % of another's.
    @Test func theTimeOfAnAnswerDoesNotTellWhoIsThere() async throws {
        try await TestAPI.run {
            TestAPI.reachesPeople(&$0)
            $0.passwords.cost = 6
            $0.rates.identity = nil
            $0.passwords.delaysGuesses = false
        } _: { api in
            let phone = VerificationTests.identity("phone"), cheap = VerificationTests.identity("phone")
            for (number, cost) in [(phone, 6), (cheap, 4)] {
                let hash = BcryptSHA256(hashing: Array("seven silk saris".utf8), cost: cost).text
                let line = ["business_name": "B", "name": "N", "phone": number, "password_hash": hash]
                let json = Array(try JSONSerialization.data(withJSONObject: line))
                _ = try await AccountImport(database: api.application.database, isVerified: true).add(
                    ImportedAccount(json: json))
            }
            // Known, with a cheaper hash from elsewhere, and unknown.
            let people = [phone, cheap, VerificationTests.identity("phone")]
            var client = try RawClient(port: api.port)
            defer { client.close() }
            func took(_ path: String, _ body: String) throws -> Duration {
                let bytes = Array(body.utf8)
                return try ContinuousClock().measure {
                    try client.send(
                        "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(bytes.count)\r\n\r\n\(body)"
                    )
                    _ = try client.readReply()
                }
            }
            func medians() throws -> [Duration] {
                var durations = [[Duration]](repeating: [], count: people.count)
                for round in 0..<2_000 {
                    // A connection is for a thousand requests.
                    if round % 300 == 299 {
                        client.close()
                        client = try RawClient(port: api.port)
                    }
                    for offset in people.indices {
                        let index = (round + offset) % people.count
                        durations[index].append(
                            try took("/v1/auth/login", #"{"identity":"\#(people[index])","password":"not this one"}"#))
                    }
                }
                return durations.map { $0.sorted()[1_000] }
            }
            // What the machine does besides differs from one time to the next; what tells would tell each time.
            var found: [[Duration]] = []
            repeat { found.append(try medians()) } while found.count < 3 && !Self.areAlike(found[found.count - 1])
            #expect(Self.areAlike(found[found.count - 1]), "\(found)")
        }
    }

    private static func areAlike(_ medians: [Duration]) -> Bool {
        medians.allSatisfy { (0.98...1.02).contains($0 / medians[0]) }
    }
}
