// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import HTTPMessage
import Privacy
import TestSupport
import Testing

extension TestAPI {
    /// What an administrator's timer does.
    func doWhatIsDue() throws -> PersonalData.Round {
        try #require(try PersonalData(url: database.url("unnati_owner")).doWhatIsDue())
    }

    fileprivate func count(_ table: String, _ condition: String = "true") throws -> Int {
        let rows = try database.run(as: "postgres", "SELECT count(*) FROM app.\(table) WHERE \(condition)")
        return Int(rows.first?.first.flatMap { $0 } ?? "") ?? -1
    }

    /// The weeks in between pass.
    fileprivate func letTheTimeCome() throws {
        for table in ["tenants", "users"] {
            try database.run(
                as: "postgres",
                "UPDATE app.\(table) SET erase_after = now() - interval '1 s' WHERE closed_at IS NOT NULL")
        }
    }
}

/// Businesses and people that go: shut at once, erased later, taken back in between.
@Suite struct ClosingTests {
    private func role(_ reply: RawClient.Reply) -> String? {
        (reply.object["tenants"] as? [[String: Any]])?.first?["role"] as? String
    }

    private func logIn(_ person: TestTenant) async throws -> RawClient.Reply {
        try await person.api.post("/v1/auth/login", ["identity": person.phone, "password": TestTenant.password])
    }

    private func expire(_ api: TestAPI) throws {
        try api.database.run(
            as: "postgres", "UPDATE app.sessions SET authenticated_at = now() - interval '1 hour'")
    }

    // MARK: - Businesses

    @Test func aClosedBusinessIsShutForEverybodyAtOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.manager)
            _ = try await acme.makeCustomer()
            let key = try await acme.post("/v1/api-keys", ["name": "Till", "scopes": ["customers:read"]])
            let till = try #require(key.object["key"] as? String)
            let invitation = try await acme.post("/v1/invitations", ["role": "staff"]).object["token"] as? String ?? ""
            #expect(try await api.request("GET", "/v1/customers", token: till).status == 200)
            #expect(try await ravi.request("POST", "/v1/business/close").problemCode == "permission_denied")

            let closed = try await acme.request("POST", "/v1/business/close")
            #expect(closed.status == 200, "\(closed.text)")
            let until = try #require(closed.object["erase_after"] as? String)
            #expect(until > Date.now.addingTimeInterval(29 * 86_400).formatted(.iso8601))
            // On this server at once; on every other within five seconds.
            #expect(try await acme.get("/v1/customers").problemCode == "token_outdated")
            #expect(try await ravi.get("/v1/customers").problemCode == "token_outdated")
            #expect(try await api.request("GET", "/v1/customers", token: till).status == 401)
            let preview = try await api.post("/v1/invitations/preview", ["token": invitation])
            #expect(preview.problemCode == "invitation_unknown")
            // Ravi has a business of his own, and nothing else any more.
            let ravis = try await ravi.refreshed()
            #expect(ravis.id != acme.id)
            let tenants = try await ravis.get("/v1/me").object["tenants"] as? [[String: Any]]
            #expect(tenants?.map { $0["name"] as? String } == ["Elsewhere"])
        }
    }

    /// Each route with the role that is left: the person's own things, reopening and taking along, and nothing else.
    @Test func anOwnerOfAClosedBusinessReopensItAndTakesItsDataAndNoMore() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.makeCustomer()
            #expect(try await acme.request("POST", "/v1/business/close").status == 200)
            let login = try await logIn(acme)
            #expect(role(login) == "closed")
            let token = try #require(login.object["access_token"] as? String)
            let leavers: Set = [
                "logOut", "leaveBusiness", "endOtherSessions", "endSession", "closeAccount", "reopenBusiness",
            ]
            for route in api.application.api.router.routes
            where route.access != "everyone" && !leavers.contains(route.operation) {
                let target = route.template.replacing(/{.*?}/, with: "cus_" + String(repeating: "0", count: 32))
                let body = route.body.maximumBytes > 0 ? Array("{\"x\":1}".utf8) : nil
                let reply = try await api.request(
                    route.method.rawValue, target, token: token,
                    headers: [("Content-Type", "application/json"), ("If-Match", "*")], body: body)
                let isAllowed = ["person", "business:export"].contains(route.access)
                #expect((reply.problemCode == "permission_denied") == !isAllowed, "\(route.operation): \(reply.text)")
            }
            #expect(try await api.request("POST", "/v1/business/reopen", token: token).status == 204)
            #expect(try await api.request("POST", "/v1/business/reopen", token: token).problemCode == "token_outdated")
            let again = try await logIn(acme)
            #expect(role(again) == "owner")
            let open = try #require(again.object["access_token"] as? String)
            let customers = try await api.request("GET", "/v1/customers", token: open)
            #expect((customers.object["data"] as? [Any])?.count == 1)
            let events = try await api.request("GET", "/v1/audit-events?limit=100", token: open)
            let kinds = (events.object["data"] as? [[String: Any]])?.compactMap { $0["event"] as? String } ?? []
            #expect(Set(kinds).isSuperset(of: ["business.closed", "business.reopened", "business.exported"]))
        }
    }

    /// A request that was under way when the business closed, and comes after it.
    @Test func nothingIsMadeInAClosedBusinessByATokenOfBefore() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await api.makeTenant("Elsewhere")
            let invitation = try await acme.post("/v1/invitations", ["role": "owner"]).object["token"] as? String ?? ""
            try api.database.run(
                as: "postgres",
                "UPDATE app.tenants SET closed_at = now(), erase_after = now() + interval '30 days' WHERE tenant_id = '\(acme.id.uuid.hex)'"
            )
            let invited = try await acme.post("/v1/invitations", ["role": "staff"])
            #expect(invited.problemCode == "role_not_governed")
            let key = try await acme.post("/v1/api-keys", ["name": "Till", "scopes": ["customers:read"]])
            #expect(key.problemCode == "scope_not_held")
            let joined = try await ravi.post("/v1/invitations/accept", ["token": invitation])
            #expect(joined.problemCode == "invitation_unknown", "\(joined.text)")
            #expect(try api.count("memberships", "tenant_id = '\(acme.id.uuid.hex)'") == 1)
        }
    }

    @Test func whatNobodyTakesBackIsErasedAndNothingElse() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            _ = try await acme.makeCustomer()
            _ = try await other.makeCustomer()
            #expect(try await acme.request("POST", "/v1/business/close").status == 200)
            #expect(try api.doWhatIsDue().erased.isEmpty)
            #expect(try api.count("customers") == 2)

            try api.letTheTimeCome()
            #expect(try api.doWhatIsDue().erased == [.tenant(acme.id)])
            #expect(try api.count("tenants", "tenant_id = '\(acme.id.uuid.hex)'") == 0)
            #expect(try api.count("customers") == 1)
            #expect(try await other.get("/v1/customers").status == 200)
            #expect(try api.doWhatIsDue().isEmpty)
        }
    }

    @Test func keysAndInvitationsThatAreOverGoAfterAWhile() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for name in ["Old", "Kept"] {
                _ = try await acme.post("/v1/api-keys", ["name": name, "scopes": ["customers:read"]])
                _ = try await acme.post("/v1/invitations", ["role": name == "Old" ? "viewer" : "staff"])
            }
            try api.database.run(
                as: "postgres",
                """
                UPDATE app.api_keys SET revoked_at = now() - interval '91 days' WHERE name = 'Old';
                UPDATE app.invitations SET closed_at = now() - interval '91 days' WHERE role = 'viewer'
                """)
            #expect(try api.doWhatIsDue().swept.map(\.rows) == [1, 1, 1])
            #expect(try api.database.run(as: "postgres", "SELECT name FROM app.api_keys") == [["Kept"]])
            #expect(try api.database.run(as: "postgres", "SELECT role FROM app.invitations") == [["staff"]])
            #expect(try api.doWhatIsDue().isEmpty)
        }
    }

    @Test func closingNeedsSomebodyWhoHasShownThatItIsThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try expire(api)
            for path in ["/v1/business/close", "/v1/me/close", "/v1/business/exports", "/v1/me/exports"] {
                #expect(try await acme.request("POST", path).problemCode == "confirmation_needed", "\(path)")
            }
            #expect(try api.count("data_exports") == 0)
            #expect(try api.count("tenants", "closed_at IS NOT NULL") == 0)
        }
    }

    // MARK: - People

    @Test func aPersonWhoGoesLeavesEverythingAndIsErased() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.manager)
            // Elsewhere is his alone.
            #expect(try await ravi.request("POST", "/v1/me/close").problemCode == "last_owner")
            #expect(try await acme.get("/v1/members").text.contains(ravi.userID.description))
            let own = try #require(
                (try await ravi.get("/v1/me").object["tenants"] as? [[String: Any]])?
                    .first { $0["name"] as? String == "Elsewhere" }?["id"] as? String)
            let elsewhere = try await ravi.entering(try #require(TenantID(own)))
            #expect(try await elsewhere.request("POST", "/v1/business/close").status == 200)

            let there = try await elsewhere.refreshed().entering(acme.id)
            #expect(try await there.request("POST", "/v1/me/close").status == 200)
            #expect(try await there.get("/v1/me").problemCode == "session_ended")
            #expect(try api.count("sessions", "user_id = '\(ravi.userID.uuid.hex)' AND revoked_at IS NULL") == 0)
            #expect(try await api.post("/v1/auth/refresh", ["refresh_token": ravi.refreshToken]).status == 401)
            #expect(!(try await acme.get("/v1/members").text.contains(ravi.userID.description)))

            try api.letTheTimeCome()
            let round = try api.doWhatIsDue()
            #expect(round.erased == [.tenant(elsewhere.id), .person(ravi.userID)], "\(round)")
            #expect(try api.count("login_identities", "user_id = '\(ravi.userID.uuid.hex)'") == 0)
            #expect(try api.count("users", "phone = '\(ravi.phone)'") == 0)
            #expect(try await logIn(ravi).problemCode == "credentials_wrong")
            #expect(try await acme.get("/v1/members").status == 200)
        }
    }

    @Test func whoeverComesBackInTimeHasNotGone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            #expect(try await acme.request("POST", "/v1/business/close").status == 200)
            let closed = try await acme.refreshed()
            #expect(try await closed.request("POST", "/v1/me/close").status == 200)
            #expect(try api.count("users", "closed_at IS NOT NULL") == 1)
            // Not by a wrong password.
            let wrong = try await api.post("/v1/auth/login", ["identity": acme.phone, "password": "not this one"])
            #expect(wrong.status == 401)
            #expect(try api.count("users", "closed_at IS NOT NULL") == 1)

            let back = try await logIn(acme)
            #expect(role(back) == "closed")
            #expect(try api.count("users", "closed_at IS NOT NULL") == 0)
            try api.letTheTimeCome()
            #expect(try api.doWhatIsDue().erased == [.tenant(acme.id)])
            #expect(try api.count("users", "phone = '\(acme.phone)'") == 1)
        }
    }

    /// Also somebody who works nowhere any more, however often they come.
    @Test func whoeverHasLeftEverythingComesBackToo() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.manager)
            try api.database.run(
                as: "postgres",
                "UPDATE app.memberships SET ended_at = now() WHERE user_id = '\(ravi.userID.uuid.hex)' AND role = 'owner'"
            )
            #expect(try await ravi.request("POST", "/v1/me/close").status == 200)
            #expect(try api.count("users", "closed_at IS NOT NULL") == 1)
            for _ in 0..<12 { #expect(try await logIn(ravi).problemCode == "tenant_unknown") }
            #expect(try api.count("users", "closed_at IS NOT NULL") == 0)
            #expect(try api.count("sign_in_failures") == 0)
        }
    }

    @Test func anOwnerWhoHasGoneIsNoneWhenTheBusinessOpensAgain() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), sita = try await acme.colleague(.owner)
            #expect(try await acme.request("POST", "/v1/business/close").status == 200)
            let gone = try await acme.refreshed()
            #expect(try await gone.request("POST", "/v1/me/close").status == 200)
            let login = try await api.post(
                "/v1/auth/login",
                ["identity": sita.phone, "password": TestTenant.password, "tenant_id": acme.id.description])
            let token = try #require(login.object["access_token"] as? String)
            #expect(try await api.request("POST", "/v1/business/reopen", token: token).status == 204)
            let open = try await sita.refreshed().entering(acme.id)
            let members = try await open.get("/v1/members").object["data"] as? [[String: Any]]
            #expect(members?.map { $0["id"] as? String } == [sita.userID.description])
            #expect(try await open.request("POST", "/v1/business/leave").problemCode == "last_owner")
        }
    }

    // MARK: - Taking along

    @Test func aBusinessTakesItsDataAlong() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.manager)
            let other = try await api.makeTenant("Other")
            _ = try await acme.makeCustomer(["name": "सुरेश", "notes": "Likes silk"])
            _ = try await other.makeCustomer(["name": "Of the other"])
            #expect(try await ravi.request("POST", "/v1/business/exports").problemCode == "permission_denied")
            let asked = try await acme.request("POST", "/v1/business/exports")
            #expect(asked.status == 202)
            let path = "/v1/business/exports/\(asked.object["id"] as? String ?? "")"
            // Many at once ask for one.
            let ids = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<6 {
                    group.addTask { try await acme.request("POST", "/v1/business/exports").object["id"] as? String }
                }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(ids == [asked.object["id"] as? String])
            #expect(try await acme.get(path).problemCode == "export_pending")
            #expect(
                try await acme.request("POST", "/v1/business/exports").object["id"] as? String == asked.object["id"]
                    as? String)

            #expect(try api.doWhatIsDue().exports == 1)
            let listed = try await acme.get("/v1/business/exports").object["data"] as? [[String: Any]]
            let document = try await acme.get(path)
            #expect(listed?.first?["bytes"] as? Int == document.body.count)
            let tables = try #require(document.object["tables"] as? [String: [[String: Any]]])
            #expect(tables["customers"]?.map { $0["name"] as? String } == ["सुरेश"])
            #expect(!document.text.contains("Of the other"))
            // What is others' own is not in it.
            #expect(
                tables.keys.sorted() == [
                    "api_keys", "business_hours", "business_profiles", "consent_events", "consent_notice_texts",
                    "consent_notices", "consents", "customer_activity", "customer_changes", "customer_field_values",
                    "customer_fields", "customer_import_rows", "customer_imports", "customer_merges",
                    "customer_operations", "customers", "customers_apart", "data_exports", "deal_moves", "deals",
                    "do_not_contact", "follow_ups", "interactions", "invitations", "ledger_balances",
                    "ledger_entries", "memberships", "pipeline_stages", "pipelines", "segments", "tenants",
                ])
            let events = try await acme.get("/v1/audit-events?filter[event]=business.exported").object["data"]
            let details = (events as? [[String: Any]])?.map { $0["detail"] as? String }
            #expect(details == ["fetched", "asked for"])
            // Nobody else's, not even another owner's of the same business.
            #expect(try await other.get(path).problemCode == "export_unknown")
            #expect(try await acme.get("/v1/me/exports/" + path.suffix(36)).problemCode == "export_unknown")
            #expect(try await acme.get("/v1/me/exports").object["data"] as? [[String: String]] == [])
        }
    }

    /// More than is in memory at once comes piece by piece, and whole.
    @Test func aLargeBusinessComesWhole() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try api.database.run(
                as: "postgres",
                """
                INSERT INTO app.customers (tenant_id, id, name, name_key, notes)
                SELECT '\(acme.id.uuid.hex)', gen_random_uuid(), 'Customer ' || n, 'customer ' || n, repeat('x', 200) FROM generate_series(1, 5000) AS n
                """)
            let id = try #require(try await acme.request("POST", "/v1/business/exports").object["id"] as? String)
            _ = try api.doWhatIsDue()
            #expect(try api.count("data_export_parts") > 4)
            let document = try await acme.get("/v1/business/exports/\(id)")
            let tables = document.object["tables"] as? [String: [[String: Any]]]
            #expect(tables?["customers"]?.count == 5_000)
        }
    }

    @Test func aPersonTakesTheirOwnAlong() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.makeCustomer(["name": "A customer"])
            let id = try #require(try await acme.request("POST", "/v1/me/exports").object["id"] as? String)
            _ = try api.doWhatIsDue()
            let document = try await acme.get("/v1/me/exports/\(id)")
            #expect(document.header("Content-Disposition") == "attachment; filename=\"unnati.json\"")
            let tables = try #require(document.object["tables"] as? [String: [[String: Any]]])
            #expect(tables["users"]?.first?["phone"] as? String == acme.phone)
            #expect(tables["login_identities"]?.count == 1)
            #expect(tables["sessions"]?.isEmpty == false)
            // Nothing of the businesses they work in, nor of what the server keeps for itself.
            let own: Set = [
                "data_exports", "federated_identities", "login_identities", "memberships", "sessions", "users",
            ]
            #expect(own.isSuperset(of: tables.keys), "\(tables.keys)")
            // For a week.
            try api.database.run(
                as: "postgres", "UPDATE app.data_exports SET expires_at = now() - interval '1 s'")
            #expect(try await acme.get("/v1/me/exports/\(id)").problemCode == "export_unknown")
            _ = try api.doWhatIsDue()
            #expect(try api.count("data_exports") + api.count("data_export_parts") == 0)
        }
    }

    @Test func whoeverIsNoOwnerAnyMoreGetsNothing() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), sita = try await acme.colleague(.manager)
            #expect(try await acme.post("/v1/business/transfer", ["user_id": sita.userID.description]).status == 204)
            let owner = try await sita.refreshed().entering(acme.id)
            let id = try #require(try await owner.request("POST", "/v1/business/exports").object["id"] as? String)
            try api.database.run(
                as: "postgres", "UPDATE app.memberships SET role = 'staff' WHERE user_id = '\(sita.userID.uuid.hex)'")
            #expect(try api.doWhatIsDue().exports == 0)
            #expect(try await owner.get("/v1/business/exports/\(id)").status >= 400)
            #expect(try api.count("data_exports") == 0)
        }
    }
}
