// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import HTTPMessage
import TestSupport
import Testing

@Suite struct TeamTests {
    /// Every route with every role: those that the table allows get past the door, the others do not.
    @Test(arguments: Role.given)
    func everyRouteIsOpenToTheRolesOfTheTableAndToNoOther(_ role: Role) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let person = role == .owner ? acme : try await acme.colleague(role)
            var leavers: Set = ["logOut", "leaveBusiness", "endOtherSessions", "endSession", "closeAccount"]
            if role == .owner { leavers.insert("closeBusiness") }
            for route in api.application.api.router.routes
            where route.access != "everyone" && !leavers.contains(route.operation) {
                let target = route.template.replacing(/{.*?}/, with: "cus_" + String(repeating: "0", count: 32))
                let body = route.body.maximumBytes > 0 ? Array("{\"x\":1}".utf8) : nil
                let headers = [("Content-Type", "application/json"), ("If-Match", "*")]
                let reply = try await api.request(
                    route.method.rawValue, target, token: person.token, headers: headers, body: body)
                let isAllowed = Permission(rawValue: route.access).map { role.may($0) } ?? true
                let isDenied = reply.problemCode == "permission_denied"
                #expect(isDenied == !isAllowed, "\(role) at \(route.operation): \(reply.status)")
                #expect(route.access == "person" || Permission(rawValue: route.access) != nil, "\(route.operation)")
            }
        }
    }

    @Test func aColleagueIsInvitedComesAndSeesTheBusiness() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await api.makeTenant("Ravi's own")
            _ = try await acme.makeCustomer(["name": "Of Acme"])
            let invited = try await acme.post("/v1/invitations", ["role": "staff"])
            #expect(invited.status == 201)
            let token = try #require(invited.object["token"] as? String)

            let preview = try await api.post("/v1/invitations/preview", ["token": token])
            #expect(preview.object as NSDictionary == ["business_name": "Acme", "role": "staff"])
            #expect(try await ravi.post("/v1/invitations/accept", ["token": token]).status == 200)
            let there = try await ravi.entering(acme.id)
            let seen = try await there.get("/v1/customers").object["data"] as? [[String: Any]]
            #expect(seen?.first?["name"] as? String == "Of Acme")
            let names = try await acme.get("/v1/members").object["data"] as? [[String: Any]]
            #expect(names?.map { $0["role"] as? String } == ["owner", "staff"])
            #expect(names?.last?["phone"] as? String == ravi.phone)

            // For one person, once.
            #expect(try await ravi.post("/v1/invitations/accept", ["token": token]).problemCode == "invitation_unknown")
            let other = try await api.makeTenant("Other")
            #expect(try await other.post("/v1/invitations/accept", ["token": token]).status == 404)
            #expect(try await api.post("/v1/invitations/preview", ["token": token]).status == 404)
        }
    }

    @Test func ofManyWhoHoldOneTokenOneComesIn() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let token = try await acme.post("/v1/invitations", ["role": "staff"]).object["token"] as? String ?? ""
            var people: [TestTenant] = []
            for _ in 0..<8 { people.append(try await api.makeTenant()) }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for person in people {
                    group.addTask { try await person.post("/v1/invitations/accept", ["token": token]).status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 200 }.count == 1)
            #expect(statuses.filter { $0 == 404 }.count == 7)
        }
    }

    @Test func somebodyNewJoinsByInvitationAndCode() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let acme = try await api.makeTenant(), phone = VerificationTests.identity("phone")
            let invited = try await acme.post("/v1/invitations", ["role": "viewer", "phone": phone])
            let token = try #require(invited.object["token"] as? String)
            // The link alone is not enough: it is for this number.
            let stranger = try await api.makeTenant("Other")
            let refused = try await stranger.post("/v1/invitations/accept", ["token": token])
            #expect(refused.problemCode == "invitation_for_another")

            let begun = try await api.post(
                "/v1/auth/register", ["invitation": token, "name": "Sita", "phone": phone])
            #expect(begun.status == 202)
            let verified = try await api.verify(begun, try await Simulator.shared.code(to: phone))
            #expect(verified.object["tenant_id"] as? String == acme.id.description)
            let tenants = verified.object["tenants"] as? [[String: Any]]
            #expect(tenants?.map { $0["role"] as? String } == ["viewer"])
            let own = try #require(verified.object["access_token"] as? String)
            #expect(try await api.request("GET", "/v1/customers", token: own).status == 200)
            let refusedWrite = try await api.post("/v1/customers", token: own, ["name": "x"])
            #expect(refusedWrite.problemCode == "permission_denied")
        }
    }

    /// On a server that did not make the change.
    @Test func anotherRoleHoldsEverywhereWithinFiveSeconds() async throws {
        try await TestAPI.run { api in
            try await api.beside { other in
                let acme = try await api.makeTenant(), ravi = try await acme.colleague(.manager)
                let path = "/v1/members/\(ravi.userID)"
                func invitations() async throws -> RawClient.Reply {
                    try await other.request("GET", "/v1/invitations", token: ravi.token)
                }
                #expect(try await invitations().status == 200)
                let changed = try await acme.patch(path, ["role": "staff"], ifMatch: nil)
                #expect(changed.object["role"] as? String == "staff")
                // At once where it was made.
                #expect(try await ravi.get("/v1/customers").problemCode == "token_outdated")
                let deadline = ContinuousClock.now + .seconds(5)
                while try await invitations().problemCode != "token_outdated" {
                    try #require(ContinuousClock.now < deadline)
                    try await Task.sleep(for: .milliseconds(50))
                }
                let refreshed = try await other.post("/v1/auth/refresh", ["refresh_token": ravi.refreshToken])
                let token = try #require(refreshed.object["access_token"] as? String)
                #expect(
                    try await other.request("GET", "/v1/invitations", token: token).problemCode
                        == "permission_denied")
                #expect(try await other.request("GET", "/v1/customers", token: token).status == 200)

                // Gone: the session goes on in the business that is left.
                #expect(try await acme.delete(path).status == 204)
                let elsewhere = try await api.post(
                    "/v1/auth/refresh", ["refresh_token": try #require(refreshed.object["refresh_token"])])
                #expect(elsewhere.status == 200)
                #expect(elsewhere.object["tenant_id"] as? String != acme.id.description)
                #expect(try await ravi.post("/v1/auth/switch", ["tenant_id": acme.id.description]).status == 401)
            }
        }
    }

    @Test func managersGovernStaffAndViewersAlone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), manager = try await acme.colleague(.manager)
            let staff = try await acme.colleague(.staff), second = try await acme.colleague(.manager)
            func change(_ who: TestTenant, to role: String) async throws -> String? {
                try await manager.patch("/v1/members/\(who.userID)", ["role": role], ifMatch: nil).problemCode
            }
            #expect(try await change(staff, to: "viewer") == nil)
            #expect(try await change(staff, to: "manager") == "role_not_governed")
            #expect(try await change(second, to: "staff") == "role_not_governed")
            #expect(try await change(acme, to: "staff") == "role_not_governed")
            #expect(try await change(manager, to: "owner") == "role_not_governed")
            #expect(try await manager.post("/v1/invitations", ["role": "manager"]).problemCode == "role_not_governed")
            let invited = try await acme.post("/v1/invitations", ["role": "manager"]).object["id"] as? String ?? ""
            #expect(try await manager.delete("/v1/invitations/\(invited)").problemCode == "role_not_governed")
            #expect(try await acme.delete("/v1/invitations/\(invited)").status == 204)
            #expect(try await acme.delete("/v1/invitations/\(invited)").problemCode == "invitation_unknown")
        }
    }

    @Test func aBusinessAlwaysHasAnOwner() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), heir = try await acme.colleague(.staff)
            #expect(try await acme.request("POST", "/v1/business/leave").problemCode == "last_owner")
            let demoted = try await acme.patch("/v1/members/\(acme.userID)", ["role": "staff"], ifMatch: nil)
            #expect(demoted.problemCode == "last_owner")
            #expect(try await acme.delete("/v1/members/\(acme.userID)").problemCode == "last_owner")

            #expect(
                try await acme.post("/v1/business/transfer", ["user_id": "usr_" + String(repeating: "0", count: 32)])
                    .problemCode == "member_unknown")
            #expect(try await acme.post("/v1/business/transfer", ["user_id": heir.userID.description]).status == 204)
            let owner = try await heir.refreshed(), manager = try await acme.refreshed()
            let roles = try await owner.get("/v1/members").object["data"] as? [[String: Any]]
            #expect(roles?.map { $0["role"] as? String } == ["manager", "owner"])
            #expect(try await manager.request("POST", "/v1/business/leave").status == 204)
        }
    }

    @Test func twoOwnersWhoLeaveAtOnceLeaveOne() async throws {
        try await TestAPI.run { api in
            for _ in 0..<5 {
                let acme = try await api.makeTenant(), second = try await acme.colleague(.owner)
                let codes = try await withThrowingTaskGroup(of: String?.self) { group in
                    for owner in [acme, second] {
                        group.addTask { try await owner.request("POST", "/v1/business/leave").problemCode }
                    }
                    return try await group.reduce(into: [String?]()) { $0.append($1) }
                }
                #expect(Set(codes) == [nil, "last_owner"])
            }
        }
    }

    /// What somebody has made in a role goes with it: a door that they left open, and keys.
    @Test func whoIsSentAwayLeavesNothingOpen() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), second = try await acme.colleague(.owner)
            let token = try await second.post("/v1/invitations", ["role": "manager"]).object["token"] as? String ?? ""
            let viewers = try await second.post("/v1/invitations", ["role": "viewer"]).object["token"] as? String ?? ""
            let key = try await second.post("/v1/api-keys", ["name": "x", "scopes": ["customers:read"]]).object["key"]
            let text = try #require(key as? String), other = try await api.makeTenant("Other")
            // As a manager they may still invite viewers, but no managers, and have no keys.
            _ = try await acme.patch("/v1/members/\(second.userID)", ["role": "manager"], ifMatch: nil)
            #expect(try await other.post("/v1/invitations/accept", ["token": token]).status == 404)
            #expect(try await api.post("/v1/invitations/preview", ["token": viewers]).status == 200)
            #expect(try await api.request("GET", "/v1/customers", token: text).status == 401)
            #expect(try await acme.delete("/v1/members/\(second.userID)").status == 204)
            #expect(try await other.post("/v1/invitations/accept", ["token": viewers]).status == 404)
        }
    }

    @Test func anotherOwnerIsMadeByWhoeverHasShownThatItIsThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.staff)
            try api.database.run(
                as: "postgres", "UPDATE app.sessions SET authenticated_at = now() - interval '11 minutes'")
            let made = try await acme.patch("/v1/members/\(ravi.userID)", ["role": "owner"], ifMatch: nil)
            #expect(made.problemCode == "confirmation_needed")
            #expect(try await acme.post("/v1/invitations", ["role": "owner"]).problemCode == "confirmation_needed")
            #expect(try await acme.delete("/v1/members/\(acme.userID)").problemCode == "confirmation_needed")
            #expect(try await acme.patch("/v1/members/\(ravi.userID)", ["role": "viewer"], ifMatch: nil).status == 200)
        }
    }

    @Test func aGiftOfTheBusinessAsksWhetherItIsStillThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), heir = try await acme.colleague(.staff)
            try api.database.run(
                as: "postgres", "UPDATE app.sessions SET authenticated_at = now() - interval '11 minutes'")
            let refused = try await acme.post("/v1/business/transfer", ["user_id": heir.userID.description])
            #expect(refused.problemCode == "confirmation_needed")
        }
    }

    @Test func whoComesBackMeetsTheirOldTokenNoMore() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.manager)
            #expect(try await acme.delete("/v1/members/\(ravi.userID)").status == 204)
            let token = try await acme.post("/v1/invitations", ["role": "viewer"]).object["token"] as? String ?? ""
            let home = try await ravi.refreshed()
            #expect(try await home.post("/v1/invitations/accept", ["token": token]).status == 200)
            #expect(try await ravi.get("/v1/customers").problemCode == "token_outdated")
            let back = try await home.entering(acme.id)
            #expect(try await back.get("/v1/customers").status == 200)
            #expect(try await back.post("/v1/customers", ["name": "x"]).problemCode == "permission_denied")
        }
    }

    @Test func invitationsAreBoundedAndEnd() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for _ in 0..<100 { _ = try await acme.post("/v1/invitations", ["role": "viewer"]) }
            #expect(try await acme.post("/v1/invitations", ["role": "viewer"]).problemCode == "too_many_invitations")
            try api.database.run(as: "postgres", "UPDATE app.invitations SET expires_at = now()")
            let token = try await acme.post("/v1/invitations", ["role": "viewer"]).object["token"] as? String ?? ""
            #expect((try await acme.get("/v1/invitations").object["data"] as? [Any])?.count == 1)
            try api.database.run(as: "postgres", "UPDATE app.invitations SET expires_at = now()")
            #expect(try await api.post("/v1/invitations/preview", ["token": token]).status == 404)
        }
    }

    @Test(arguments: [
        (["role": "boss"], "/role invalid_role"), ([:], "/role required"),
        (["role": "staff", "phone": "12"], "/phone invalid_phone"),
        (["role": "staff", "phone": "9876543210", "email": "a@example.in"], "/email one_of"),
    ])
    func eachFaultOfAnInvitationIsNamed(_ input: [String: String], _ expected: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), refused = try await acme.post("/v1/invitations", input)
            #expect(refused.fields == [expected])
        }
    }
}
