// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Admission
import Core
import TestSupport
import Testing

@Suite struct LimitTests {
    @Test func aPersonOverTheLimitIsRefusedWithoutTouchingTheDatabase() async throws {
        try await TestAPI.run {
            $0.rates.person = RatePolicy(.person, 5, per: .seconds(60))
        } _: { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let replies = try await repeated(6) { try await acme.get("/v1/customers") }
            let before = api.application.database.statistics.roundTrips
            let refused = try await acme.get("/v1/customers")

            #expect(replies.map(\.status) == [200, 200, 200, 200, 200, 429])
            #expect(replies[0].header("RateLimit-Policy") != nil)
            #expect(refused.problemCode == "quota_exceeded")
            #expect(refused.object["violated_policies"] as? [String] == ["person"])
            #expect(refused.header("Retry-After") == "12")
            #expect(refused.header("RateLimit") == "\"person\";r=0;t=60")
            #expect(refused.header("RateLimit-Policy") == "\"person\";q=5;w=60")
            #expect(api.application.database.statistics.roundTrips == before)
            #expect(try await other.get("/v1/customers").status == 200)
        }
    }

    @Test func aBusinessHasALimitAcrossItsPeople() async throws {
        try await TestAPI.run {
            $0.rates.tenant = RatePolicy(.tenant, 3, per: .seconds(60))
        } _: { api in
            let acme = try await api.makeTenant()
            let replies = try await repeated(4) { try await acme.get("/v1/me") }
            #expect(replies.map(\.status) == [200, 200, 200, 429])
            #expect(replies[3].object["violated_policies"] as? [String] == ["tenant"])
        }
    }

    @Test func addressesAreCountedByWhatTheProxySays() async throws {
        try await TestAPI.run {
            $0.rates.address = RatePolicy(.address, 3, per: .seconds(60))
            $0.http.proxies.networks = [NetworkRange("127.0.0.0/8")].compactMap { $0 }
        } _: { api in
            func ask(_ path: String, _ address: String) async throws -> Int {
                try await api.request("GET", path, headers: [("X-Forwarded-For", address)]).status
            }
            let first = try await repeated(4) { try await ask("/.well-known/jwks.json", "203.0.113.7") }
            #expect(first == [200, 200, 200, 429])
            #expect(try await ask("/nowhere", "203.0.113.7") == 429)
            // Forged before the proxy's own word: it does not help.
            #expect(try await ask("/.well-known/jwks.json", "198.51.100.1, 203.0.113.7") == 429)
            #expect(try await ask("/.well-known/jwks.json", "203.0.113.8") == 200)
            // Probes, and the machine itself, are never refused.
            #expect(try await ask("/livez", "203.0.113.7") == 200)
            #expect(
                try await repeated(5) { try await ask("/.well-known/jwks.json", "127.0.0.1") } == [
                    200, 200, 200, 200, 200,
                ])
        }
    }

    @Test func guessingAtOnePersonEndsSoonAndLocksNobodyElseOut() async throws {
        try await TestAPI.run {
            $0.rates.identity = RatePolicy(.identity, 3, per: .seconds(60))
            $0.http.proxies.networks = [NetworkRange("127.0.0.0/8")].compactMap { $0 }
        } _: { api in
            let acme = try await api.makeTenant()
            func logIn(_ password: String, from address: String) async throws -> Int {
                try await api.post(
                    "/v1/auth/login", ["identity": acme.phone, "password": password],
                    headers: [("X-Forwarded-For", address)]
                ).status
            }
            let guesses = try await repeated(4) { try await logIn("a wrong password", from: "203.0.113.7") }
            #expect(guesses == [401, 401, 401, 429])
            #expect(try await logIn(TestTenant.password, from: "203.0.113.7") == 429)
            #expect(try await logIn(TestTenant.password, from: "198.51.100.1") == 200)
        }
    }

    @Test func theDoorsAreLimitedByAddress() async throws {
        try await TestAPI.run {
            $0.rates.signIn = RatePolicy(.signIn, 2, per: .seconds(60))
            $0.http.proxies.networks = [NetworkRange("127.0.0.0/8")].compactMap { $0 }
        } _: { api in
            var statuses: [Int] = []
            for path in ["/v1/auth/register", "/v1/auth/login", "/v1/auth/refresh"] {
                statuses.append(
                    try await api.post(path, [String: String](), headers: [("X-Forwarded-For", "203.0.113.7")]).status)
            }
            #expect(statuses == [422, 422, 429])
        }
    }

    private func repeated<Output>(_ count: Int, _ body: () async throws -> Output) async throws -> [Output] {
        var outputs: [Output] = []
        for _ in 0..<count { outputs.append(try await body()) }
        return outputs
    }
}
