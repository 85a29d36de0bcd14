// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct CustomerTests {
    @Test func aCustomerIsAddedReadChangedAndDeleted() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let created = try await acme.post(
                "/v1/customers",
                ["name": " सुरेश पटेल ", "phone": "९८७६५ ४३२१२", "tags": ["silk", "silk"], "notes": "line one\nline two"])
            let location = try #require(created.header("Location"))

            #expect(created.status == 201)
            #expect(created.object["name"] as? String == "सुरेश पटेल")
            #expect(created.object["phone"] as? String == "+919876543212")
            #expect(created.object["tags"] as? [String] == ["silk"])
            #expect(try await acme.get(location).object as NSDictionary == created.object as NSDictionary)

            let changed = try await acme.patch(
                location, ["stage": "active", "notes": NSNull()], ifMatch: created.header("ETag"))
            #expect(changed.status == 200)
            #expect(changed.object["stage"] as? String == "active")
            #expect(changed.object["notes"] == nil)
            #expect(changed.header("ETag") == "\"2\"")

            #expect(try await acme.patch(location, ["name": "Late"], ifMatch: created.header("ETag")).status == 412)
            #expect(try await acme.patch(location, ["name": "Blind"], ifMatch: nil).status == 428)
            #expect(try await acme.patch(location, ["name": "Any"], ifMatch: "*").status == 200)
            #expect(try await acme.patch(location, ["name": NSNull(), "phone": NSNull()], ifMatch: "*").status == 422)
            #expect(try await acme.delete(location).status == 204)
            #expect(try await acme.get(location).status == 404)
            #expect(try await acme.delete(location).status == 404)
        }
    }

    @Test func whoHasTheNewestVersionIsNotSentItAgain() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let path = "/v1/customers/\(try await acme.makeCustomer())"
            func ask(_ tags: String, as tenant: TestTenant) async throws -> RawClient.Reply {
                try await api.request("GET", path, token: tenant.token, headers: [("If-None-Match", tags)])
            }

            for tags in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
                let reply = try await ask(tags, as: acme)
                #expect(reply.status == 304, "\(tags)")
                #expect(reply.header("ETag") == "\"1\"" && reply.body.isEmpty && reply.header("Content-Length") == nil)
            }
            for tags in ["\"2\"", "1", "", ",,,", "\"1"] {
                #expect(try await ask(tags, as: acme).status == 200, "\(tags)")
            }
            #expect(try await ask("*", as: other).status == 404)
            #expect(try await acme.patch(path, ["name": "Late"], ifMatch: "*").status == 200)
            #expect(try await ask("\"1\"", as: acme).status == 200)
        }
    }

    @Test func ofTwoWritersWithOneVersionOneWins() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let id = try await acme.makeCustomer()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for turn in 0..<20 {
                    group.addTask {
                        try await acme.patch("/v1/customers/\(id)", ["name": "Writer \(turn)"], ifMatch: "\"1\"").status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 200 }.count == 1)
            #expect(statuses.filter { $0 == 412 }.count == 19)
        }
    }

    @Test func aNumberBelongsToOneCustomerOfABusiness() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let id = try await acme.makeCustomer(["name": "A", "phone": "9812345678", "email": "a@example.in"])
            let second = try await acme.makeCustomer(["name": "B"])

            let phone = try await acme.post("/v1/customers", ["phone": "+91 98123 45678"])
            let email = try await acme.patch("/v1/customers/\(second)", ["email": "A@example.in"], ifMatch: "*")

            #expect(phone.status == 409)
            #expect(phone.problemCode == "customer_phone_taken")
            #expect(phone.object["conflicting_id"] as? String == id)
            #expect(email.problemCode == "customer_email_taken")
            #expect(email.object["conflicting_id"] as? String == id)
            #expect(try await other.post("/v1/customers", ["phone": "9812345678"]).status == 201)
        }
    }

    @Test func aWalkThroughTheListMeetsEachCustomerOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            var expected: [String] = []
            for index in 0..<25 { expected.insert(try await acme.makeCustomer(["name": "Customer \(index)"]), at: 0) }

            var found: [String] = [], target: String? = "/v1/customers?limit=7"
            while let page = target {
                let reply = try await acme.get(page)
                found += (reply.object["data"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
                // Someone adds a customer meanwhile: the walk goes on as it was.
                if found.count == 7 { _ = try await acme.makeCustomer(["name": "Newcomer"]) }
                target = reply.header("Link").map { String($0.dropFirst().prefix { $0 != ">" }) }
                #expect((reply.object["has_more"] as? Bool) == (target != nil))
            }

            #expect(found == expected)
        }
    }

    @Test func theListIsFilteredAndSearched() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for fields in [
                ["name": "Zoë D'Souza 100%", "phone": "9812345678", "stage": "active", "tags": ["vip"]],
                ["name": "सुरेश पटेल", "phone": "9898989898", "tags": ["silk"]],
                ["name": "Suresh_Patel", "stage": "active"], ["email": "only@example.in"],
            ] as [[String: Any]] { _ = try await acme.makeCustomer(fields) }
            func count(_ query: String) async throws -> Int {
                (try await acme.get("/v1/customers?" + query).object["data"] as? [Any])?.count ?? -1
            }

            #expect(try await count("filter[stage]=active") == 2)
            #expect(try await count("filter[tag]=vip") == 1)
            #expect(try await count("filter%5Bstage%5D=active&filter%5Btag%5D=vip") == 1)
            #expect(try await count("q=zoe") == 1)
            #expect(try await count("q=%E0%A4%B8%E0%A5%81%E0%A4%B0%E0%A5%87%E0%A4%B6") == 2)
            #expect(try await count("q=98123") == 1)
            #expect(try await count("q=%2B91+98123") == 1)
            #expect(try await acme.get("/v1/customers?q=%25").status == 400)
            #expect(try await count("q=s_p") == 2)
            #expect(try await count("q=100%25") == 1)
            #expect(try await count("q=nobody") == 0)
        }
    }

    @Test func aCursorIsBoundToItsFilters() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            for index in 0..<3 { _ = try await acme.makeCustomer(["name": "C\(index)"]) }
            let cursor = try #require(try await acme.get("/v1/customers?limit=1").object["next_cursor"] as? String)

            #expect(
                try await acme.get("/v1/customers?limit=1&filter[stage]=lead&cursor=\(cursor)").problemCode
                    == "cursor_mismatch"
            )
            #expect(try await other.get("/v1/customers?limit=1&cursor=\(cursor)").problemCode == "cursor_mismatch")
            #expect(
                try await acme.get("/v1/customers?limit=1&cursor=\(cursor.dropLast())A").problemCode
                    == "cursor_mismatch")
            #expect(try await acme.get("/v1/customers?limit=2&cursor=\(cursor)").status == 200)
        }
    }

    @Test(arguments: [
        "limit=0", "limit=101", "limit=x", "limit=%2B5", "filter[stage]=vip", "page=2", "limit=1&limit=2", "q=",
        "filter[tag]=%00", "q=%ff", "limit=%", "stage=lead", "filter[stage]=lead,active", "filter[stage][eq]=lead",
        "filter[stage][in]=lead,vip", "filter[stage]=lead&filter[stage][in]=lead,active", "filter[name][prefix]=%CC%81",
        "q=%CC%81", "filter[stage][in]=", "filter[notes]=x", "filter[tag][prefix]=a", "filter[]=a",
        "filter[stage]]=lead", "filter[name][prefix]=", "filter[phone]=12", "filter[phone][prefix]=98",
        "filter[phone][prefix]=%2B", "filter[email]=x", "filter[created_at][gte]=yesterday",
        "filter[created_at][gte]=2026-02-30T00:00:00Z", "filter[updated_at][lte]=2026-01-01",
        "filter[updated_at]=2026-01-01T00:00:00Z",
        "sort=phone", "sort=--name", "sort=", "sort=-", "expand=customer",
        "filter[stage][in]=lead,lead,lead,lead,lead,lead,lead,lead,lead,lead,lead,lead,lead,lead,lead,lead,lead,lead,lead,lead,lead",
    ])
    func wrongQueriesAreRefused(_ query: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            #expect(try await acme.get("/v1/customers?" + query).status == 400)
        }
    }

    @Test(arguments: [
        ("{", 400, "malformed_json"), ("", 400, "malformed_json"), ("{\"name\":\"a\",}", 400, "malformed_json"),
        ("\u{FEFF}{}", 400, "malformed_json"),
        ("{\"nam\":\"a\"}", 422, "validation_failed"), ("{\"name\":1}", 422, "validation_failed"),
        ("{}", 422, "validation_failed"),
        ("[]", 422, "validation_failed"),
        ("{\"name\":\"\"}", 422, "validation_failed"), ("{\"name\":\"\\ud800\"}", 422, "json_forbidden_character"),
        ("{\"name\":\"a\\u0000\"}", 422, "json_forbidden_character"),
        ("{\"name\":\"a\",\"name\":\"b\"}", 422, "json_duplicate_key"),
        (String(repeating: "[", count: 100_000), 422, "json_limit_exceeded"),
        ("{\"id\":\"cus_00000000000000000000000000000000\",\"name\":\"a\"}", 422, "validation_failed"),
        ("{\"name\":\"\(String(repeating: "x", count: 201))\"}", 422, "validation_failed"),
    ])
    func badBodiesGetAClearProblem(_ body: String, _ status: Int, _ code: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let reply = try await api.request(
                "POST", "/v1/customers", token: acme.token, headers: [("Content-Type", "application/json")],
                body: Array(body.utf8))
            #expect(reply.status == status)
            #expect(reply.problemCode == code)
            #expect((try await acme.get("/v1/customers").object["data"] as? [Any])?.count == 0)
        }
    }

    @Test func otherTypesAndLargeBodiesAreRefused() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for type in ["text/plain", "application/json; charset=latin1", "application/xml", ""] {
                let reply = try await api.request(
                    "POST", "/v1/customers", token: acme.token, headers: [("Content-Type", type)],
                    body: Array("{}".utf8))
                #expect(reply.status == 415)
            }
            let large = try await api.request(
                "POST", "/v1/customers", token: acme.token, headers: [("Content-Type", "application/json")],
                body: [UInt8](repeating: 32, count: (1 << 20) + 1))
            #expect(large.status == 413)
        }
    }
}
