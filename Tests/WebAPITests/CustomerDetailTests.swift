// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct CustomerDetailTests {
    private static var whole: [String: Any] {
        [
            "name": "सुरेश पटेल", "phone": "9812345678", "email": "suresh@example.in",
            "whatsapp_id": "IN.13491208655302741918",
            "other_phones": ["+91 98765 43210", "9876543210", "9123456789"],
            "other_emails": ["shop@example.in"], "stage": "active", "tags": ["silk"], "notes": "Comes on Saturdays.",
            "address": "12, Ring Road\nNear the temple", "city": "Surat", "state": "Gujarat", "pin_code": "395 002",
            "gstin": "27aapfu0939f1zv", "birthday": "--04-23", "anniversary": "2010-12-05", "language": "gu",
            "source": "Board at the market",
        ]
    }

    @Test func allThatIsKnownOfACustomerIsKept() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let created = try await acme.post("/v1/customers", Self.whole)
            let location = try #require(created.header("Location")), kept = try await acme.get(location).object

            #expect(created.status == 201)
            #expect(kept as NSDictionary == created.object as NSDictionary)
            #expect(kept["other_phones"] as? [String] == ["+919876543210", "+919123456789"])
            #expect(kept["pin_code"] as? String == "395002")
            #expect(kept["gstin"] as? String == "27AAPFU0939F1ZV")
            #expect(kept["birthday"] as? String == "--04-23")
            #expect(kept["anniversary"] as? String == "2010-12-05")
            #expect(kept["address"] as? String == "12, Ring Road\nNear the temple")

            let listed = try await acme.get("/v1/customers").object["data"] as? [[String: Any]]
            #expect(listed?.first?["city"] == nil && listed?.first?["name"] as? String == "सुरेश पटेल")
            let detailed = try await acme.get("/v1/customers?expand=details").object["data"] as? [[String: Any]]
            #expect(try #require(detailed?.first) as NSDictionary == kept as NSDictionary)

            let nothing = Dictionary(
                uniqueKeysWithValues: Self.whole.keys.filter { $0 != "name" && $0 != "stage" }.map { ($0, NSNull()) })
            let emptied = try await acme.patch(location, nothing, ifMatch: "*").object
            #expect(emptied.keys.sorted() == ["created_at", "id", "name", "stage", "tags", "updated_at", "version"])
        }
    }

    @Test(arguments: [
        ("gstin", "27AAPFU0939F1ZX", "invalid_gstin"), ("gstin", "27AAPFU0939F1Z", "invalid_gstin"),
        ("pin_code", "012345", "invalid_pin_code"), ("pin_code", "3950", "invalid_pin_code"),
        ("birthday", "2001-02-29", "invalid_date"), ("birthday", "--02-30", "invalid_date"),
        ("birthday", "23-04-1990", "invalid_date"), ("anniversary", "0000-01-01", "invalid_date"),
        ("language", "klingon", "invalid_value"), ("whatsapp_id", "two words", "invalid_value"),
        ("city", " ", "required"), ("source", String(repeating: "x", count: 65), "too_long"),
        ("address", "a\u{0}b", "json_forbidden_character"),
    ])
    func whatIsWrongIsNamedAtItsField(_ field: String, _ value: String, _ code: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let refused = try await acme.post("/v1/customers", ["name": "Asha", field: value])
            let error = (refused.object["errors"] as? [[String: Any]])?.first

            #expect(refused.status == 422)
            #expect(error?["code"] as? String == code)
            #expect(error?["pointer"] as? String == "/\(field)")
            #expect((try await acme.get("/v1/customers").object["data"] as? [Any])?.isEmpty == true)
        }
    }

    @Test func ofSeveralNumbersEachIsNamedByItsPlace() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let refused = try await acme.post(
                "/v1/customers",
                ["name": "Asha", "other_phones": ["9812345678", "12"], "other_emails": ["a@b.in", "x"]])
            let pointers = (refused.object["errors"] as? [[String: Any]])?.compactMap { $0["pointer"] as? String }
            #expect(pointers == ["/other_phones/1", "/other_emails/1"])
            let many = (0..<11).map { "98123456\(10 + $0)" }
            #expect(try await acme.post("/v1/customers", ["name": "Asha", "other_phones": many]).status == 422)
        }
    }

    @Test func whoeverIsKnownByWhatsAppAloneIsACustomerAndTheOnlyOne() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let id = try await acme.makeCustomer(["whatsapp_id": "IN.42"])

            let second = try await acme.post("/v1/customers", ["name": "Asha", "whatsapp_id": "IN.42"])
            #expect(second.problemCode == "customer_whatsapp_taken")
            #expect(second.object["conflicting_id"] as? String == id)
            let batch = try await acme.post("/v1/customers/batch", ["items": [["whatsapp_id": "IN.42"]]])
            #expect(batch.status == 409)
            let found = try await acme.get("/v1/customers?filter[whatsapp_id]=IN.42").object["data"] as? [[String: Any]]
            #expect(found?.first?["id"] as? String == id)
            #expect(try await other.post("/v1/customers", ["whatsapp_id": "IN.42"]).status == 201)
            #expect(try await acme.patch("/v1/customers/\(id)", ["whatsapp_id": NSNull()], ifMatch: "*").status == 422)
        }
    }

    @Test func aFamilySharesANumberThatIsNobodysFirst() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for name in ["Mother", "Daughter"] {
                #expect(
                    try await acme.post("/v1/customers", ["name": name, "other_phones": ["9812345678"]]).status == 201)
            }
            #expect(try await acme.post("/v1/customers", ["name": "Father", "phone": "9812345678"]).status == 201)
        }
    }

    @Test func daysOfTheYearAreFoundAroundItsTurn() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for day in ["--12-31", "1990-01-02", "2000-02-29", "--06-15"] {
                _ = try await acme.makeCustomer(["name": day, "birthday": day])
            }
            func names(_ query: String) async throws -> Set<String> {
                let data = try await acme.get("/v1/customers?" + query).object["data"] as? [[String: Any]] ?? []
                return Set(data.compactMap { $0["name"] as? String })
            }

            #expect(
                try await names("filter[birthday][gte]=--12-25&filter[birthday][lte]=--01-05")
                    == ["--12-31", "1990-01-02"])
            #expect(
                try await names("filter[birthday][gte]=--02-01&filter[birthday][lte]=--06-30")
                    == ["2000-02-29", "--06-15"])
            #expect(try await acme.get("/v1/customers?filter[birthday][gte]=1990-01-01").status == 400)
        }
    }
}
