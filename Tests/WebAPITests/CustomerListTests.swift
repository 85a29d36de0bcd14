// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

@Suite struct CustomerListTests {
    /// Ids of a whole walk through a list, page by page.
    private func walk(_ tenant: TestTenant, _ query: String, limit: Int = 3) async throws -> [String] {
        var ids: [String] = [], target: String? = "/v1/customers?limit=\(limit)&\(query)"
        while let asked = target {
            let reply = try await tenant.get(asked)
            #expect(reply.status == 200, "\(asked): \(reply.text)")
            let page = reply.object["data"] as? [[String: Any]] ?? []
            ids += page.compactMap { $0["id"] as? String }
            let link = reply.header("Link").map { $0.dropFirst().prefix { $0 != ">" } }
            target = link.map(String.init)
            guard ids.count < 1_000 else { break }
        }
        return ids
    }

    @Test(arguments: ["created_at", "updated_at", "name"])
    func aWalkInEitherDirectionSeesEachCustomerOnce(_ order: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            _ = try await other.makeCustomer(["name": "Aaa"])
            var ids: [String] = []
            // Several of one name, several without, and names in which scripts and case meet.
            for name in ["meera", "Meera", "Ámit", "amit", "सुरेश", "Zoë", nil, nil, "meera"] {
                let fields = name.map { ["name": $0] } ?? ["email": "\(UUIDv7.next().hex)@example.in"]
                ids.append(try await acme.makeCustomer(fields))
            }
            for id in [ids[4], ids[0]] {
                _ = try await acme.patch("/v1/customers/\(id)", ["notes": "x"], ifMatch: "*")
            }
            let up = try await walk(acme, "sort=\(order)"), down = try await walk(acme, "sort=-\(order)")
            #expect(up == down.reversed())
            #expect(Set(up) == Set(ids) && up.count == ids.count)
            switch order {
            case "created_at": #expect(up == ids)
            case "updated_at": #expect(Array(down.prefix(2)) == [ids[0], ids[4]])
            default:
                // amit, amit, meera three times, zoe, सुरेश, the nameless.
                #expect(Set(up.prefix(2)) == [ids[2], ids[3]] && Set(up[2..<5]) == [ids[0], ids[1], ids[8]])
                #expect(up[5] == ids[5] && up[6] == ids[4] && Set(up.suffix(2)) == [ids[6], ids[7]])
            }
        }
    }

    @Test func filtersNarrowTheListTogether() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let asha = try await acme.makeCustomer(["name": "Áshá Rao", "phone": "9812345678", "stage": "active"])
            let ashok = try await acme.makeCustomer(["name": "Ashok", "phone": "9876543210", "stage": "dormant"])
            let lead = try await acme.makeCustomer(["email": "lead@example.in"])
            try await Task.sleep(for: .milliseconds(5))
            let since = Instant.now()
            try await Task.sleep(for: .milliseconds(5))
            _ = try await acme.patch("/v1/customers/\(ashok)", ["notes": "x"], ifMatch: "*")
            for (query, expected) in [
                ("filter[stage][in]=active,dormant", [ashok, asha]), ("filter[name][prefix]=ASH", [ashok, asha]),
                ("filter[name][prefix]=asha%20r", [asha]), ("filter[name][prefix]=rao", []),
                ("filter[phone]=098123%2045678", [asha]), ("filter[phone][prefix]=%2B9198", [ashok, asha]),
                ("filter[phone][prefix]=%2B91987", [ashok]), ("filter[email]=Lead@Example.in", [lead]),
                ("filter[updated_at][gte]=\(since)", [ashok]), ("filter[updated_at][lte]=\(since)", [lead, asha]),
                ("filter[created_at][gte]=\(since)", []), ("filter[created_at][lte]=\(since)", [lead, ashok, asha]),
                ("filter[created_at][gte]=2020-01-01T05:30:00%2B05:30", [lead, ashok, asha]),
                ("filter[stage]=active&filter[name][prefix]=ash", [asha]),
                ("filter[stage]=active&filter[phone][prefix]=%2B91987", []),
                ("filter[name][prefix]=ash&sort=name", [asha, ashok]),
                ("filter[name][prefix]=ash&q=98765", [ashok]),
            ] {
                #expect(try await walk(acme, query) == expected, "\(query)")
            }
            // "At most" the time that a reply shows is all of that millisecond.
            for id in [asha, ashok, lead] {
                let shown = try await acme.get("/v1/customers/\(id)").object["created_at"] as? String ?? ""
                #expect(
                    try await walk(acme, "filter[created_at][lte]=\(shown)&filter[created_at][gte]=\(shown)").contains(
                        id))
            }
        }
    }

    @Test func aCursorIsGoodForItsOrderOnly() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for index in 0..<3 { _ = try await acme.makeCustomer(["name": "C\(index)"]) }
            let cursor = try #require(try await acme.get("/v1/customers?limit=1&sort=name").object["next_cursor"])
            for sort in ["-name", "updated_at", "created_at"] {
                let reply = try await acme.get("/v1/customers?limit=1&sort=\(sort)&cursor=\(cursor)")
                #expect(reply.status == 400 && reply.problemCode == "cursor_mismatch", "\(sort)")
            }
        }
    }

    /// A letter of three bytes that is searched for as 33: no name leads to a longer order.
    @Test func aCursorHoldsTheLongestName() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let name = String(repeating: "\u{FDFA}", count: 66)
            for _ in 0..<2 { _ = try await acme.makeCustomer(["name": name]) }
            #expect(try await walk(acme, "sort=name", limit: 1).count == 2)
        }
    }

    @Test func rowsOfAFileTellTheirCustomersAlong() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let (id, _) = try await acme.importFile(Array("name,phone\nAsha,9812345678\n,12\nRavi,\n".utf8))
            let rows = "/v1/customer-imports/\(id)/rows"
            let plain = try await acme.get(rows), expanded = try await acme.get(rows + "?expand=customer&limit=100")

            #expect(!plain.text.contains(#""customer":"#))
            let found = expanded.object["data"] as? [[String: Any]] ?? []
            #expect(found.map { ($0["customer"] as? [String: Any])?["name"] as? String } == ["Asha", nil, "Ravi"])
            #expect(
                try await acme.get(rows + "?filter[verdict]=rejected").object["data"].map { ($0 as? [Any])?.count } == 1
            )
            for mistake in [
                "?expand=customer,tenant", "?expand=", "?filter[verdict]=x", "?sort=row", "?verdict=created",
            ] {
                #expect(try await acme.get(rows + mistake).problemCode == "invalid_query", "\(mistake)")
            }
            #expect(try await other.get(rows + "?expand=customer").status == 404)
        }
    }
}
