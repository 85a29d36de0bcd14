// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

/// Who looks after a customer, and staff who see their own alone.
@Suite struct CustomerOwnerTests {
    private func names(_ person: TestTenant, _ query: String = "") async throws -> [String] {
        let reply = try await person.get("/v1/customers" + query)
        #expect(reply.status == 200, "\(query): \(reply.text)")
        let data = reply.object["data"] as? [[String: Any]]
        return data?.compactMap { $0["name"] as? String } ?? []
    }

    /// Staff see their own alone from now on; with tokens as they get them then.
    private func restrict(_ acme: TestTenant, _ isOn: Bool = true) async throws {
        let reply = try await acme.patch("/v1/business", ["staff_see_own_customers": isOn], ifMatch: "*")
        #expect(reply.object["staff_see_own_customers"] as? Bool == isOn, "\(reply.text)")
    }

    private func again(_ person: TestTenant, in tenant: TenantID) async throws -> TestTenant {
        let refreshed = try await person.refreshed()
        return refreshed.id == tenant ? refreshed : try await refreshed.entering(tenant)
    }

    @Test func somebodyIsGivenACustomerToLookAfter() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.staff)
            let id = try await acme.makeCustomer(["name": "Of Ravi", "owner_id": ravi.userID.description])
            _ = try await acme.makeCustomer(["name": "Of nobody"])
            #expect(try await acme.get("/v1/customers/\(id)").object["owner_id"] as? String == ravi.userID.description)
            #expect(try await names(acme, "?filter[owner_id]=\(ravi.userID)") == ["Of Ravi"])
            #expect(try await names(ravi) == ["Of nobody", "Of Ravi"])
            let cleared = try await acme.patch("/v1/customers/\(id)", ["owner_id": NSNull()], ifMatch: "*")
            #expect(cleared.status == 200 && cleared.object["owner_id"] == nil)
            let bad = try await acme.get("/v1/customers?filter[owner_id]=me")
            #expect(bad.status == 400)
        }
    }

    @Test func nobodyWhoDoesNotWorkThereLooksAfterAnybody() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let ravi = try await acme.colleague(.staff), id = try await acme.makeCustomer()
            #expect(try await acme.delete("/v1/members/\(ravi.userID)").status == 204)
            let nobody = "usr_" + String(repeating: "0", count: 32)
            for owner in [other.userID.description, ravi.userID.description, nobody, "x", acme.id.description] {
                let created = try await acme.post("/v1/customers", ["name": "X", "owner_id": owner])
                let changed = try await acme.patch("/v1/customers/\(id)", ["owner_id": owner], ifMatch: "*")
                for reply in [created, changed] {
                    let error = (reply.object["errors"] as? [[String: Any]])?.first
                    #expect(error?["code"] as? String == "unknown_member", "\(owner): \(reply.text)")
                    #expect(error?["pointer"] as? String == "/owner_id")
                }
                let items = [["name": "Good"], ["name": "Bad", "owner_id": owner]]
                let batch = try await acme.post("/v1/customers/batch", ["items": items])
                #expect(batch.status == 422, "\(batch.text)")
                #expect(batch.text.contains("unknown_member"))
            }
            #expect(try await names(acme) == ["Asha Rao"])
        }
    }

    @Test func staffSeeTheirOwnAloneWhereTheBusinessSaysSo() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), before = try await acme.colleague(.staff)
            let sita = try await acme.colleague(.manager)
            let others = try await acme.makeCustomer([
                "name": "Of others", "phone": "9812345678", "email": "o@example.in",
            ])
            let own = try await acme.makeCustomer(["name": "Of Ravi", "owner_id": before.userID.description])
            try await restrict(acme)
            // What was given out before is good no longer.
            #expect(try await before.get("/v1/customers").problemCode == "token_outdated")
            let ravi = try await again(before, in: acme.id)

            #expect(try await names(ravi) == ["Of Ravi"])
            for query in [
                "?q=of", "?q=98123", "?sort=name", "?sort=-updated_at", "?filter[stage]=lead",
                "?filter[phone]=9812345678", "?filter[owner_id]=\(acme.userID)",
            ] {
                let found = try await names(ravi, query),
                    isOwn = query.contains("of") || query.contains("sort") || query.contains("stage")
                #expect(found == (isOwn ? ["Of Ravi"] : []), "\(query)")
            }
            #expect(try await ravi.get("/v1/customers/\(others)").problemCode == "customer_unknown")
            let changed = try await ravi.patch("/v1/customers/\(others)", ["notes": "x"], ifMatch: "*")
            #expect(changed.problemCode == "customer_unknown")
            #expect(try await ravi.get("/v1/customers/\(own)").status == 200)
            #expect(try await ravi.patch("/v1/customers/\(own)", ["notes": "x"], ifMatch: "*").status == 200)
            // Whom they add is theirs, and stays so.
            let added = try await ravi.post("/v1/customers", ["name": "New"])
            #expect(added.object["owner_id"] as? String == ravi.userID.description)
            let batch = try await ravi.post("/v1/customers/batch", ["items": [["name": "Newer"]]])
            #expect(batch.text.contains(ravi.userID.description), "\(batch.text)")
            for owner: Any in [acme.userID.description, NSNull()] {
                let given = try await ravi.patch("/v1/customers/\(own)", ["owner_id": owner], ifMatch: "*")
                #expect(given.text.contains("not_allowed"), "\(given.text)")
            }
            let foreign = try await ravi.post("/v1/customers", ["name": "X", "owner_id": acme.userID.description])
            #expect(foreign.text.contains("not_allowed"))
            // A number that is taken is taken. By whom, they are not told.
            for fields in [["phone": "9812345678"], ["email": "o@example.in"]] {
                let taken = try await ravi.post("/v1/customers", fields)
                #expect(taken.status == 409 && !taken.text.contains(others))
                let many = try await ravi.post("/v1/customers/batch", ["items": [fields]])
                #expect(!many.text.contains(others), "\(many.text)")
            }
            // Everybody else goes on as before.
            #expect(try await names(sita).count == 4)
            let ids = try await acme.post("/v1/api-keys", ["name": "Till", "scopes": ["customers:read"]]).object["key"]
            let till = try await api.request("GET", "/v1/customers", token: try #require(ids as? String))
            #expect((till.object["data"] as? [Any])?.count == 4)

            try await restrict(acme, false)
            #expect(try await names(try await again(ravi, in: acme.id)).count == 4)
        }
    }

    /// However they come in: by invitation, by switching, by signing in.
    @Test func everyWayInLeadsToTheSameView() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.makeCustomer(["name": "Of others"])
            try await restrict(acme)
            let ravi = try await acme.colleague(.staff)
            #expect(try await names(ravi) == [])
            let login = try await api.post(
                "/v1/auth/login",
                ["identity": ravi.phone, "password": TestTenant.password, "tenant_id": acme.id.description])
            let token = try #require(login.object["access_token"] as? String)
            #expect((try await api.request("GET", "/v1/customers", token: token).object["data"] as? [Any])?.count == 0)
            #expect(try await names(try await again(ravi, in: acme.id)) == [])
            // A role that is changed brings another view.
            let path = "/v1/members/\(ravi.userID)"
            #expect(try await acme.patch(path, ["role": "manager"], ifMatch: nil).status == 200)
            #expect(try await names(try await again(ravi, in: acme.id)) == ["Of others"])
        }
    }
}
