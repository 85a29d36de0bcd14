// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import TestSupport
import Testing

@Suite struct CrossOriginTests {
    @Test func onlyListedOriginsMayRead() async throws {
        try await TestAPI.run {
            $0.origins = ["https://app.example.in"]
        } _: { api in
            let ours = try await api.request("GET", "/livez", headers: [("Origin", "https://app.example.in")])
            #expect(ours.header("Access-Control-Allow-Origin") == "https://app.example.in")
            #expect(ours.header("Access-Control-Expose-Headers")?.contains("X-Request-Id") == true)
            #expect(ours.header("Access-Control-Expose-Headers")?.contains("Idempotent-Replayed") == true)
            #expect(ours.header("Access-Control-Allow-Credentials") == nil)
            #expect(ours.header("Vary") == "Origin")
            for origin in [
                "https://evil.example", "https://app.example.in.evil.example", "http://app.example.in",
                "https://APP.example.in", "https://app.example.in:444", "null", "*",
            ] {
                let reply = try await api.request("GET", "/livez", headers: [("Origin", origin)])
                #expect(reply.header("Access-Control-Allow-Origin") == nil, "\(origin)")
                #expect(reply.header("Vary") == "Origin")
            }
        }
    }

    @Test func aBrowserMayAskBeforehand() async throws {
        try await TestAPI.run {
            $0.origins = ["https://app.example.in"]
        } _: { api in
            func ask(_ origin: String) async throws -> RawClient.Reply {
                try await api.request(
                    "OPTIONS", "/v1/customers",
                    headers: [("Origin", origin), ("Access-Control-Request-Method", "POST")])
            }
            let ours = try await ask("https://app.example.in"), theirs = try await ask("https://evil.example")

            #expect(ours.status == 204)
            #expect(ours.header("Access-Control-Allow-Methods") == "GET, POST, HEAD, OPTIONS")
            for name in ["Authorization", "Idempotency-Key", "If-Match", "If-None-Match", "traceparent"] {
                #expect(ours.header("Access-Control-Allow-Headers")?.contains(name) == true, "\(name)")
            }
            #expect(theirs.header("Access-Control-Allow-Methods") == nil)
        }
    }

    @Test func withoutAListNothingIsSaid() async throws {
        try await TestAPI.run { api in
            let reply = try await api.request("GET", "/livez", headers: [("Origin", "https://app.example.in")])
            #expect(reply.header("Access-Control-Allow-Origin") == nil)
            #expect(reply.header("Vary") == nil)
        }
    }
}
