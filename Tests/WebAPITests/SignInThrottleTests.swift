// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Bootstrap
import Core
import Foundation
import TestSupport
import Testing

/// Guessing one person's password from many addresses.
@Suite struct SignInThrottleTests {
    private static func behindProxies(_ configuration: inout Bootstrap.Configuration) {
        configuration.http.proxies.networks = [NetworkRange("127.0.0.0/8")].compactMap { $0 }
    }

    private func tryOut(_ api: TestAPI, _ identity: String, _ password: String, mark: String? = nil) async throws
        -> RawClient.Reply
    {
        var body = ["identity": identity, "password": password]
        body["device_mark"] = mark
        // Each time from somewhere else.
        let address = "198.51.\(Int.random(in: 0...255)).\(Int.random(in: 1...254))"
        return try await api.post("/v1/auth/login", body, headers: [("X-Forwarded-For", address)])
    }

    @Test func guessingFromManyAddressesWaitsLongerAndLonger() async throws {
        try await TestAPI.run(Self.behindProxies) { api in
            let acme = try await api.makeTenant(), nobody = VerificationTests.identity("phone")
            for identity in [acme.phone, nobody] {
                var statuses: [Int] = []
                for _ in 0..<11 { statuses.append(try await tryOut(api, identity, "not this one").status) }
                #expect(statuses == Array(repeating: 401, count: 10) + [429], "whether there is such a person or not")
            }
            let blocked = try await tryOut(api, acme.phone, TestTenant.password)
            #expect(blocked.problemCode == "sign_in_blocked")
            #expect((50...60).contains(Int(blocked.header("Retry-After") ?? "") ?? 0))
            try api.database.run(as: "postgres", "UPDATE app.sign_in_failures SET blocked_until = now()")
            #expect(try await tryOut(api, acme.phone, "not this one").status == 401)
            let longer = try await tryOut(api, acme.phone, TestTenant.password)
            #expect((110...120).contains(Int(longer.header("Retry-After") ?? "") ?? 0))
            try api.database.run(as: "postgres", "UPDATE app.sign_in_failures SET blocked_until = now()")
            #expect(try await tryOut(api, acme.phone, TestTenant.password).status == 200)
            // Whoever has signed in begins anew.
            for _ in 0..<9 { #expect(try await tryOut(api, acme.phone, "not this one").status == 401) }
            #expect(try await tryOut(api, acme.phone, TestTenant.password).status == 200)
        }
    }

    @Test func ofManyGuessesAtTheEndOfADelayOneIsLookedAt() async throws {
        try await TestAPI.run(Self.behindProxies) { api in
            let acme = try await api.makeTenant()
            for _ in 0..<10 { #expect(try await tryOut(api, acme.phone, "not this one").status == 401) }
            try api.database.run(as: "postgres", "UPDATE app.sign_in_failures SET blocked_until = now()")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 { group.addTask { try await tryOut(api, acme.phone, "not this one").status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [401] + Array(repeating: 429, count: 19))
        }
    }

    /// Who waits for a place among those that are hashed has guessed nothing.
    @Test func whatCouldNotBeLookedAtDoesNotCount() async throws {
        try await TestAPI.run {
            Self.behindProxies(&$0)
            $0.passwords.cost = 12
            $0.passwords.lanes = 1
            $0.passwords.waiters = 0
        } _: { api in
            let acme = try await api.makeTenant()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 { group.addTask { try await tryOut(api, acme.phone, "not this one").status } }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect((statuses[429] ?? 0) > 20, "\(statuses)")
            #expect(try await tryOut(api, acme.phone, TestTenant.password).status == 200)
        }
    }

    @Test func theOwnerReadsHowManyGuessesCameBeforeThem() async throws {
        try await TestAPI.run(Self.behindProxies) { api in
            let acme = try await api.makeTenant()
            for _ in 0..<3 { _ = try await tryOut(api, acme.phone, "not this one") }
            _ = try await tryOut(api, acme.phone, TestTenant.password)
            let events = try await acme.get("/v1/audit-events?filter[event]=sign_in.failed").object["data"]
            let event = try #require((events as? [[String: Any]])?.first)
            #expect(event["detail"] as? String == "3")
        }
    }

    @Test func guessingInsideASessionWaitsToo() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            var codes: [String?] = []
            for number in 0..<11 {
                let reply =
                    number.isMultiple(of: 2)
                    ? try await acme.post("/v1/auth/confirm", ["password": "not this one"])
                    : try await acme.post(
                        "/v1/me/password", ["current_password": "not this one", "new_password": "eight cotton kurtas"])
                codes.append(reply.problemCode)
            }
            #expect(codes == Array(repeating: "password_wrong", count: 10) + ["sign_in_blocked"])
            // Signing in is counted apart.
            #expect(try await tryOut(api, acme.phone, TestTenant.password).status == 200)
        }
    }

    @Test func strangersDoNotKeepTheOwnerOut() async throws {
        try await TestAPI.run(Self.behindProxies) { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            func mark(_ tenant: TestTenant) async throws -> String {
                try #require(
                    try await tryOut(api, tenant.phone, TestTenant.password).object["device_mark"] as? String)
            }
            let own = try await mark(acme), others = try await mark(other)
            for _ in 0..<12 { _ = try await tryOut(api, acme.phone, "not this one") }
            let altered = String(own.dropLast()) + (own.hasSuffix("A") ? "E" : "A")
            for wrong in [nil, others, own + "A", "dt_", altered, String(repeating: "x", count: 4_000)] {
                let refused = try await tryOut(api, acme.phone, TestTenant.password, mark: wrong)
                #expect(refused.problemCode == "sign_in_blocked", "\(wrong ?? "no mark")")
            }
            #expect(try await tryOut(api, acme.phone, TestTenant.password, mark: own).status == 200)
        }
    }
}
