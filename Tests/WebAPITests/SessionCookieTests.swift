// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

/// A browser's session, whose refresh token no script sees.
@Suite struct SessionCookieTests {
    private func headers(_ api: TestAPI, cookie: String? = nil, origin: String? = nil) -> [(String, String)] {
        [("X-Unnati-Session", "cookie"), ("Origin", origin ?? "http://127.0.0.1")]
            + (cookie.map { [("Cookie", "theme=dark; \($0)")] } ?? [])
    }

    private func logIn(_ acme: TestTenant, _ headers: [(String, String)]) async throws -> RawClient.Reply {
        try await acme.api.post(
            "/v1/auth/login", ["identity": acme.phone, "password": TestTenant.password], headers: headers)
    }

    /// `name=value`, as a browser sends it back.
    private func pair(_ reply: RawClient.Reply) throws -> String {
        let line = try #require(reply.header("Set-Cookie"))
        #expect(line.hasSuffix("; Secure; HttpOnly; SameSite=Strict"))
        #expect(line.contains("; Path=/; Max-Age="))
        #expect(line.hasPrefix("__Host-unnati-session="))
        return String(line.prefix { $0 != ";" })
    }

    @Test func anotherWayToKeepASessionIsUnknown() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for value in ["", "Cookie", "cookie, cookie", "local"] {
                let reply = try await logIn(acme, [("X-Unnati-Session", value), ("Origin", "http://127.0.0.1")])
                #expect(reply.problemCode == "malformed_request", "\(value)")
            }
        }
    }

    @Test func theRefreshTokenComesAndGoesInACookie() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let login = try await logIn(acme, headers(api))
            #expect(login.status == 200)
            #expect(login.object["refresh_token"] == nil)
            let first = try pair(login)

            let empty = [String: String]()
            let refreshed = try await api.post("/v1/auth/refresh", empty, headers: headers(api, cookie: first))
            #expect(refreshed.status == 200)
            #expect(refreshed.object["refresh_token"] == nil)
            let second = try pair(refreshed)
            #expect(second != first)
            let token = try #require(refreshed.object["access_token"] as? String)
            #expect(try await api.request("GET", "/v1/me", token: token).status == 200)

            let out = try await api.request(
                "POST", "/v1/auth/logout", token: token, headers: headers(api, cookie: second))
            #expect(out.status == 204)
            #expect(out.header("Set-Cookie")?.hasPrefix("__Host-unnati-session=; Path=/; Max-Age=0;") == true)
            let ended = try await api.post("/v1/auth/refresh", empty, headers: headers(api, cookie: second))
            #expect(ended.problemCode == "refresh_token_invalid")
        }
    }

    @Test func noOtherSiteUsesIt() async throws {
        try await TestAPI.run {
            $0.origins = ["https://partner.example"]
        } _: { api in
            let acme = try await api.makeTenant(), cookie = try pair(try await logIn(acme, headers(api)))
            let empty = [String: String]()
            for origin in [
                "https://evil.example", "https://partner.example", "null", "", "http://127.0.0.1.evil.example",
                "http://127.0.0.1:8080", "HTTP://127.0.0.1",
            ] {
                let refused = try await api.post(
                    "/v1/auth/refresh", empty, headers: headers(api, cookie: cookie, origin: origin))
                #expect(refused.problemCode == "origin_denied", "\(origin)")
                #expect(refused.header("Set-Cookie") == nil)
                #expect(try await logIn(acme, headers(api, origin: origin)).problemCode == "origin_denied")
            }
            // A form of another site cannot send the header, and without it the cookie counts for nothing.
            let form = try await api.post(
                "/v1/auth/refresh", empty,
                headers: [("Origin", "https://evil.example"), ("Cookie", cookie)])
            #expect(form.fields == ["/refresh_token required"])
            // A second one that somebody has planted makes both worthless.
            let planted = try await api.post(
                "/v1/auth/refresh", empty, headers: headers(api, cookie: "\(cookie); __Host-unnati-session=x"))
            #expect(planted.problemCode == "refresh_token_invalid")
            let allowed = try await api.request(
                "OPTIONS", "/v1/auth/refresh",
                headers: [("Origin", "https://partner.example"), ("Access-Control-Request-Method", "POST")])
            #expect(allowed.header("Access-Control-Allow-Credentials") == nil)
            #expect(allowed.header("Access-Control-Allow-Headers")?.contains("X-Unnati-Session") == false)
            #expect(try await api.post("/v1/auth/refresh", empty, headers: headers(api, cookie: cookie)).status == 200)
        }
    }

    @Test func aClientThatKeepsItsTokenGetsNoCookie() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), login = try await logIn(acme, [])
            #expect(login.header("Set-Cookie") == nil)
            #expect(login.object["refresh_token"] != nil)
        }
    }
}
