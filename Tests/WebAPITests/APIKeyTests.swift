// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import HTTPMessage
import TestSupport
import Testing
import Tokens

@Suite struct APIKeyTests {
    private func make(_ acme: TestTenant, _ more: [String: Any] = [:]) async throws -> (id: String, key: String) {
        let body: [String: Any] = ["name": "Till", "scopes": ["customers:read", "customers:write"]]
        let reply = try await acme.post("/v1/api-keys", body.merging(more) { _, new in new })
        #expect(reply.status == 201, "\(reply.text)")
        return (try #require(reply.object["id"] as? String), try #require(reply.object["key"] as? String))
    }

    @Test func aProgramDoesWhatItsKeyAllowsAndNoMore() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let (id, key) = try await make(acme)
            let created = try await api.post("/v1/customers", token: key, ["name": "By the till"])
            #expect(created.status == 201)
            #expect((try await acme.get("/v1/customers").object["data"] as? [Any])?.count == 1)
            #expect((try await other.get("/v1/customers").object["data"] as? [Any])?.count == 0)
            // Everything that is there, with this key.
            for route in api.application.api.router.routes where route.access != "everyone" {
                let target = route.template.replacing(/{.*?}/, with: "cus_" + String(repeating: "0", count: 32))
                let body = route.body.maximumBytes > 0 ? Array("{\"x\":1}".utf8) : nil
                let reply = try await api.request(
                    route.method.rawValue, target, token: key,
                    headers: [("Content-Type", "application/json"), ("If-Match", "*")], body: body)
                let isHeld = ["customers:read", "customers:write"].contains(route.access)
                #expect((reply.status == 403) == !isHeld, "\(route.operation): \(reply.status)")
                #expect(reply.status != 401, "\(route.operation)")
            }
            let listed = try await acme.get("/v1/api-keys").object["data"] as? [[String: Any]]
            #expect(listed?.first?["id"] as? String == id)
            #expect(listed?.first?["last_four"] as? String == String(key.suffix(4)))
            #expect(listed?.first?["last_used_at"] != nil)
            #expect(listed?.first?["key"] == nil)
            let events = try await acme.get("/v1/audit-events?filter[event]=api_key.made").object["data"] as? [Any]
            #expect(events?.count == 1)
        }
    }

    @Test func aRevokedKeyIsOverEverywhereWithinFiveSeconds() async throws {
        try await TestAPI.run { api in
            try await api.beside { other in
                let acme = try await api.makeTenant(), (id, key) = try await make(acme)
                func status(_ api: TestAPI) async throws -> Int {
                    try await api.request("GET", "/v1/customers", token: key).status
                }
                #expect(try await status(api) == 200)
                #expect(try await status(other) == 200)
                #expect(try await acme.delete("/v1/api-keys/\(id)").status == 204)
                #expect(try await status(api) == 401)
                let deadline = ContinuousClock.now + .seconds(5)
                while try await status(other) != 401 {
                    try #require(ContinuousClock.now < deadline)
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(try await acme.delete("/v1/api-keys/\(id)").problemCode == "api_key_unknown")
            }
        }
    }

    @Test func twoKeysLiveSideBySideWhileOneTakesTheOthersPlace() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), (id, old) = try await make(acme)
            let replaced = try await acme.request("POST", "/v1/api-keys/\(id)/replace")
            #expect(replaced.status == 201)
            #expect(replaced.object["replaces"] as? String == id)
            let new = try #require(replaced.object["key"] as? String)
            for key in [old, new] { #expect(try await api.request("GET", "/v1/customers", token: key).status == 200) }
            #expect(
                try await acme.request("POST", "/v1/api-keys/\(id)/replace").problemCode == "api_key_being_replaced")
            // The old one ends by itself.
            try api.database.run(
                as: "postgres", "UPDATE app.api_keys SET expires_at = now() WHERE expires_at IS NOT NULL")
            try await Task.sleep(for: .milliseconds(4_100))
            #expect(try await api.request("GET", "/v1/customers", token: old).status == 401)
            #expect(try await api.request("GET", "/v1/customers", token: new).status == 200)
        }
    }

    @Test func aKeyThatIsFoundSomewhereIsVoid() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), (_, key) = try await make(acme)
            let unknown = APIKeyText.random().text.reveal()
            for text in [key, unknown, "x", key + "x"] {
                #expect(try await api.post("/v1/api-keys/revoke-leaked", ["key": text]).status == 204)
            }
            #expect(try await api.request("GET", "/v1/customers", token: key).status == 401)
            let events = try await acme.get("/v1/audit-events?filter[event]=api_key.revoked").object["data"]
            #expect((events as? [[String: Any]])?.first?["detail"] as? String == "leaked")
        }
    }

    @Test func aKeyIsUsedFromItsNetworksAlone() async throws {
        try await TestAPI.run {
            $0.http.proxies.networks = [NetworkRange("127.0.0.0/8")].compactMap { $0 }
        } _: { api in
            let acme = try await api.makeTenant()
            let (_, key) = try await make(acme, ["networks": ["203.0.113.0/24", "2001:db8::/32"]])
            func status(_ address: String) async throws -> Int {
                try await api.request("GET", "/v1/customers", token: key, headers: [("X-Forwarded-For", address)])
                    .status
            }
            #expect(try await status("203.0.113.9") == 200)
            #expect(try await status("2001:db8:1::9") == 200)
            #expect(try await status("203.0.114.9") == 403)
        }
    }

    @Test func aKeyIsAskedForByWhoeverHasShownLatelyThatItIsThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try api.database.run(
                as: "postgres", "UPDATE app.sessions SET authenticated_at = now() - interval '11 minutes'")
            let refused = try await acme.post("/v1/api-keys", ["name": "Till", "scopes": ["customers:read"]])
            #expect(refused.problemCode == "confirmation_needed")
        }
    }

    @Test func aWriteWithAKeyIsNamedApartFromItsOwners() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), (_, key) = try await make(acme)
            let headers = [("Idempotency-Key", "k")]
            let first = try await api.post("/v1/customers", token: key, ["name": "A"], headers: headers)
            let again = try await api.post("/v1/customers", token: key, ["name": "A"], headers: headers)
            let owners = try await api.post("/v1/customers", token: acme.token, ["name": "A"], headers: headers)
            #expect(first.object["id"] as? String == again.object["id"] as? String)
            #expect(first.object["id"] as? String != owners.object["id"] as? String)
        }
    }

    @Test(arguments: [
        (#"{"name": "", "scopes": ["customers:read"]}"#, ["/name required"]),
        (#"{"name": "x", "scopes": []}"#, ["/scopes required"]),
        (
            #"{"name": "x", "scopes": ["members:manage", "x"]}"#,
            ["/scopes/0 invalid_scope", "/scopes/1 invalid_scope"]
        ),
        (
            #"{"name": "x", "scopes": ["customers:read"], "networks": ["203.0.113.1/24"]}"#,
            ["/networks/0 invalid_network"]
        ),
        (
            #"{"name": "x", "scopes": ["customers:read"], "expires_at": "2020-01-01T00:00:00Z"}"#,
            ["/expires_at in_the_past"]
        ),
        (
            #"{"name": "x", "scopes": ["customers:read"], "expires_at": "soon"}"#, ["/expires_at invalid_time"]
        ),
    ])
    func eachFaultOfAKeyIsNamed(_ input: String, _ expected: [String]) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let refused = try await api.request(
                "POST", "/v1/api-keys", token: acme.token, headers: [("Content-Type", "application/json")],
                body: Array(input.utf8))
            #expect(refused.status == 422)
            #expect(refused.fields == expected)
        }
    }

    @Test func twentyKeysLiveAndNoMore() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for _ in 0..<20 { _ = try await make(acme) }
            let refused = try await acme.post("/v1/api-keys", ["name": "x", "scopes": ["customers:read"]])
            #expect(refused.problemCode == "too_many_api_keys")
        }
    }
}
