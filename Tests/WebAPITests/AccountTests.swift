// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct AccountTests {
    @Test func aBusinessRegistersSignsInAndOut() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let login = try await api.post(
                "/v1/auth/login", ["identity": String(acme.phone.dropFirst(3)), "password": TestTenant.password])
            let token = try #require(login.object["access_token"] as? String)

            let me = try await api.request("GET", "/v1/me", token: token)
            #expect((me.object["user"] as? [String: Any])?["phone"] as? String == acme.phone)

            #expect(try await api.request("POST", "/v1/auth/logout", token: token).status == 204)
            let ended = try await api.request("GET", "/v1/me", token: token)
            #expect(ended.status == 401)
            #expect(ended.problemCode == "session_ended")
            let refreshed = try await api.post(
                "/v1/auth/refresh", ["refresh_token": try #require(login.object["refresh_token"])])
            #expect(refreshed.problemCode == "refresh_token_invalid")
            // The other session of the same person lives on.
            #expect(try await acme.get("/v1/me").status == 200)
        }
    }

    @Test func anUnknownPersonAndAWrongPasswordLookTheSame() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            func attempt(_ identity: String) async throws -> RawClient.Reply {
                try await api.post("/v1/auth/login", ["identity": identity, "password": "wrong password"])
            }
            func shape(_ reply: RawClient.Reply) -> [String: String] {
                reply.object.filter { $0.key != "request_id" }.mapValues { "\($0)" }.merging([
                    "status": "\(reply.status)"
                ]) { _, new in new }
            }

            let wrong = try await attempt(acme.phone), unknown = try await attempt("9000000001"),
                unknownEmail = try await attempt("nobody@example.in")

            #expect(wrong.status == 401)
            #expect(shape(wrong) == shape(unknown))
            #expect(shape(wrong) == shape(unknownEmail))
        }
    }

    @Test func theNewestRefreshTokenRotatesAndAnOldOneEndsTheSession() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            func refresh(_ token: String) async throws -> RawClient.Reply {
                try await api.post("/v1/auth/refresh", ["refresh_token": token])
            }
            func next(_ token: String) async throws -> String {
                try #require(try await refresh(token).object["refresh_token"] as? String)
            }

            let first = acme.refreshToken, second = try await next(first)
            // The reply was lost: the predecessor gives the same successor again.
            #expect(try await next(first) == second)
            let third = try await next(second)
            // The successor has been used, so the first one is a replay.
            let replay = try await refresh(first)
            #expect(replay.status == 401)
            #expect(replay.problemCode == "refresh_token_reused")
            #expect(try await refresh(third).problemCode == "refresh_token_invalid")
            #expect(try await acme.get("/v1/me").problemCode == "session_ended")
        }
    }

    @Test func fiftyRefreshesAtOnceGetOneSuccessor() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let tokens = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let reply = try await api.post("/v1/auth/refresh", ["refresh_token": acme.refreshToken])
                        return reply.object["refresh_token"] as? String ?? "refused \(reply.text)"
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(tokens.count == 1)
            #expect(try await api.post("/v1/auth/refresh", ["refresh_token": try #require(tokens.first)]).status == 200)
        }
    }

    @Test func aPersonOfTwoBusinessesMovesBetweenThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant("Acme"), stranger = try await api.makeTenant("Other")
            _ = try await acme.makeCustomer(["name": "Of the first"])
            let second = try #require(try await acme.post("/v1/tenants", ["name": "Second"]).object["id"] as? String)

            let switched = try await acme.post("/v1/auth/switch", ["tenant_id": second])
            let token = try #require(switched.object["access_token"] as? String)
            let login = try await api.post(
                "/v1/auth/login", ["identity": acme.phone, "password": TestTenant.password, "tenant_id": second])

            #expect((try await api.request("GET", "/v1/customers", token: token).object["data"] as? [Any])?.count == 0)
            #expect((login.object["tenants"] as? [[String: Any]])?.map { $0["name"] as? String } == ["Acme", "Second"])
            #expect(login.object["tenant_id"] as? String == second)
            #expect(try await acme.post("/v1/auth/switch", ["tenant_id": stranger.id.description]).status == 404)
            #expect(
                try await api.post(
                    "/v1/auth/login",
                    ["identity": acme.phone, "password": TestTenant.password, "tenant_id": stranger.id.description]
                )
                .status == 404)
        }
    }

    @Test(
        arguments: [
            (["name": "N", "phone": "9876543210", "password": "kurta kurta"], "/business_name required"),
            (
                ["business_name": " ", "name": "N", "phone": "9876543210", "password": "kurta kurta"],
                "/business_name required"
            ),
            (
                ["business_name": "B", "name": "a\u{7}b", "phone": "9876543210", "password": "kurta kurta"],
                "/name forbidden_character"
            ),
            (["business_name": "B", "name": "N", "phone": "12345", "password": "kurta kurta"], "/phone invalid_phone"),
            (
                ["business_name": "B", "name": "N", "email": "nobody", "password": "kurta kurta"],
                "/email invalid_email"
            ),
            (["business_name": "B", "name": "N", "password": "kurta kurta"], " required"),
            (["business_name": "B", "name": "N", "phone": "9876543210", "password": "1234567"], "/password too_short"),
            (
                ["business_name": "B", "name": "N", "phone": "9876543210", "password": "PassWord@123"],
                "/password too_common"
            ),
            (
                ["business_name": "B", "name": "N", "phone": "9876543210", "password": "kurta kurta", "role": "owner"],
                "/role unknown_field"
            ),
            (
                [
                    "business_name": String(repeating: "x", count: 201), "name": "N", "phone": "9876543210",
                    "password": "kurta kurta",
                ],
                "/business_name too_long"
            ),
        ] as [([String: String], String)])
    func eachFaultOfARegistrationIsNamed(_ input: [String: String], _ expected: String) async throws {
        try await TestAPI.run { api in
            let reply = try await api.post("/v1/auth/register", input)
            let errors = (reply.object["errors"] as? [[String: String]] ?? []).map {
                "\($0["pointer"] ?? "") \($0["code"] ?? "")"
            }
            #expect(reply.status == 422)
            #expect(errors == [expected])
        }
    }

    @Test func wrongTokensAreRefusedWithAChallenge() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            #expect(try await api.request("GET", "/v1/me").problemCode == "token_missing")
            for value in [
                "Bearer", "Bearer ", "Basic abc", "Bearer \(acme.token)x", "bearer a.b.c",
                "Bearer \(acme.refreshToken)",
            ] {
                let reply = try await api.request("GET", "/v1/me", headers: [("Authorization", value)])
                #expect(reply.status == 401, "\(value)")
                #expect(reply.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
            }
            let twice = try await api.request(
                "GET", "/v1/me",
                headers: [("Authorization", "Bearer \(acme.token)"), ("Authorization", "Bearer \(acme.token)")])
            #expect(twice.status == 400)
        }
    }

    @Test func theKeySetVerifiesOurTokens() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let keys = try await api.request("GET", "/.well-known/jwks.json").object["keys"] as? [[String: String]]
            let header =
                try JSONSerialization.jsonObject(
                    with: try #require(
                        Data(
                            base64Encoded: acme.token.split(separator: ".")[0] + "==", options: .ignoreUnknownCharacters
                        ) ?? Data(
                            base64Encoded: acme.token.split(separator: ".")[0] + "=")
                            ?? Data(base64Encoded: String(acme.token.split(separator: ".")[0])))) as? [String: String]
            #expect(keys?.first?["kid"] == header?["kid"])
            #expect(header?["typ"] == "at+jwt")
        }
    }
}
