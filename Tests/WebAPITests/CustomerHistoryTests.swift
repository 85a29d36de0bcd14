// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct CustomerHistoryTests {
    private func data(_ reply: RawClient.Reply) -> [[String: Any]] { reply.object["data"] as? [[String: Any]] ?? [] }

    @Test func whoChangedWhatIsReadLater() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), path = "/v1/customers/\(try await acme.makeCustomer())"
            _ = try await acme.patch(path, ["name": "आशा राव", "tags": ["silk"]], ifMatch: "*")
            _ = try await acme.patch(path, ["tags": ["silk"]], ifMatch: "*")  // changes nothing
            _ = try await acme.patch(path, ["city": "Pune", "tags": NSNull()], ifMatch: "*")
            let history = data(try await acme.get(path + "/history"))

            #expect(history.map { $0["kind"] as? String } == ["updated", "updated"])
            #expect(history[0]["actor_id"] as? String == acme.userID.description)
            let fields = history[1]["fields"] as? NSArray
            #expect(
                fields == [["field": "name", "from": "Asha Rao", "to": "आशा राव"], ["field": "tags", "to": ["silk"]]])
            let page = try await acme.get(path + "/history?limit=1")
            let cursor = try #require(page.object["next_cursor"] as? String)
            let rest = data(try await acme.get(path + "/history?limit=1&cursor=\(cursor)"))
            #expect(rest.map { $0["id"] as? String } == [history[1]["id"] as? String])
        }
    }

    @Test func whoWasDeletedIsInTheBinAndComesBack() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let id = try await acme.makeCustomer(["name": "Asha", "phone": "9812345678"]), path = "/v1/customers/\(id)"
            #expect(try await acme.delete(path).status == 204)

            #expect(try await acme.get(path).status == 404)
            #expect(try await acme.patch(path, ["name": "x"], ifMatch: "*").status == 404)
            #expect(data(try await acme.get("/v1/customers?filter[phone]=9812345678")).isEmpty)
            #expect(data(try await acme.get("/v1/customers?q=asha")).isEmpty)
            let bin = data(try await acme.get("/v1/customers/deleted"))
            #expect(bin.map { $0["id"] as? String } == [id])
            #expect(bin[0]["deleted_at"] != nil && bin[0]["erase_after"] != nil)
            #expect(data(try await other.get("/v1/customers/deleted")).isEmpty)
            #expect(try await api.request("POST", path + "/restore", token: other.token).status == 404)

            let back = try await api.request("POST", path + "/restore", token: acme.token)
            #expect(back.status == 200 && back.object["phone"] as? String == "+919812345678")
            #expect(try await acme.get(path).status == 200)
            #expect(
                try await api.request("POST", path + "/restore", token: acme.token).problemCode
                    == "customer_not_deleted")
            let kinds = data(try await acme.get(path + "/history")).map { $0["kind"] as? String }
            #expect(kinds == ["restored", "deleted"])
        }
    }

    @Test func aNumberOfSomebodyInTheBinIsFree() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let old = try await acme.makeCustomer(["name": "Old", "phone": "9812345678", "email": "a@example.in"])
            _ = try await acme.delete("/v1/customers/\(old)")
            let new = try await acme.makeCustomer(["name": "New", "phone": "9812345678", "email": "a@example.in"])

            let refused = try await api.request("POST", "/v1/customers/\(old)/restore", token: acme.token)
            #expect(refused.problemCode == "customer_phone_taken")
            #expect(refused.object["conflicting_id"] as? String == new)
        }
    }

    @Test func whoseTimeInTheBinIsOverIsErased() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.post("/v1/customer-fields", ["key": "size", "label": "Size", "kind": "number"])
            let id = try await acme.makeCustomer(["name": "Asha", "custom_fields": ["size": 38]])
            let kept = try await acme.makeCustomer(["name": "Kept"])
            for id in [id, kept] { _ = try await acme.delete("/v1/customers/\(id)") }
            #expect(try api.doWhatIsDue().erased.isEmpty)
            try api.database.run(
                as: "unnati_owner",
                "UPDATE app.customers SET erase_after = now() - interval '1 second' WHERE name = 'Asha'")

            #expect(data(try await acme.get("/v1/customers/deleted")).map { $0["id"] as? String } == [kept])
            #expect(try await api.request("POST", "/v1/customers/\(id)/restore", token: acme.token).status == 404)
            #expect(try api.doWhatIsDue().erased.count == 1)
            for table in ["customers", "customer_changes", "customer_field_values"] {
                let column = table == "customers" ? "id" : "customer_id"
                let left = try api.database.run(
                    as: "unnati_owner",
                    "SELECT count(*) FROM app.\(table) WHERE replace(\(column)::text, '-', '') = '\(id.dropFirst(4))'")
                #expect(left == [["0"]], "\(table)")
            }
        }
    }

    @Test func whoAsksToBeForgottenIs() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer(["name": "Asha"])
            let manager = try await acme.colleague(.manager), path = "/v1/customers/\(id)"

            #expect(try await api.request("POST", path + "/erase", token: manager.token).status == 403)
            #expect(try await api.request("POST", path + "/erase", token: acme.token).status == 202)
            #expect(try await acme.get(path).status == 404)
            #expect(try await api.request("POST", path + "/restore", token: acme.token).status == 404)
            #expect(try await acme.patch(path, ["name": "x"], ifMatch: "*").status == 404)
            #expect(try api.doWhatIsDue().erased.count == 1)
            #expect(
                data(try await acme.get("/v1/audit-events?filter[event]=customer.erased")).first?["subject"] as? String
                    == id)
        }
    }
}

@Suite struct CustomerOperationTests {
    private func data(_ reply: RawClient.Reply) -> [[String: Any]] { reply.object["data"] as? [[String: Any]] ?? [] }

    private func undo(_ reply: RawClient.Reply, _ acme: TestTenant) async throws -> RawClient.Reply {
        let id = (reply.object["operation"] as? [String: Any])?["id"] as? String
        return try await acme.api.request(
            "POST", "/v1/customer-operations/\(try #require(id))/undo", token: acme.token)
    }

    @Test func manyAreChangedAndThatIsUndone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.post("/v1/customer-fields", ["key": "size", "label": "Size", "kind": "number"])
            var ids: [String] = []
            for number in 0..<30 {
                ids.append(try await acme.makeCustomer(["name": "C\(number)", "tags": ["old"], "city": "Pune"]))
            }
            let unknown = "cus_" + String(repeating: "0", count: 32)
            let changed = try await acme.post(
                "/v1/customers/bulk-update",
                [
                    "customer_ids": ids + [unknown], "add_tags": ["vip"], "remove_tags": ["old"],
                    "change": ["stage": "active", "city": NSNull(), "custom_fields": ["size": 38]],
                ])

            #expect(changed.status == 200, "\(changed.text)")
            #expect(changed.object["unknown"] as? [String] == [unknown])
            #expect((changed.object["operation"] as? [String: Any])?["customers"] as? Int == 30)
            #expect(
                data(try await acme.get("/v1/customers?filter[tag]=vip&filter[stage]=active&limit=100")).count == 30)
            #expect(data(try await acme.get("/v1/customers?filter[custom]=size:38&limit=100")).count == 30)

            // Somebody changes one of them again: that stays.
            _ = try await acme.patch("/v1/customers/\(ids[0])", ["stage": "dormant"], ifMatch: "*")
            let undone = try await undo(changed, acme)
            #expect(undone.object["restored"] as? Int == 29)
            let first = try await acme.get("/v1/customers/\(ids[0])").object
            #expect(first["stage"] as? String == "dormant" && first["tags"] as? [String] == ["old"])
            #expect(first["city"] as? String == "Pune" && first["custom_fields"] == nil)
            #expect(data(try await acme.get("/v1/customers?filter[stage]=lead&filter[tag]=old&limit=100")).count == 29)
            #expect(try await undo(changed, acme).problemCode == "customer_operation_undone")
            let operations = data(try await acme.get("/v1/customer-operations"))
            #expect(operations.map { $0["kind"] as? String } == ["update"])
        }
    }

    @Test func manyAreDeletedAndComeBack() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            var ids: [String] = []
            for number in 0..<10 { ids.append(try await acme.makeCustomer(["phone": "98123456\(10 + number)"])) }
            let foreign = try await other.makeCustomer()
            let deleted = try await acme.post("/v1/customers/bulk-delete", ["customer_ids": ids + [foreign]])

            #expect(deleted.object["unknown"] as? [String] == [foreign])
            #expect(data(try await acme.get("/v1/customers")).isEmpty)
            #expect(try await other.get("/v1/customers/\(foreign)").status == 200)
            // One of the numbers has got another owner by now.
            _ = try await acme.makeCustomer(["name": "New", "phone": "9812345610"])
            // Another was taken back, and deleted by itself.
            let restored = try await api.request("POST", "/v1/customers/\(ids[1])/restore", token: acme.token)
            #expect(restored.status == 200)
            #expect(try await acme.delete("/v1/customers/\(ids[1])").status == 204)
            #expect(try await undo(deleted, acme).object["restored"] as? Int == 8)
            #expect(data(try await acme.get("/v1/customers")).count == 9)
            let bin = data(try await acme.get("/v1/customers/deleted")).map { $0["id"] as? String }
            #expect(Set(bin) == [ids[0], ids[1]])
        }
    }

    @Test func whatCannotBeDoneToManyIsNotDoneToAny() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let stranger = "usr_" + String(repeating: "0", count: 32)
            for (body, pointer) in [
                (["customer_ids": [id], "change": ["phone": "9812345678"]], "/change"),
                (["customer_ids": [id], "change": ["stage": "gone"]], "/change/stage"),
                (["customer_ids": [id], "change": ["owner_id": stranger]], "/items/0/owner_id"),
                (["customer_ids": [id], "add_tags": (0..<51).map { "t\($0)" }], "/add_tags"),
                (["customer_ids": [] as [String], "add_tags": ["x"]], "/customer_ids"),
                (["customer_ids": ["x"], "add_tags": ["x"]], "/customer_ids/0"), (["customer_ids": [id]], "/change"),
            ] as [([String: Any], String)] {
                let refused = try await acme.post("/v1/customers/bulk-update", body)
                let error = (refused.object["errors"] as? [[String: Any]])?.first
                #expect(refused.status == 422)
                #expect(error?["pointer"] as? String == pointer, "\(refused.text)")
            }
            let tooMany = (0..<501).map { _ in id }
            #expect(try await acme.post("/v1/customers/bulk-delete", ["customer_ids": tooMany]).status == 422)
            #expect(try await acme.get("/v1/customers/\(id)").object["version"] as? Int == 1)
            #expect(data(try await acme.get("/v1/customer-operations")).isEmpty)
        }
    }

    @Test func whoSeesTheirOwnAloneChangesTheirOwnAlone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let patched = try await acme.patch("/v1/business", ["staff_see_own_customers": true], ifMatch: "*")
            #expect(patched.status == 200)
            let staff = try await acme.colleague(.staff)
            let mine = try await staff.makeCustomer(["name": "Mine"]),
                other = try await acme.makeCustomer(["name": "Not"])

            let changed = try await staff.post(
                "/v1/customers/bulk-update", ["customer_ids": [mine, other], "add_tags": ["x"]])
            #expect(changed.object["unknown"] as? [String] == [other])
            let given = try await staff.post(
                "/v1/customers/bulk-update",
                ["customer_ids": [mine], "change": ["owner_id": acme.userID.description]])
            #expect(given.status == 422)
            #expect(try await staff.get("/v1/customers/\(other)/history").status == 404)
            #expect(try await acme.get("/v1/customers/\(other)").object["version"] as? Int == 1)
            _ = try await acme.delete("/v1/customers/\(other)")
            #expect(data(try await staff.get("/v1/customers/deleted")).isEmpty)
        }
    }

    @Test func anOperationThatIsSentAgainIsDoneOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let body = Array(try JSONSerialization.data(withJSONObject: ["customer_ids": [id], "add_tags": ["x"]]))
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k")]
            let replies = [
                try await api.request(
                    "POST", "/v1/customers/bulk-update", token: acme.token, headers: headers, body: body),
                try await api.request(
                    "POST", "/v1/customers/bulk-update", token: acme.token, headers: headers, body: body),
            ]
            #expect(replies[0].text == replies[1].text && replies[1].header("Idempotent-Replayed") == "true")
            #expect(data(try await acme.get("/v1/customer-operations")).count == 1)
        }
    }
}
