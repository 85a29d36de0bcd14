// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

@Suite struct SessionTests {
    private static func logIn(_ acme: TestTenant, _ agent: String = "Phone") async throws -> RawClient.Reply {
        try await acme.api.post(
            "/v1/auth/login", ["identity": acme.phone, "password": TestTenant.password],
            headers: [("User-Agent", agent)])
    }

    @Test func aPersonSeesWhereTheyAreSignedInAndSignsOutThere() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let phone = try #require(try await Self.logIn(acme, "Lava phone").object["access_token"] as? String)

            let listed = try await acme.get("/v1/me/sessions").object["data"] as? [[String: Any]] ?? []
            #expect(listed.count == 2)
            #expect(listed.first?["device"] as? String == "Lava phone")
            #expect(listed.first?["network"] as? String == "127.0.0.0/24")
            #expect(listed.map { $0["is_current"] as? Bool } == [false, true])
            let there = try #require(listed.first?["id"] as? String)

            #expect(try await other.delete("/v1/me/sessions/\(there)").status == 404)
            #expect(try await acme.delete("/v1/me/sessions/\(there)").status == 204)
            #expect(try await api.request("GET", "/v1/me", token: phone).problemCode == "session_ended")
            #expect(try await acme.delete("/v1/me/sessions/\(there)").problemCode == "session_unknown")
            #expect((try await acme.get("/v1/me/sessions").object["data"] as? [Any])?.count == 1)
        }
    }

    @Test func signingOutEverywhereElseLeavesThisSession() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let tokens = try await [Self.logIn(acme), Self.logIn(acme)].map { $0.object["access_token"] as? String }
            #expect(try await acme.delete("/v1/me/sessions").status == 204)
            for token in tokens {
                #expect(try await api.request("GET", "/v1/me", token: token).problemCode == "session_ended")
            }
            #expect(try await acme.get("/v1/me").status == 200)
        }
    }

    /// On another server, which has to be told.
    @Test func anEndedSessionIsOverEverywhereWithinFiveSeconds() async throws {
        try await TestAPI.run { api in
            try await api.beside { other in
                let acme = try await api.makeTenant()
                #expect(try await other.request("GET", "/v1/me", token: acme.token).status == 200)
                #expect(try await api.request("POST", "/v1/auth/logout", token: acme.token).status == 204)
                let deadline = ContinuousClock.now + .seconds(5)
                while try await other.request("GET", "/v1/me", token: acme.token).status == 200 {
                    try #require(ContinuousClock.now < deadline)
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
        }
    }

    @Test func aNewPasswordEndsAllOtherSessions() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let there = try #require(try await Self.logIn(acme).object["access_token"] as? String)
            func change(_ body: [String: String]) async throws -> RawClient.Reply {
                try await acme.post("/v1/me/password", body)
            }
            #expect(try await change(["new_password": "eight cotton kurtas"]).problemCode == "password_wrong")
            #expect(
                try await change(["current_password": "wrong", "new_password": "eight cotton kurtas"]).problemCode
                    == "password_wrong")
            #expect(
                try await change(["current_password": TestTenant.password, "new_password": "short"]).fields
                    == ["/new_password too_short"])
            #expect(
                try await change(["current_password": TestTenant.password, "new_password": "eight cotton kurtas"])
                    .status
                    == 204)
            #expect(try await api.request("GET", "/v1/me", token: there).problemCode == "session_ended")
            #expect(try await acme.get("/v1/me").status == 200)
            #expect(try await Self.logIn(acme).status == 401)
        }
    }

    @Test func aSessionEndsWhenItRestsForTooLongOrIsTooOld() async throws {
        try await TestAPI.run {
            $0.tokens.idleLifetime = .seconds(86_400)
        } _: { api in
            let acme = try await api.makeTenant()
            func refresh(_ token: String) async throws -> RawClient.Reply {
                try await api.post("/v1/auth/refresh", ["refresh_token": token])
            }
            let next = try #require(try await refresh(acme.refreshToken).object["refresh_token"] as? String)
            try api.database.run(as: "postgres", "UPDATE app.sessions SET refreshed_at = now() - interval '25 hours'")
            #expect(try await refresh(next).problemCode == "refresh_token_invalid")

            let later = try #require(try await Self.logIn(acme).object["refresh_token"] as? String)
            try api.database.run(as: "postgres", "UPDATE app.sessions SET expires_at = now()")
            #expect(try await refresh(later).problemCode == "refresh_token_invalid")
        }
    }

    @Test func ofMoreThanAHundredSessionsTheOldestEnds() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try api.database.run(
                as: "postgres",
                """
                INSERT INTO app.sessions (user_id, id, tenant_id, refreshed_at, expires_at)
                SELECT user_id, gen_random_uuid(), tenant_id, now() - n * interval '1 minute', now() + interval '1 day'
                FROM app.sessions, generate_series(1, 99) AS n
                """)
            _ = try await Self.logIn(acme)
            let counts = try api.database.run(
                as: "postgres",
                "SELECT count(*) FILTER (WHERE revoked_at IS NULL), count(*), min(refreshed_at) FILTER (WHERE revoked_at IS NULL) > now() - interval '99 minutes' FROM app.sessions"
            )
            #expect(counts == [["100", "101", "t"]])
        }
    }
}
