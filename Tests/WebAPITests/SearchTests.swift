// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct SearchTests {
    private func names(_ text: String, _ tenant: TestTenant, more: String = "") async throws -> [String] {
        let q = try #require(text.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let reply = try await tenant.get("/v1/customers/search?q=\(q)\(more)")
        #expect(reply.status == 200, "\(text): \(reply.text)")
        return (reply.object["data"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    }

    @Test func aNameIsFoundInWhateverScriptAndSpellingItIsTyped() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let people = [
                "सुरेश पटेल", "Suresh Shah", "સુરેશ દેસાઈ", "சுரேஷ்", "సురేష్ రెడ్డి", "ಸುರೇಶ್ ಗೌಡ", "সুরেশ দাস", "Ramesh Rao", "Lakshmi Nair",
            ]
            for name in people { _ = try await acme.makeCustomer(["name": name]) }
            _ = try await other.makeCustomer(["name": "Suresh of another"])

            for text in ["suresh", "SURESH", "Sures", "सुरेश", "સુરેશ", "surésh", "Surésh "] {
                #expect(try await Set(names(text, acme)) == Set(people.prefix(7)), "\(text)")
            }
            #expect(try await names("suresh sh", acme).first == "Suresh Shah")
            #expect(try await names("पटेल सुरेश", acme) == ["सुरेश पटेल"])
            #expect(try await names("laxmi", acme) == ["Lakshmi Nair"])
            #expect(try await names("लक्ष्मी", acme) == ["Lakshmi Nair"])
            #expect(try await names("nobody at all", acme) == [])
            // As it is written comes before as it sounds.
            #expect(try await names("suresh", acme).first == "Suresh Shah")
            #expect(try await names("सुरेश", acme).first == "सुरेश पटेल")
            #expect(try await names("suresh", acme, more: "&limit=2").count == 2)
        }
    }

    @Test func whatWasTypedWrongIsFoundWhenNothingElseIs() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for name in ["Deshpande Kulkarni", "Meera Joshi", "Priya Sharma"] {
                _ = try await acme.makeCustomer(["name": name])
            }
            #expect(try await names("desphande", acme) == ["Deshpande Kulkarni"])
            #expect(try await names("kulkrani", acme) == ["Deshpande Kulkarni"])
            #expect(try await names("shrama", acme) == ["Priya Sharma"])
            #expect(try await names("meera", acme) == ["Meera Joshi"])
        }
    }

    @Test func numbersAddressesTagsAndNotesAreFoundToo() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.makeCustomer([
                "name": "Asha", "phone": "9812345678", "other_phones": ["9876500001"], "email": "asha.rao@example.in",
                "tags": ["Silk sari", "वीआईपी"], "notes": "Wants the blue zari border before Diwali. नीला रंग पसंद है",
                "city": "Surat",
            ])
            _ = try await acme.makeCustomer(["name": "Ravi", "phone": "9812300000"])

            for text in [
                "98123 456", "+91 98123 45678", "2345678", "76500", "asha.rao@", "ASHA.RAO@example.in", "#silk", "sari",
                "वीआईपी", "zari", "diwal", "नीला", "zari border", "surat",
            ] {
                #expect(try await names(text, acme) == ["Asha"], "\(text)")
            }
            #expect(try await names("98123", acme).count == 2)
            #expect(try await names("#asha", acme) == [])
        }
    }

    @Test func theKeyFollowsTheCustomer() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let id = try await acme.makeCustomer(["name": "Asha"]), path = "/v1/customers/\(id)"
            _ = try await acme.patch(path, ["name": "Meera", "notes": "velvet"], ifMatch: "*")
            #expect(try await names("asha", acme) == [])
            #expect(try await names("velvet", acme) == ["Meera"])
            _ = try await acme.delete(path)
            #expect(try await names("meera", acme) == [])
            _ = try await api.request("POST", path + "/restore", token: acme.token)
            #expect(try await names("meera", acme) == ["Meera"])
            let deleted = try await acme.post("/v1/customers/bulk-delete", ["customer_ids": [id]])
            #expect(try await names("meera", acme) == [])
            let operation = (deleted.object["operation"] as? [String: Any])?["id"] as? String ?? ""
            _ = try await api.request("POST", "/v1/customer-operations/\(operation)/undo", token: acme.token)
            #expect(try await names("mira", acme) == ["Meera"])
            _ = try await acme.post("/v1/customers/batch", ["items": [["name": "Batch One"], ["name": "Batch Two"]]])
            #expect(try await names("batch", acme).count == 2)
            _ = try await acme.importFile(Array("name,phone\nImported सुनीता,9812345678\n".utf8))
            #expect(try await names("sunita", acme) == ["Imported सुनीता"])
            #expect(
                try api.database.run(
                    as: "unnati_owner",
                    "SELECT count(*) FROM app.customers c FULL JOIN app.customer_search_keys k ON k.tenant_id = c.tenant_id AND k.customer_id = c.id WHERE (c.deleted_at IS NULL) <> (k.customer_id IS NOT NULL)"
                ) == [["0"]])
        }
    }

    @Test func theListIsNarrowedBySearchAndFiltersTogether() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for number in 0..<7 {
                _ = try await acme.makeCustomer([
                    "name": "Suresh \(number)", "stage": number % 2 == 0 ? "active" : "lead",
                ])
            }
            let first = try await acme.get("/v1/customers?q=suresh&filter[stage]=active&sort=name&limit=3")
            let cursor = try #require(first.object["next_cursor"] as? String)
            let second = try await acme.get(
                "/v1/customers?q=suresh&filter[stage]=active&sort=name&limit=3&cursor=\(cursor)")
            let found = [first, second].flatMap { $0.object["data"] as? [[String: Any]] ?? [] }
            #expect(found.compactMap { $0["name"] as? String } == ["Suresh 0", "Suresh 2", "Suresh 4", "Suresh 6"])
        }
    }

    @Test func whoSeesTheirOwnAloneFindsTheirOwnAlone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.patch("/v1/business", ["staff_see_own_customers": true], ifMatch: "*")
            let staff = try await acme.colleague(.staff)
            _ = try await staff.makeCustomer(["name": "Suresh mine"])
            let given = try await acme.makeCustomer(["name": "Suresh given"])
            _ = try await acme.makeCustomer(["name": "Suresh of others", "notes": "velvet"])
            #expect(try await names("suresh", staff) == ["Suresh mine"])
            #expect(try await names("velvet", staff) == [])
            #expect(try await names("of othres", staff) == [])
            _ = try await acme.patch("/v1/customers/\(given)", ["owner_id": staff.userID.description], ifMatch: "*")
            #expect(try await names("suresh", staff).count == 2)
            #expect(try await names("suresh", acme).count == 3)
        }
    }

    @Test(arguments: [
        "%", "' OR 1=1 --", "\\", "_", "a\\", "'':*", "& | !", "😀", "\u{94D}", "~srs", "((((", "क्", "1", "%%%%%%%%%%%%",
        "a b c d e f g h i j k l m",
        "#", "@", "x@", "ab'\u{94D}", "ab\\\u{94D}", "abc\u{D4E}'d", "%\u{301}\u{301}",
        String(repeating: "a ", count: 50), String(repeating: "ब", count: 33), "\u{202E}abc", "#%",
    ])
    func nothingThatIsTypedBreaksIt(_ text: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.makeCustomer(["name": "Asha", "notes": "a'b:c & d"])
            let q = try #require(text.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            for path in ["/v1/customers/search?q=", "/v1/customers?q="] {
                let reply = try await acme.get(path + q)
                #expect([200, 400].contains(reply.status), "\(text): \(reply.text)")
            }
        }
    }

    @Test func aSearchOfNothingIsRefused() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for query in [
                "", "?q=", "?q=%20", "?q=x&other=1", "?q=x&limit=0", "?q=" + String(repeating: "x", count: 101),
            ] {
                #expect(try await acme.get("/v1/customers/search" + query).problemCode == "invalid_query", "\(query)")
            }
        }
    }
}
