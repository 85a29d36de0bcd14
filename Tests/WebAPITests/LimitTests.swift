// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Admission
import Bootstrap
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

    /// Over a connection that is kept, from the first byte sent to the last one read.
    @Test func aRefusalTakesLessThanAMillisecond() async throws {
        try await TestAPI.run {
            $0.rates.person = RatePolicy(.person, 1, per: .seconds(3_600))
        } _: { api in
            let acme = try await api.makeTenant()
            let client = try RawClient(port: api.port)
            defer { client.close() }
            let request = "GET /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(acme.token)\r\n\r\n"
            var times: [Duration] = []
            for _ in 0..<300 {
                let begin = ContinuousClock.now
                try client.send(request)
                let status = try client.readReply().status
                times.append(.now - begin)
                if times.count > 1 { #expect(status == 429) }
            }
            #expect(times.sorted()[150] < .milliseconds(1))
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

    @Test func filesThatABusinessBringsInAreLimited() async throws {
        try await TestAPI.run {
            $0.rates.imports = RatePolicy(.imports, 2, per: .seconds(600))
        } _: { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            func bring(_ tenant: TestTenant) async throws -> RawClient.Reply {
                try await api.request(
                    "POST", "/v1/customers/import", token: tenant.token, headers: [("Content-Type", "text/csv")],
                    body: Array("name\nAsha\n".utf8))
            }
            for _ in 0..<2 { #expect(try await bring(acme).status == 202) }
            let refused = try await bring(acme)
            #expect(refused.status == 429)
            #expect(refused.object["violated_policies"] as? [String] == ["imports"])
            #expect(try await bring(other).status == 202)
        }
    }

    /// What guards more than a server is the same however many servers there are.
    @Test func aSharedLimitIsCountedForAllServersTogether() async throws {
        @Sendable func change(_ configuration: inout Configuration) {
            configuration.rates.exports = RatePolicy(.exports, 3, per: .seconds(60))
            configuration.rates.areShared = true
        }
        try await TestAPI.run(change) { api in
            try await api.beside(change) { other in
                let acme = try await api.makeTenant(), second = try await api.makeTenant("Second")
                func export(_ api: TestAPI, _ tenant: TestTenant) async throws -> RawClient.Reply {
                    try await api.request("GET", "/v1/customers/export", token: tenant.token)
                }

                let allowed = [
                    try await export(api, acme), try await export(other, acme), try await export(other, acme),
                ]
                #expect(allowed.map(\.status) == [200, 200, 200])
                #expect(allowed.map { $0.header("RateLimit")?.contains("\"exports\";r=") } == [true, true, true])
                for server in [api, other] {
                    let refused = try await export(server, acme)
                    #expect(refused.problemCode == "quota_exceeded")
                    #expect(refused.object["violated_policies"] as? [String] == ["exports"])
                    #expect((1...20).contains(Int(refused.header("Retry-After") ?? "") ?? 0))
                }
                #expect(try await export(other, second).status == 200)
            }
        }
    }

    @Test func whatTheServersOwnBucketRefusesAsksNoDatabase() async throws {
        try await TestAPI.run {
            $0.rates.exports = RatePolicy(.exports, 2, per: .seconds(600))
            $0.rates.areShared = true
        } _: { api in
            let acme = try await api.makeTenant()
            for _ in 0..<2 { #expect(try await acme.get("/v1/customers/export").status == 200) }
            let before = api.application.database.statistics.roundTrips

            let statuses = try await repeated(20) { try await acme.get("/v1/customers/export").status }

            #expect(statuses == Array(repeating: 429, count: 20))
            // Reading revocations, every two seconds, is not about us.
            #expect(api.application.database.statistics.roundTrips - before <= 2)
        }
    }

    /// Forty tries at once on two servers: exactly as many pass as may.
    @Test func aSharedLimitIsExactUnderARace() async throws {
        @Sendable func change(_ configuration: inout Configuration) {
            configuration.rates.exports = RatePolicy(.exports, 7, per: .seconds(600))
            configuration.rates.areShared = true
        }
        try await TestAPI.run(change) { api in
            try await api.beside(change) { other in
                let acme = try await api.makeTenant()
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<40 {
                        let server = number % 2 == 0 ? api : other
                        group.addTask {
                            try await server.request("GET", "/v1/customers/export", token: acme.token).status
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses.count { $0 == 200 } == 7)
                #expect(statuses.count { $0 == 429 } == 33)
            }
        }
    }

    private func repeated<Output>(_ count: Int, _ body: () async throws -> Output) async throws -> [Output] {
        var outputs: [Output] = []
        for _ in 0..<count { outputs.append(try await body()) }
        return outputs
    }
}
