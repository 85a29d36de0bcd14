// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Foundation
import TestSupport
import Testing

/// Who belongs to a segment: now, for whom, and how many of them can be reached.
@Suite struct SegmentCustomersTests {
    private func data(_ reply: RawClient.Reply) -> [[String: Any]] { reply.object["data"] as? [[String: Any]] ?? [] }

    @Test func whoeverChangesComesAndGoes() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let asha = try await acme.makeCustomer(["name": "Asha", "tags": ["silk"]])
            let bina = try await acme.makeCustomer(["name": "Bina"])
            let silk = try await acme.makeSegment("Silk", [acme.condition("tags", "has", "silk")])
            let paid = try await acme.makeSegment("Paid", [acme.condition("spent_paise", "at_least", 100)])
            #expect(try await acme.members(of: silk) == ["Asha"])
            #expect(try await acme.members(of: paid) == [])

            _ = try await acme.patch("/v1/customers/\(asha)", ["tags": [String]()], ifMatch: "*")
            _ = try await acme.patch("/v1/customers/\(bina)", ["tags": ["silk"]], ifMatch: "*")
            let payment: [String: Any] = ["kind": "payment", "amount_paise": 100]
            let logged = try await acme.post("/v1/customers/\(bina)/interactions", payment)
            #expect(try await acme.members(of: silk) == ["Bina"])
            #expect(try await acme.members(of: paid) == ["Bina"])

            let interaction = try #require(logged.object["id"] as? String)
            _ = try await acme.post("/v1/interactions/\(interaction)/strike-out", ["reason": "Not hers."])
            #expect(try await acme.members(of: paid) == [])
            // Into the bin, and back.
            #expect(try await acme.delete("/v1/customers/\(bina)").status == 204)
            #expect(try await acme.members(of: silk) == [])
            #expect(try await acme.get("/v1/segments/\(silk)/counts").object["count"] as? Int == 0)
            _ = try await api.request("POST", "/v1/customers/\(bina)/restore", token: acme.token)
            #expect(try await acme.members(of: silk) == ["Bina"])
        }
    }

    @Test func whoWasMergedIsOnePersonWithTheOther() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let asha = try await acme.makeCustomer(["name": "Asha", "email": "asha@example.in"])
            let double = try await acme.makeCustomer(["name": "Asha R", "tags": ["silk"]])
            for (id, amount) in [(asha, 300), (double, 200)] {
                _ = try await acme.post(
                    "/v1/customers/\(id)/interactions", ["kind": "payment", "amount_paise": amount])
            }
            #expect(try await acme.post("/v1/customers/\(double)/consents", acme.withdrawn()).status == 201)
            try acme.merge(double, into: asha)
            let cases: [(String, String, Any?, [String])] = [
                ("spent_paise", "at_least", 500, ["Asha"]), ("spent_paise", "at_most", 499, []),
                ("payments", "at_least", 2, ["Asha"]), ("payments", "at_most", 1, []),
                // What she said as the other, she said; what stands in the other's fields does not.
                ("consent.email.marketing", "is", "withdrawn", ["Asha"]), ("tags", "has", "silk", []),
            ]
            for (field, op, value, names) in cases {
                #expect(try await acme.members([acme.condition(field, op, value)]) == names, "\(field) \(op)")
            }
            #expect(try await acme.members([]) == ["Asha"])
            // She says yes, after it is known that they are one.
            #expect(try await acme.post("/v1/customers/\(asha)/consents", try await acme.given()).status == 201)
            #expect(
                try await acme.members([acme.condition("consent.email.marketing", "is", "given")]) == ["Asha"])

            let block = try await acme.post("/v1/customers/\(asha)/do-not-contact", ["reason": "asked"])
            #expect(block.status == 201)
            #expect(try await acme.members([acme.condition("do_not_contact", "is_set", true)]) == ["Asha"])
        }
    }

    @Test func othersCustomersBelongToNothing() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            _ = try await acme.makeCustomer(["name": "Asha", "phone": "9812345678"])
            let id = try await other.makeSegment("All", [])
            #expect(try await other.members(of: id) == [])
            #expect(try await other.get("/v1/segments/\(id)/counts").object["count"] as? Int == 0)
            for path in ["", "/counts", "/customers"] {
                #expect(try await acme.get("/v1/segments/\(id)" + path).problemCode == "segment_unknown")
            }
            #expect(try await acme.patch("/v1/segments/\(id)", ["name": "X"], ifMatch: "*").status == 404)
            #expect(try await acme.delete("/v1/segments/\(id)").status == 404)
            #expect(try await acme.get("/v1/segments/x").problemCode == "segment_unknown")
        }
    }

    @Test func staffSeeTheirPartOfIt() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), before = try await acme.colleague(.staff)
            _ = try await acme.makeCustomer(["name": "Of others", "phone": "9812345678"])
            _ = try await acme.makeCustomer(["name": "Of Ravi", "owner_id": before.userID.description])
            let id = try await acme.makeSegment("All", [])
            let restricted = try await acme.patch("/v1/business", ["staff_see_own_customers": true], ifMatch: "*")
            #expect(restricted.status == 200)
            let fresh = try await before.refreshed()
            let ravi = fresh.id == acme.id ? fresh : try await fresh.entering(acme.id)

            #expect(try await ravi.members(of: id) == ["Of Ravi"])
            let counts = try await ravi.get("/v1/segments/\(id)/counts").object
            #expect(counts["count"] as? Int == 1)
            #expect((counts["reachable"] as? [String: [String: Int]])?["sms"]?["service"] == 0)
            let preview = try await ravi.post("/v1/segments/preview", ["definition": ["all": []]])
            #expect(preview.object["count"] as? Int == 1 && !preview.text.contains("Of others"), "\(preview.text)")
            let listed = try await ravi.get("/v1/segments?expand=counts")
            #expect(data(listed).first?["count"] as? Int == 1)
            #expect(try await acme.members(of: id) == ["Of Ravi", "Of others"])
        }
    }

    @Test func theyAreWalkedThroughPageByPage() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let items = (0..<12).map { ["name": "C\($0)", "stage": $0 % 3 == 0 ? "lead" : "active", "city": "Pune"] }
            #expect(try await acme.post("/v1/customers/batch", ["items": items]).status == 200)
            let id = try await acme.makeSegment("Active", [acme.condition("stage", "is", "active")])
            let path = "/v1/segments/\(id)/customers?limit=3"
            var seen: [String] = [], next = path, cursors: [String] = []
            while true {
                let page = try await acme.get(next)
                seen += data(page).compactMap { $0["name"] as? String }
                #expect(data(page).allSatisfy { $0["city"] == nil })
                guard let cursor = page.object["next_cursor"] as? String else { break }
                #expect(page.header("Link")?.contains(cursor) == true)
                cursors.append(cursor)
                next = path + "&cursor=" + cursor
            }
            #expect(seen == [11, 10, 8, 7, 5, 4, 2, 1].map { "C\($0)" })
            let detailed = data(try await acme.get(path + "&expand=details"))
            #expect(detailed.count == 3 && detailed.allSatisfy { $0["city"] as? String == "Pune" })

            // Another name is the same walk, another definition is not, and neither is another segment.
            let segment = "/v1/segments/\(id)", going = path + "&cursor=" + (cursors.first ?? "")
            #expect(try await acme.patch(segment, ["name": "Buyers"], ifMatch: "*").status == 200)
            #expect(try await acme.get(going).status == 200)
            let twin = try await acme.makeSegment("Twin", [acme.condition("stage", "is", "active")])
            #expect(
                try await acme.get(going.replacing(id, with: twin)).problemCode == "cursor_mismatch")
            #expect(try await acme.patch(segment, ["definition": ["all": []]], ifMatch: "*").status == 200)
            #expect(try await acme.get(going).problemCode == "cursor_mismatch")
            for query in ["?sort=name", "?limit=0", "?expand=counts", "?cursor=x"] {
                #expect(try await acme.get(segment + "/customers" + query).status == 400, "\(query)")
            }
        }
    }

    @Test func aPreviewShowsTheFirstFiveAndSavesNothing() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let items = (0..<7).map { ["name": "C\($0)", "phone": "981234567\($0)"] }
            #expect(try await acme.post("/v1/customers/batch", ["items": items]).status == 200)
            let body = ["definition": ["all": [acme.condition("phone", "is_set", true)]]]
            let preview = try await acme.post("/v1/segments/preview", body)
            let customers = preview.object["customers"] as? [[String: Any]]
            #expect(preview.object["count"] as? Int == 7, "\(preview.text)")
            #expect(Set(customers?.compactMap { $0["name"] as? String } ?? []).count == 5)
            let reachable = preview.object["reachable"] as? [String: [String: Int]]
            #expect(reachable?["sms"] == ["service": 7, "marketing": 0, "referral": 0])
            #expect(reachable?["email"]?["service"] == 0)
            #expect(data(try await acme.get("/v1/segments")).isEmpty)
        }
    }

    /// For what works through all of them, such as what sends.
    @Test func theirIdsComeInParts() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let items = (0..<11).map { ["name": "C\($0)", "stage": $0 % 2 == 0 ? "lead" : "active"] }
            #expect(try await acme.post("/v1/customers/batch", ["items": items]).status == 200)
            let text = try await acme.makeSegment("Leads", [acme.condition("stage", "is", "lead")])
            let id = try #require(Segment.ID(text)), service = SegmentService(database: api.application.database)
            var found: [Customer.ID] = [], after: Customer.ID?
            repeat {
                let part = try await service.ids(of: id, visibleTo: nil, after: after, limit: 4, in: acme.id)
                found += part
                after = part.last
            } while after != nil
            let shown = data(try await acme.get("/v1/segments/\(text)/customers?limit=100"))
            #expect(found.map(\.description) == shown.compactMap { $0["id"] as? String })
            #expect(found.count == 6)
            let own = try await service.ids(of: id, visibleTo: acme.userID, after: nil, limit: 500, in: acme.id)
            #expect(own.isEmpty)
            await #expect(throws: SegmentError.unknown) {
                try await service.ids(of: id, visibleTo: nil, after: nil, limit: 1, in: other.id)
            }
        }
    }
}
