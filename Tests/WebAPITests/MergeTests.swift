// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct MergeTests {
    private func data(_ path: String, _ acme: TestTenant) async throws -> [[String: Any]] {
        try await acme.get(path).object["data"] as? [[String: Any]] ?? []
    }

    private func merge(_ other: String, into id: String, _ acme: TestTenant) async throws -> RawClient.Reply {
        try await acme.post("/v1/customers/\(id)/merge", ["customer_id": other])
    }

    private func mergeID(_ reply: RawClient.Reply) throws -> String {
        try #require((reply.object["merge"] as? [String: Any])?["id"] as? String)
    }

    private func undo(_ id: String, _ acme: TestTenant) async throws -> RawClient.Reply {
        try await acme.api.request("POST", "/v1/customer-merges/\(id)/undo", token: acme.token)
    }

    @Test func twoCustomersBecomeOneAndTwoAgain() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.post("/v1/customer-fields", ["key": "size", "label": "Size", "kind": "number"])
            let one = try await acme.makeCustomer([
                "name": "Suresh Patel", "phone": "9812345678", "tags": ["silk"], "notes": "Tall.",
            ])
            let two = try await acme.makeCustomer([
                "name": "सुरेश पटेल", "phone": "9898989898", "email": "s@example.in", "tags": ["vip", "silk"],
                "notes": "Pays in cash.",
                "city": "Surat", "custom_fields": ["size": 42],
            ])
            let note = try await acme.post("/v1/customers/\(two)/interactions", ["kind": "note", "body": "Said hello"])
            #expect(note.status == 201)
            let before = try [
                await acme.get("/v1/customers/\(one)").object, await acme.get("/v1/customers/\(two)").object,
            ]

            let merged = try await merge(two, into: one, acme)
            #expect(merged.status == 200, "\(merged.text)")
            let customer = try #require(merged.object["customer"] as? [String: Any])
            #expect(customer["id"] as? String == one && customer["name"] as? String == "Suresh Patel")
            #expect(
                customer["other_phones"] as? [String] == ["+919898989898"]
                    && customer["email"] as? String == "s@example.in")
            #expect(customer["tags"] as? [String] == ["silk", "vip"] && customer["city"] as? String == "Surat")
            #expect(customer["notes"] as? String == "Tall.\n\nPays in cash.")
            #expect(customer["custom_fields"] as? NSDictionary == ["size": 42])
            // The other's id means the one who stayed, for whatever it is used.
            #expect(try await acme.get("/v1/customers/\(two)").object as NSDictionary == customer as NSDictionary)
            #expect(
                try await acme.patch("/v1/customers/\(two)", ["language": "gu"], ifMatch: "*").object["id"] as? String
                    == one)
            #expect(try await data("/v1/customers", acme).map { $0["id"] as? String } == [one])
            #expect(try await data("/v1/customers/deleted", acme).isEmpty)
            for path in [one, two] {
                let timeline = try await data("/v1/customers/\(path)/interactions", acme)
                #expect(timeline.map { $0["body"] as? String } == ["Said hello"])
            }
            let q = "सुरेश पटेल".addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            #expect(try await data("/v1/customers/search?q=\(q)", acme).map { $0["id"] as? String } == [one])
            #expect(try await data("/v1/customers?q=98989", acme).map { $0["id"] as? String } == [one])
            #expect(try await data("/v1/customer-merges", acme).count == 1)

            let undone = try await undo(try mergeID(merged), acme)
            #expect(undone.status == 200, "\(undone.text)")
            for (id, old) in zip([one, two], before) {
                var now = try await acme.get("/v1/customers/\(id)").object, was = old
                for name in ["version", "updated_at"] { (now[name], was[name]) = (nil, nil) }
                // What somebody has changed meanwhile stays.
                if id == one { was["language"] = "gu" }
                #expect(now as NSDictionary == was as NSDictionary)
            }
            #expect(try await data("/v1/customers/\(one)/interactions", acme).isEmpty)
            #expect(try await data("/v1/customers/\(two)/interactions", acme).count == 1)
            #expect(try await data("/v1/customers?q=98989", acme).map { $0["id"] as? String } == [two])
            #expect(try await undo(try mergeID(merged), acme).problemCode == "customer_merge_unknown")
            let kinds = try await data("/v1/customers/\(one)/history", acme).map { $0["kind"] as? String }
            #expect(kinds == ["unmerged", "updated", "merged"])
        }
    }

    @Test func whoWasMergedMayBeMergedOnAndIsTakenBackInOrder() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let ids = try await acme.makeCustomers((0..<3).map { ["name": "C\($0)", "phone": "981234567\($0)"] })
            for id in ids { _ = try await acme.post("/v1/customers/\(id)/interactions", ["kind": "note", "body": id]) }
            let first = try await merge(ids[0], into: ids[1], acme),
                second = try await merge(ids[1], into: ids[2], acme)
            #expect(first.status == 200 && second.status == 200)

            #expect(try await acme.get("/v1/customers/\(ids[0])").object["id"] as? String == ids[2])
            #expect(try await data("/v1/customers/\(ids[0])/interactions", acme).count == 3)
            #expect(try await merge(ids[0], into: ids[2], acme).problemCode == "customers_are_one")
            #expect(try await merge(ids[2], into: ids[0], acme).problemCode == "customers_are_one")
            #expect(try await undo(try mergeID(first), acme).problemCode == "customer_merged_again")
            #expect(try await undo(try mergeID(second), acme).status == 200)
            #expect(try await acme.get("/v1/customers/\(ids[0])").object["id"] as? String == ids[1])
            #expect(try await undo(try mergeID(first), acme).status == 200)
            for id in ids {
                #expect(try await acme.get("/v1/customers/\(id)").object["id"] as? String == id)
                #expect(try await data("/v1/customers/\(id)/interactions", acme).count == 1)
            }
        }
    }

    @Test func whoSeesTheirOwnAloneFindsThemByTheNameOfWhoeverWasMerged() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.patch("/v1/business", ["staff_see_own_customers": true], ifMatch: "*")
            let staff = try await acme.colleague(.staff)
            let mine = try await staff.makeCustomer(["name": "Suresh"]),
                other = try await acme.makeCustomer(["name": "Velvet"])
            let third = try await acme.makeCustomer(["name": "Damask"])
            func found(_ text: String) async throws -> [String?] {
                try await data("/v1/customers/search?q=\(text)", staff).map { $0["id"] as? String }
            }
            _ = try await merge(third, into: other, acme)
            for name in ["velvet", "damask"] { #expect(try await found(name) == [], "\(name)") }
            let merged = try await merge(other, into: mine, acme)
            for name in ["velvet", "damask", "suresh"] { #expect(try await found(name) == [mine], "\(name)") }
            // Whoever looks after the one who stayed does so after all of them.
            _ = try await acme.patch("/v1/customers/\(mine)", ["owner_id": NSNull()], ifMatch: "*")
            for name in ["velvet", "damask", "suresh"] { #expect(try await found(name) == [], "\(name)") }
            _ = try await acme.post(
                "/v1/customers/bulk-update",
                ["customer_ids": [other], "change": ["owner_id": staff.userID.description]])
            for name in ["velvet", "damask", "suresh"] { #expect(try await found(name) == [mine], "\(name)") }
            _ = try await undo(try mergeID(merged), acme)
            for name in ["velvet", "damask"] { #expect(try await found(name) == [], "\(name)") }
            #expect(try await found("suresh") == [mine])
        }
    }

    @Test func whoIsInTheBinIsTakenBackBeforeTheirMergeIs() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let ids = try await acme.makeCustomers(["One", "Two", "Three"].map { ["name": $0] })
            let first = try await merge(ids[2], into: ids[1], acme),
                second = try await merge(ids[1], into: ids[0], acme)
            _ = try await acme.delete("/v1/customers/\(ids[0])")
            for merge in [first, second] {
                #expect(try await undo(try mergeID(merge), acme).problemCode == "customer_in_bin")
            }
            #expect(
                try await api.request("POST", "/v1/customers/\(ids[2])/restore", token: acme.token).object["id"]
                    as? String
                    == ids[0])
            for merge in [second, first] { #expect(try await undo(try mergeID(merge), acme).status == 200) }
            let again = try await merge(ids[1], into: ids[0], acme).object["merge"] as? NSDictionary
            #expect(try await data("/v1/customer-merges", acme).first as NSDictionary? == again)
        }
    }

    @Test func severalNamesOfOneTakeNoPlaceOfOthers() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let ids = try await acme.makeCustomers(
                (0..<4).map { _ in ["name": "C", "other_phones": ["9876543210"]] })
            for other in [2, 3] { _ = try await merge(ids[other], into: ids[1], acme) }
            func found(_ limit: Int) async throws -> [String?] {
                try await data("/v1/customers/search?q=98765432&limit=\(limit)", acme).map { $0["id"] as? String }
            }
            #expect(try await found(2) == [ids[1], ids[0]])
            _ = try await acme.delete("/v1/customers/\(ids[1])")
            #expect(try await found(1) == [ids[0]])
        }
    }

    @Test func whatIsDoneToManyIsDoneToWhoeverTheyTurnedOutToBe() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let one = try await acme.makeCustomer(["name": "One"]), two = try await acme.makeCustomer(["name": "Two"])
            _ = try await merge(two, into: one, acme)
            let tagged = try await acme.post("/v1/customers/bulk-update", ["customer_ids": [two], "add_tags": ["x"]])
            #expect(tagged.status == 200 && (tagged.object["unknown"] as? [Any])?.isEmpty != false, "\(tagged.text)")
            #expect(try await acme.get("/v1/customers/\(one)").object["tags"] as? [String] == ["x"])
            #expect(try await acme.post("/v1/customers/bulk-delete", ["customer_ids": [two, one]]).status == 200)
            #expect(try await acme.get("/v1/customers/\(one)").status == 404)
            let back = try await api.request("POST", "/v1/customers/\(two)/restore", token: acme.token)
            #expect(back.object["id"] as? String == one, "\(back.text)")
        }
    }

    @Test func whatCannotBeMergedIsNot() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let one = try await acme.makeCustomer(["name": "One"]), two = try await acme.makeCustomer(["name": "Two"])
            let foreign = try await other.makeCustomer(["name": "Foreign"])
            let staff = try await acme.colleague(.staff)

            #expect(try await merge(one, into: one, acme).problemCode == "customers_are_one")
            #expect(try await merge(foreign, into: one, acme).problemCode == "customer_unknown")
            #expect(try await merge(one, into: foreign, acme).problemCode == "customer_unknown")
            #expect(try await merge("cus_x", into: one, acme).status == 422)
            #expect(try await merge(two, into: one, staff).status == 403)
            _ = try await acme.delete("/v1/customers/\(two)")
            #expect(try await merge(two, into: one, acme).problemCode == "customer_unknown")
            #expect(try await acme.get("/v1/customers/\(one)").object["version"] as? Int == 1)
            #expect(try await other.get("/v1/customers/\(foreign)").object["version"] as? Int == 1)
        }
    }

    @Test func aNumberThatIsAnothersByNowKeepsTheMerge() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let one = try await acme.makeCustomer(["name": "One", "phone": "9812345678"])
            let two = try await acme.makeCustomer(["name": "Two", "phone": "9898989898"])
            let merged = try await merge(two, into: one, acme)
            _ = try await acme.makeCustomer(["name": "Three", "phone": "9898989898"])
            #expect(try await undo(try mergeID(merged), acme).problemCode == "customer_phone_taken")
            #expect(try await acme.get("/v1/customers/\(two)").object["id"] as? String == one)
        }
    }

    @Test func whoMergesTheSameTwoAtOnceMergesThemOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let one = try await acme.makeCustomer(["name": "One"]), two = try await acme.makeCustomer(["name": "Two"])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for turn in 0..<10 {
                    group.addTask {
                        let (id, other) = turn % 2 == 0 ? (one, two) : (two, one)
                        return try await acme.post("/v1/customers/\(id)/merge", ["customer_id": other]).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 200 }.count == 1 && statuses.filter { $0 == 409 }.count == 9, "\(statuses)")
        }
    }

    @Test func theErasureOfOneIsThatOfAllWhoWereMergedIntoThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            var ids: [String] = []
            for number in 0..<3 { ids.append(try await acme.makeCustomer(["name": "C\(number)"])) }
            for id in ids {
                _ = try await acme.post("/v1/customers/\(id)/interactions", ["kind": "note", "body": "x"])
            }
            _ = try await merge(ids[0], into: ids[1], acme)
            _ = try await merge(ids[1], into: ids[2], acme)
            #expect(try await api.request("POST", "/v1/customers/\(ids[0])/erase", token: acme.token).status == 202)
            #expect(try api.doWhatIsDue().erased.count == 1)
            for table in [
                "customers", "customer_changes", "customer_merges", "interactions", "customer_activity",
                "customer_search_keys",
            ] {
                #expect(
                    try api.database.run(as: "unnati_owner", "SELECT count(*) FROM app.\(table)") == [["0"]], "\(table)"
                )
            }
        }
    }

    // MARK: - Who may be one

    private func pairs(_ path: String, _ acme: TestTenant) async throws -> [(
        names: Set<String>, score: Int, reasons: [String]
    )] {
        try await data(path, acme).map { pair in
            let customers = pair["customers"] as? [[String: Any]] ?? []
            return (
                Set(customers.compactMap { $0["name"] as? String }), pair["score"] as? Int ?? -1,
                pair["reasons"] as? [String] ?? []
            )
        }
    }

    @Test func whoMayBeOneIsSuggestedWithReasons() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let one = try await acme.makeCustomer(["name": "Suresh Patel", "phone": "9812345678", "city": "Surat"])
            let two = try await acme.makeCustomer(["name": "सुरेश पटेल", "phone": "9812345687", "city": "Surat"])
            _ = try await acme.makeCustomer(["name": "Lakshmi Nair"])
            _ = try await acme.makeCustomer(["name": "Laxmi Nair", "phone": "9800000000"])
            _ = try await acme.makeCustomer(["name": "Ravi", "phone": "9811111111", "birthday": "--01-01"])
            _ = try await acme.makeCustomer(["name": "Ravi", "phone": "9822222222", "birthday": "--02-02"])
            _ = try await acme.makeCustomer([
                "name": "Shop", "other_phones": ["9812345678"], "email": "x@example.in",
                "other_emails": ["y@example.in"],
            ])
            _ = try await other.makeCustomer(["name": "Suresh Patel"])

            let found = try await pairs("/v1/customer-duplicates", acme)
            #expect(found.map(\.names) == [["Suresh Patel", "सुरेश पटेल"], ["Lakshmi Nair", "Laxmi Nair"]])
            #expect(
                found.first?.reasons == ["sounds_alike", "similar_phone", "same_place"] && found.first?.score == 75)
            #expect(
                try await pairs("/v1/customers/\(one)/duplicates", acme).map(\.names) == [["Suresh Patel", "सुरेश पटेल"]])

            let said = try await acme.post("/v1/customer-duplicates/dismiss", ["customer_ids": [two, one]])
            #expect(said.status == 204)
            #expect(try await pairs("/v1/customer-duplicates", acme).count == 1)
            #expect(try await pairs("/v1/customers/\(two)/duplicates", acme).isEmpty)
            for (ids, status) in [
                ([one], 422), ([one, "x"], 422), ([one, one], 409),
                ([one, "cus_" + String(repeating: "0", count: 32)], 404),
            ] {
                #expect(try await acme.post("/v1/customer-duplicates/dismiss", ["customer_ids": ids]).status == status)
            }
        }
    }

    @Test func aWalkThroughTheSuggestionsMeetsEachNameOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let names = ["Ramesh", "Suresh", "Mahesh", "Dinesh", "Ganesh"]
            for name in names + names { _ = try await acme.makeCustomer(["name": name]) }
            var found: [Set<String>] = [], target: String? = "/v1/customer-duplicates?limit=2"
            while let page = target {
                found += try await pairs(page, acme).map(\.names)
                target = try await acme.get(page).header("Link").map { String($0.dropFirst().prefix { $0 != ">" }) }
            }
            #expect(found.count == 5 && Set(found) == Set(names.map { [$0] }))
        }
    }
}
