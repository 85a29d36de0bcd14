// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import Foundation
import TestSupport
import Testing

/// Known ways to come in as somebody else by way of a provider (RFC 9700 §4), tried on the running server.
@Suite struct GoogleAttackTests {
    private func begin(_ api: TestAPI, _ aim: [String: Any] = ["business_name": "X"]) async throws -> RawClient.Reply {
        try await api.post("/v1/auth/google/begin", aim)
    }

    private func finish(_ api: TestAPI, _ brought: [String: String]) async throws -> RawClient.Reply {
        try await api.post("/v1/auth/google/finish", brought)
    }

    private func nobodyCameIn(_ api: TestAPI) throws {
        #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.sessions") == [["0"]])
    }

    // MARK: - The way there and back

    @Test func aWayThereAndBackIsGoodOnce() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let google = try GoogleBrowser(api, subject: "201")
            let brought = try google.travel(try await begin(api))
            // Many at once, as when a code has been seen on its way.
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try await finish(api, brought).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 422, count: 7))
            #expect(try await finish(api, brought).problemCode == "flow_invalid")
        }
    }

    /// A link with an attacker's code does not sign the victim in as the attacker, nor the attacker in as the victim.
    @Test func stateCodeAndFlowOfDifferentBrowsersDoNotMix() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            func travelled(_ subject: String) async throws -> [String: String] {
                try GoogleBrowser(api, subject: subject).travel(try await begin(api))
            }
            // The flow of one, all else of the other: the state does not fit.
            var mixed = try await travelled("202").merging(["flow": try await travelled("203")["flow"] ?? ""]) { $1 }
            #expect(try await finish(api, mixed).problemCode == "flow_invalid")
            // Flow and state of one, the code of the other: it was asked for with another verifier.
            mixed = try await travelled("202")
            mixed["code"] = try await travelled("203")["code"]
            #expect(try await finish(api, mixed).problemCode == "provider_answer_invalid")
            for state in ["", "x", (mixed["state"] ?? "") + "A"] {
                mixed = try await travelled("202")
                mixed["state"] = state
                #expect(try await finish(api, mixed).problemCode == "flow_invalid")
            }
            mixed = try await travelled("202")
            mixed["flow"] = nil
            #expect(try await finish(api, mixed).problemCode == "validation_failed")
            try nobodyCameIn(api)
        }
    }

    @Test func aFlowOfAnotherDeploymentOrAnAlteredOneIsNone() async throws {
        let folder = NSTemporaryDirectory() + "unnati-test-keys-\(UUID().uuidString)"
        try await TestAPI.run {
            GoogleBrowser.isKnown(&$0)
            $0.keysDirectory = folder
        } _: { other in
            let foreign = try await begin(other).object["flow"] as? String ?? ""
            try await TestAPI.run(GoogleBrowser.isKnown) { api in
                let brought = try GoogleBrowser(api, subject: "204").travel(try await begin(api))
                let own = brought["flow"] ?? ""
                for flow in [foreign, String(own.dropLast(2)), own + "AA", "fl_", "st_" + own.dropFirst(3), ""] {
                    let reply = try await finish(api, brought.merging(["flow": flow]) { $1 })
                    #expect(reply.problemCode == "flow_invalid", "\(flow.prefix(8))")
                }
                try nobodyCameIn(api)
            }
        }
    }

    /// A way that was begun to link is none to sign in, nor another's or another session's to link by.
    @Test func aFlowIsForOneThingAndOnePerson() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let acme = try await api.makeTenant(), globex = try await api.makeTenant("Globex")
            let google = try GoogleBrowser(api, subject: "205")
            func linking() async throws -> [String: String] {
                try google.travel(try await api.request("POST", "/v1/me/google/begin", token: acme.token))
            }
            #expect(try await finish(api, try await linking()).problemCode == "flow_invalid")
            #expect(try await globex.post("/v1/me/google/finish", try await linking()).problemCode == "flow_invalid")
            let login = try await api.post(
                "/v1/auth/login", ["identity": acme.phone, "password": TestTenant.password])
            let later = try #require(login.object["access_token"] as? String)
            let reply = try await api.post("/v1/me/google/finish", token: later, try await linking())
            #expect(reply.problemCode == "flow_invalid")
            let signingIn = try google.travel(try await begin(api))
            #expect(try await acme.post("/v1/me/google/finish", signingIn).problemCode == "flow_invalid")
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.federated_identities") == [["0"]])
        }
    }

    @Test func anAnswerOfAnotherIssuerIsNotTaken() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let google = try GoogleBrowser(api, subject: "206")
            for issuer in ["https://accounts.evil.example", "https://accounts.google.com.evil.example", ""] {
                let brought = try google.travel(try await begin(api)).merging(["iss": issuer]) { $1 }
                #expect(try await finish(api, brought).problemCode == "provider_answer_invalid")
            }
            // The provider says that it always names itself, so an answer that does not is another's (RFC 9207 §2.4).
            var nameless = try google.travel(try await begin(api))
            nameless["iss"] = nil
            #expect(try await finish(api, nameless).problemCode == "provider_answer_invalid")
            try nobodyCameIn(api)
        }
    }

    /// Where the browser comes back to is the operator's alone, whatever a request says or pretends to be.
    @Test func nobodyChoosesWhereTheCodeGoes() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            func redirect(_ begun: RawClient.Reply) throws -> [String?] {
                let url = try #require(begun.object["authorization_url"] as? String, "\(begun.text)")
                #expect(!url.contains("evil"))
                let items = URLComponents(string: url)?.queryItems ?? []
                return items.filter { $0.name == "redirect_uri" }.map(\.value)
            }
            let registered = ["https://app.example.in/sign-in/google"], aim = ["business_name": "X"]
            for headers in [
                [("X-Forwarded-Host", "evil.example")], [("Forwarded", "host=evil.example;proto=https")],
                [("X-Original-URL", "https://evil.example/")], [("Origin", "https://evil.example")],
                [("Referer", "https://evil.example/")],
            ] {
                let begun = try await api.post("/v1/auth/google/begin", aim, headers: headers)
                #expect(try redirect(begun) == registered, "\(headers)")
            }
            let asked = try await api.post("/v1/auth/google/begin?redirect_uri=https://evil.example/", aim)
            #expect(try redirect(asked) == registered)
            for uri in [
                "https://evil.example/", "https://app.example.in/sign-in/google/../evil",
                "https://app.example.in:8443/sign-in/google", "https://app.example.in/sign-in/google%2f..",
                "https://APP.example.in/sign-in/google", "https://app.example.in@evil.example/sign-in/google",
            ] {
                // The body says nothing but what it may say.
                let begun = try await api.post("/v1/auth/google/begin", ["business_name": "X", "redirect_uri": uri])
                #expect(begun.problemCode == "validation_failed", "\(uri)")
            }
        }
    }

    // MARK: - What the provider says

    /// Signed by nobody, by our own means, by a stranger; for others, by others, for another flow, too late, of nobody.
    @Test func noTokenIsBelievedThatIsNotTheProvidersForThisFlow() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let now = Int(Date().timeIntervalSince1970)
            let odd: [[String: Any]] = [
                ["sign": "none"], ["sign": "hmac"], ["sign": "stranger"],
                ["header": ["alg": "RS512"]], ["header": ["alg": "PS256"]], ["header": ["kid": NSNull()]],
                ["header": ["kid": "../../etc/passwd"]], ["header": ["crit": ["exp"]]],
                ["header": ["typ": "at+jwt"]],
                ["claims": ["iss": "https://accounts.evil.example"]], ["claims": ["iss": NSNull()]],
                ["claims": ["aud": "other.apps.googleusercontent.com"]],
                ["claims": ["aud": ["simulated.apps.googleusercontent.com", "other"]]],
                ["claims": ["aud": [String]()]], ["claims": ["azp": "other.apps.googleusercontent.com"]],
                ["claims": ["nonce": "another"]], ["claims": ["nonce": NSNull()]],
                ["claims": ["exp": now - 120]], ["claims": ["exp": NSNull()]], ["claims": ["exp": "never"]],
                ["claims": ["iat": now + 3_600]], ["claims": ["sub": NSNull()]], ["claims": ["sub": ""]],
                ["claims": ["sub": "a b"]], ["claims": ["sub": String(repeating: "9", count: 300)]],
                ["claims": ["exp": 1e300]], ["claims": ["sub": 108]],
            ]
            for besides in odd {
                let reply = try await GoogleBrowser(api, subject: "207", besides).signIn(["business_name": "X"])
                #expect(reply.problemCode == "provider_answer_invalid", "\(besides): \(reply.text)")
            }
            try nobodyCameIn(api)
            #expect(try await GoogleBrowser(api, subject: "207").signIn(["business_name": "X"]).status == 200)
        }
    }

    /// A key that is new is looked for, and not again for every token that names one.
    @Test func nobodyMakesUsAskForKeysWithoutEnd() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let google = try GoogleBrowser(api, subject: "208")
            let begun = try await begin(api)
            let path = try #require((begun.object["authorization_url"] as? String).flatMap { URL(string: $0)?.path })
            let certs = path.replacing("/o/oauth2/v2/auth", with: "/certs")
            #expect(try await finish(api, try google.travel(begun)).status == 200)
            for _ in 0..<3 {
                let reply = try await GoogleBrowser(api, subject: "208", ["header": ["kid": "made-up"]]).signIn()
                #expect(reply.problemCode == "provider_answer_invalid")
            }
            #expect(try Simulator.shared.log(certs).count == 1)
        }
    }

    @Test func aNewKeyIsTakenUp() async throws {
        try await TestAPI.run {
            GoogleBrowser.isKnown(&$0)
            $0.google?.keyPause = .zero
        } _: { api in
            let before = try await GoogleBrowser(api, subject: "210").signIn(["business_name": "X"])
            let after = try await GoogleBrowser(api, subject: "210", ["sign": "new"]).signIn()
            #expect(before.status == 200 && after.status == 200, "\(after.text)")
        }
    }

    // MARK: - The provider's bad days

    @Test(
        arguments: [
            ["status": 500], ["status": 307, "fields": ["location": "http://127.0.0.1:1/"]],
            ["status": 200, "body": "{}"],
            ["status": 200, "body": "not json"], ["do": "close"], ["status": 200, "zeros": 3_000_000],
            ["status": 400, "body": "{\"error\":\"invalid_grant\"}"],
            ["status": 200, "body": "{\"id_token\":\"a.b.c\"}"], ["status": 200, "body": "{\"id_token\":7}"],
        ] as [[String: any Sendable]])
    func aTokenEndpointThatMisbehavesLetsNobodyIn(_ step: [String: any Sendable]) async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let google = try GoogleBrowser(api, subject: "209")
            let begun = try await begin(api), brought = try google.travel(begun)
            let path = try #require((begun.object["authorization_url"] as? String).flatMap { URL(string: $0)?.path })
            try Simulator.shared.script(path.replacing("/o/oauth2/v2/auth", with: "/token"), step)
            let reply = try await finish(api, brought)
            #expect(["provider_unavailable", "provider_answer_invalid"].contains(reply.problemCode))
            // The secret went to the provider and nowhere else.
            #expect(!reply.text.contains("simulated-secret"))
            try nobodyCameIn(api)
        }
    }

    /// A description of somebody else, or one that leads out of TLS, is none.
    @Test(arguments: [
        ["issuer": "https://accounts.evil.example"], ["token_endpoint": "http://example.com/token"],
        ["jwks_uri": "ftp://127.0.0.1/keys"], ["authorization_endpoint": "javascript:alert(1)"],
    ])
    func aDescriptionThatIsNotTheProvidersIsNotFollowed(_ change: [String: String]) async throws {
        try await TestAPI.run {
            GoogleBrowser.isKnown(&$0)
            guard let issuer = $0.google?.issuer, let path = URL(string: issuer)?.path else { return }
            var told = [
                "issuer": issuer, "authorization_endpoint": issuer + "/o/oauth2/v2/auth",
                "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/certs",
            ]
            told.merge(change) { $1 }
            let body = (try? JSONSerialization.data(withJSONObject: told)) ?? Data()
            try? Simulator.shared.script(
                path + "/.well-known/openid-configuration",
                ["status": 200, "body": String(decoding: body, as: UTF8.self)])
        } _: { api in
            let reply = try await begin(api)
            #expect(reply.status == 503)
            #expect(reply.problemCode == "provider_unavailable")
            #expect(reply.header("Retry-After") != nil)
        }
    }
}
