// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

/// Signing in by an account at Google, and linking one.
@Suite struct GoogleSignInTests {
    private func user(_ reply: RawClient.Reply, _ api: TestAPI) async throws -> [String: Any] {
        let token = try #require(reply.object["access_token"] as? String, "\(reply.text)")
        return try await api.request("GET", "/v1/me", token: token).object["user"] as? [String: Any] ?? [:]
    }

    @Test func somebodyNewFoundsABusinessAndIsKnownFromThenOn() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let meera = try GoogleBrowser(api, subject: "108", email: "Meera@Example.in")
            // Not without having said what for.
            #expect(try await meera.signIn().problemCode == "account_unknown")
            let founded = try await meera.signIn(["business_name": "Meera Tailors"])
            #expect(founded.status == 200, "\(founded.text)")
            let tenants = founded.object["tenants"] as? [[String: Any]]
            #expect(tenants?.map { $0["name"] as? String } == ["Meera Tailors"])
            let me = try await user(founded, api)
            #expect(me["name"] as? String == "Meera Shah")
            #expect(me["email"] as? String == "meera@example.in")
            #expect((me["google"] as? [String: Any])?["email"] as? String == "meera@example.in")

            let again = try await meera.signIn(["business_name": "Another"])
            #expect(again.object["user_id"] as? String == founded.object["user_id"] as? String)
            #expect((again.object["tenants"] as? [Any])?.count == 1)
            // The address may change hands there. Who it is does not follow it.
            let heir = try GoogleBrowser(api, subject: "109", email: "meera@example.in")
            #expect(try await heir.signIn().problemCode == "account_unknown")
        }
    }

    /// An address is nobody's proof: neither does it lead into an account, nor does it become a way to sign in.
    @Test func anAddressNeverLeadsToAnAccount() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let email = "asha\(Int.random(in: 0...999_999_999))@example.in"
            let begun = try await api.post(
                "/v1/auth/register", ["business_name": "Asha Salon", "name": "Asha", "email": email])
            let own = try await api.post(
                "/v1/auth/verify",
                [
                    "challenge_id": begun.object["challenge_id"] as? String ?? "",
                    "code": try await Simulator.shared.code(to: email),
                ])
            #expect(own.status == 200)
            let google = try GoogleBrowser(api, subject: "110", email: email)
            #expect(try await google.signIn().problemCode == "account_unknown")
            let other = try await google.signIn(["business_name": "Other"])
            #expect(other.status == 200)
            #expect(other.object["user_id"] as? String != own.object["user_id"] as? String)
            // Codes to the address go on leading to the one who has proved it to us.
            let asked = try await api.post("/v1/auth/codes", ["identity": email, "purpose": "log_in"])
            let entered = try await api.post(
                "/v1/auth/verify",
                [
                    "challenge_id": asked.object["challenge_id"] as? String ?? "",
                    "code": try await Simulator.shared.code(to: email, number: 2),
                ])
            #expect(entered.object["user_id"] as? String == own.object["user_id"] as? String)
        }
    }

    @Test func anAddressThatGoogleHasNotVerifiedFoundsNothing() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            for odd: [String: Any] in [["email_verified": false], ["claims": ["email": NSNull()]]] {
                let reply = try await GoogleBrowser(api, subject: "111", odd).signIn(["business_name": "X"])
                #expect(reply.problemCode == "provider_email_unverified")
            }
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.users") == [["0"]])
        }
    }

    @Test func oneIsLinkedUsedAndUnlinked() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let acme = try await api.makeTenant(), globex = try await api.makeTenant("Globex")
            let google = try GoogleBrowser(api, subject: "112")
            let linked = try await google.link(acme)
            #expect(linked.status == 200, "\(linked.text)")
            #expect((linked.object["user"] as? [String: Any])?["google"] != nil)
            #expect(try await google.link(acme).status == 200)
            #expect(try await google.signIn().object["tenant_id"] as? String == acme.id.description)

            // Nobody else gets it, nobody has two, and it founds nothing.
            #expect(try await google.link(globex).problemCode == "identity_taken")
            #expect(
                try await GoogleBrowser(api, subject: "113").link(acme).problemCode == "provider_linked")
            #expect(
                try await google.signIn(["business_name": "More"]).object["tenant_id"] as? String == acme.id.description
            )

            #expect(try await globex.delete("/v1/me/google").problemCode == "provider_not_linked")
            #expect(try await acme.delete("/v1/me/google").status == 204)
            #expect(try await google.signIn().problemCode == "account_unknown")
            #expect(try await google.link(globex).status == 200)
        }
    }

    @Test func linkingNeedsSomebodyWhoHasShownThatItIsThem() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let acme = try await api.makeTenant()
            let begun = try await api.request("POST", "/v1/me/google/begin", token: acme.token)
            #expect(begun.status == 200)
            try api.database.run(
                as: "postgres", "UPDATE app.sessions SET authenticated_at = now() - interval '1 hour'")
            let late = try await api.request("POST", "/v1/me/google/begin", token: acme.token)
            #expect(late.problemCode == "confirmation_needed")
            #expect(try await acme.delete("/v1/me/google").problemCode == "confirmation_needed")
        }
    }

    @Test func theLastWayInStays() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let founded = try await GoogleBrowser(api, subject: "114").signIn(["business_name": "Only Google"])
            let token = try #require(founded.object["access_token"] as? String)
            let refused = try await api.request("DELETE", "/v1/me/google", token: token)
            #expect(refused.problemCode == "last_way_in")
            // With a number of their own they may.
            let phone = "+91\(Int.random(in: 6_000_000_000...9_999_999_999))"
            let asked = try await api.post("/v1/me/identities", token: token, ["phone": phone])
            let added = try await api.post(
                "/v1/me/identities/verify", token: token,
                [
                    "challenge_id": asked.object["challenge_id"] as? String ?? "",
                    "code": try await Simulator.shared.code(to: phone),
                ])
            #expect(added.status == 200, "\(added.text)")
            #expect(try await api.request("DELETE", "/v1/me/google", token: token).status == 204)
        }
    }

    @Test func aBrowserKeepsTheFlowWhereNoScriptSeesIt() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let google = try GoogleBrowser(api, subject: "115")
            let page = [("X-Unnati-Session", "cookie"), ("Origin", "http://127.0.0.1")]
            let begun = try await api.post("/v1/auth/google/begin", ["business_name": "Web"], headers: page)
            #expect(begun.object["flow"] == nil)
            let line = try #require(begun.header("Set-Cookie"))
            #expect(line.hasPrefix("__Host-unnati-flow=fl_"))
            #expect(line.hasSuffix("; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Strict"))
            let brought = try google.travel(begun)
            // Without the cookie it is another browser's.
            let other = try await api.post("/v1/auth/google/finish", brought, headers: page)
            #expect(other.problemCode == "flow_invalid")
            let cookie = String(line.prefix { $0 != ";" })
            let entered = try await api.post("/v1/auth/google/finish", brought, headers: page + [("Cookie", cookie)])
            #expect(entered.status == 200, "\(entered.text)")
            #expect(entered.object["refresh_token"] == nil)
        }
    }

    @Test func aSecondThingIsAskedForHereToo() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let acme = try await api.makeTenant(), google = try GoogleBrowser(api, subject: "116")
            #expect(try await google.link(acme).status == 200)
            try api.database.run(
                as: "postgres",
                """
                INSERT INTO app.second_factors (user_id, secret, confirmed_at)
                VALUES ('\(acme.userID.uuid.hex)', '\\x\(String(repeating: "00", count: 60))', now())
                """)
            let halfway = try await google.signIn()
            #expect(halfway.status == 202)
            #expect(halfway.object["ticket"] != nil && halfway.object["access_token"] == nil)
        }
    }

    @Test func anInvitationIsAcceptedOnTheWay() async throws {
        try await TestAPI.run(GoogleBrowser.isKnown) { api in
            let acme = try await api.makeTenant()
            let invited = try await acme.post("/v1/invitations", ["role": "staff"])
            let token = try #require(invited.object["token"] as? String)
            let joined = try await GoogleBrowser(api, subject: "117").signIn(["invitation": token])
            #expect(joined.object["tenant_id"] as? String == acme.id.description, "\(joined.text)")
            #expect(((joined.object["tenants"] as? [[String: Any]])?.first)?["role"] as? String == "staff")
            let both = try await api.post("/v1/auth/google/begin", ["invitation": token, "business_name": "X"])
            #expect(both.problemCode == "validation_failed")
        }
    }

    @Test func aServerWithoutGoogleSaysSo() async throws {
        try await TestAPI.run { api in
            let empty = [String: String]()
            #expect(try await api.post("/v1/auth/google/begin", empty).problemCode == "provider_not_set")
            let acme = try await api.makeTenant()
            let reply = try await api.request("POST", "/v1/me/google/begin", token: acme.token)
            #expect(reply.problemCode == "provider_not_set")
        }
    }
}
