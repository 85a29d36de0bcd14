// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct CustomFieldTests {
    private func addFields(_ acme: TestTenant) async throws {
        for field in [
            ["key": "size", "label": "Blouse size", "kind": "number"],
            ["key": "fabric", "label": "कपड़ा", "kind": "text"],
            ["key": "budget", "label": "Budget", "kind": "money"], ["key": "trial", "label": "Trial", "kind": "date"],
            ["key": "vip", "label": "VIP", "kind": "yes_no"],
            ["key": "shirt", "label": "Shirt", "kind": "choice", "choices": ["S", "M", "L"]],
        ] as [[String: Any]] {
            let reply = try await acme.post("/v1/customer-fields", field)
            #expect(reply.status == 201, "\(reply.text)")
        }
    }

    private func count(_ query: String, _ acme: TestTenant) async throws -> Int {
        (try await acme.get("/v1/customers?" + query).object["data"] as? [Any])?.count ?? -1
    }

    @Test func aBusinessAddsFieldsAndItsCustomersHaveThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try await addFields(acme)
            let values: [String: Any] = [
                "size": 38.5, "fabric": "Banarasi रेशम", "budget": 125_000, "trial": "2026-12-01", "vip": true,
                "shirt": "M",
            ]
            let created = try await acme.post("/v1/customers", ["name": "Asha", "custom_fields": values])
            let location = try #require(created.header("Location"))

            #expect(created.object["custom_fields"] as? NSDictionary == values as NSDictionary)
            #expect(try await acme.get(location).object as NSDictionary == created.object as NSDictionary)

            let changed =
                try await acme.patch(
                    location, ["custom_fields": ["size": 40, "vip": NSNull(), "trial": NSNull()]], ifMatch: "*"
                ).object["custom_fields"] as? NSDictionary
            #expect(changed == ["size": 40, "fabric": "Banarasi रेशम", "budget": 125_000, "shirt": "M"])
            // Another change leaves them alone.
            #expect(
                try await acme.patch(location, ["city": "Pune"], ifMatch: "*").object["custom_fields"] as? NSDictionary
                    == changed)
            #expect(
                try await acme.patch(location, ["custom_fields": NSNull()], ifMatch: "*").object["custom_fields"] == nil
            )
        }
    }

    @Test func customersAreFoundByThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try await addFields(acme)
            for (size, fabric, trial, vip) in [
                (36.0, "Silk", "2026-12-01", true), (38.5, "silk blend", "2026-12-10", false),
                (42, "Cotton", "2027-01-05", true),
            ] {
                let values: [String: Any] = ["size": size, "fabric": fabric, "trial": trial, "vip": vip]
                _ = try await acme.makeCustomer(["name": "C", "custom_fields": values])
            }

            #expect(try await count("filter[custom]=size:38.5", acme) == 1)
            #expect(try await count("filter[custom][gte]=size:38", acme) == 2)
            #expect(try await count("filter[custom][gte]=size:37&filter[custom][lte]=size:40", acme) == 1)
            #expect(try await count("filter[custom][prefix]=fabric:SILK", acme) == 2)
            #expect(try await count("filter[custom]=fabric:Silk", acme) == 1)
            #expect(try await count("filter[custom][lte]=trial:2026-12-31", acme) == 2)
            #expect(try await count("filter[custom]=vip:yes&filter[custom][gte]=size:40", acme) == 1)
            for query in [
                "filter[custom]=nothing:1", "filter[custom]=size", "filter[custom]=size:wide",
                "filter[custom][gte]=fabric:a", "filter[custom][prefix]=size:3",
            ] {
                let refused = try await acme.get("/v1/customers?" + query)
                #expect(refused.problemCode == "invalid_query", "\(query)")
            }
        }
    }

    @Test(
        arguments: [
            ("size", "38", "wrong_type"), ("size", 1e12, "out_of_range"), ("size", 0.00001, "out_of_range"),
            ("budget", 12.5, "out_of_range"), ("trial", "2026-02-30", "invalid_date"),
            ("trial", "--12-01", "invalid_date"),
            ("vip", "yes", "wrong_type"), ("shirt", "XXL", "invalid_value"), ("fabric", 7, "wrong_type"),
            ("nobody", "x", "unknown_field"),
        ] as [(String, any Sendable, String)])
    func whatDoesNotFitAFieldIsRefusedThere(_ key: String, _ value: any Sendable, _ code: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try await addFields(acme)
            let refused = try await acme.post("/v1/customers", ["name": "Asha", "custom_fields": [key: value]])
            let error = (refused.object["errors"] as? [[String: Any]])?.first

            #expect(refused.status == 422)
            #expect(error?["pointer"] as? String == "/custom_fields/\(key)")
            #expect(error?["code"] as? String == code)
        }
    }

    @Test func fieldsAreRenamedOrderedAndTakenAway() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            try await addFields(acme)
            let fields = try await acme.get("/v1/customer-fields").object["data"] as? [[String: Any]] ?? []
            let path = "/v1/customer-fields/\(try #require(fields.first?["id"] as? String))"
            let id = try await acme.makeCustomer(["name": "Asha", "custom_fields": ["size": 38, "vip": true]])

            #expect(fields.map { $0["key"] as? String } == ["size", "fabric", "budget", "trial", "vip", "shirt"])
            let renamed = try await acme.patch(path, ["label": "Size", "position": 9], ifMatch: "\"1\"")
            #expect(renamed.object["label"] as? String == "Size" && renamed.header("ETag") == "\"2\"")
            #expect(
                try await acme.patch(path, ["label": "Late"], ifMatch: "\"1\"").problemCode == "custom_field_changed")
            #expect(try await acme.patch(path, ["choices": ["S"]], ifMatch: "*").status == 422)
            #expect(
                try await acme.post("/v1/customer-fields", ["key": "size", "label": "x", "kind": "text"]).problemCode
                    == "custom_field_key_taken")
            for wrong in [
                ["key": "Size", "label": "x", "kind": "text"], ["key": "a", "label": "", "kind": "text"],
                ["key": "a", "label": "x", "kind": "blob"], ["key": "a", "label": "x", "kind": "choice"],
            ] {
                #expect(try await acme.post("/v1/customer-fields", wrong).status == 422)
            }
            #expect(try await other.get(path).problemCode == "custom_field_unknown")

            #expect(try await acme.delete(path).status == 204)
            #expect(try await acme.get(path).status == 404)
            let left = try await acme.get("/v1/customers/\(id)").object["custom_fields"] as? NSDictionary
            #expect(left == ["vip": true])
        }
    }

    @Test func aBusinessHasSoManyFieldsAndNoMore() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for number in 0..<50 {
                _ = try await acme.post("/v1/customer-fields", ["key": "f\(number)", "label": "F", "kind": "text"])
            }
            let refused = try await acme.post("/v1/customer-fields", ["key": "more", "label": "F", "kind": "text"])
            #expect(refused.problemCode == "too_many_custom_fields")
        }
    }
}
