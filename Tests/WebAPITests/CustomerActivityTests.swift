// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Foundation
import TestSupport
import Testing

/// What a timeline adds up to.
@Suite struct CustomerActivityTests {
    /// Customers whose sums are not those of their rows, counted anew.
    private func miscounted(_ api: TestAPI) throws -> [[String?]] {
        try api.database.run(
            as: "postgres",
            """
            SELECT coalesce(a.customer_id, r.customer_id), a.*, r.* FROM app.customer_activity a FULL JOIN (
                SELECT i.customer_id, max(i.occurred_at) FILTER (WHERE i.kind <> 'system') AS interaction_at,
                       max(i.occurred_at) FILTER (WHERE i.direction = 'in' OR i.kind IN ('visit', 'order')) AS seen_at,
                       coalesce(sum(CASE i.direction WHEN 'out' THEN -i.amount_paise ELSE i.amount_paise END)
                                FILTER (WHERE i.kind = 'payment'), 0) AS spent,
                       count(*) FILTER (WHERE i.kind = 'payment' AND i.direction = 'in') AS payments
                FROM app.interactions i
                WHERE i.struck_reason IS NULL AND NOT EXISTS (SELECT FROM app.interactions n WHERE n.corrects = i.id)
                GROUP BY i.customer_id) r ON r.customer_id = a.customer_id
            WHERE (a.last_interaction_at, a.last_seen_at, a.spent_paise, a.payments)
                  IS DISTINCT FROM (r.interaction_at, r.seen_at, coalesce(r.spent, 0), coalesce(r.payments, 0))
            """)
    }

    private func fields(_ number: Int) -> [String: Any] {
        let kinds = ["call", "visit", "whatsapp", "note", "payment", "payment", "order", "referral", "system"]
        let kind = kinds[Int.random(in: 0..<kinds.count)]
        var fields: [String: Any] = [
            "kind": kind, "body": "\(number)",
            "occurred_at": "2026-0\(Int.random(in: 1...9))-1\(Int.random(in: 0...9))T10:00:00Z",
        ]
        if ["call", "whatsapp", "payment"].contains(kind) { fields["direction"] = Bool.random() ? "in" : "out" }
        if kind == "payment" || kind == "order" { fields["amount_paise"] = Int.random(in: 1...1_000_000) }
        return fields
    }

    @Test func theSumsAreThoseOfTheRowsWhateverWasCorrected() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            var customers: [String] = [], standing: [(id: String, fields: [String: Any])] = []
            for _ in 0..<3 { customers.append(try await acme.makeCustomer()) }
            for number in 0..<150 {
                if number == 90 {
                    try api.database.run(
                        as: "unnati_owner",
                        """
                        UPDATE app.customers SET deleted_at = now(), merged_into = '\(customers[0].dropFirst(4))'
                        WHERE id = '\(customers[1].dropFirst(4))'
                        """)
                }
                let chance = standing.isEmpty ? 0 : Int.random(in: 0..<10)
                if chance < 5 {
                    let fields = fields(number), customer = customers[number % 3]
                    let reply = try await acme.post("/v1/customers/\(customer)/interactions", fields)
                    standing.append((try #require(reply.object["id"] as? String), fields))
                } else {
                    let (id, old) = standing.remove(at: Int.random(in: 0..<standing.count))
                    if chance < 7 {
                        let struck = try await acme.post("/v1/interactions/\(id)/strike-out", ["reason": "x"])
                        #expect(struck.status == 200)
                    } else {
                        var new = old
                        new["occurred_at"] = "2026-0\(Int.random(in: 1...9))-20T10:00:00Z"
                        if old["amount_paise"] != nil { new["amount_paise"] = Int.random(in: 1...1_000_000) }
                        if old["direction"] != nil { new["direction"] = Bool.random() ? "in" : "out" }
                        let reply = try await acme.post("/v1/interactions/\(id)/correct", new)
                        if reply.problemCode == "too_many_corrections" { continue }
                        standing.append((try #require(reply.object["id"] as? String, "\(reply.text)"), new))
                    }
                }
                if number % 10 == 9 { #expect(try miscounted(api).isEmpty, "after \(number)") }
            }
            #expect(try miscounted(api).isEmpty)
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.customer_activity") == [["3"]])
        }
    }

    @Test func manyAtOnceAreAllCounted() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), customer = try await acme.makeCustomer()
            let path = "/v1/customers/\(customer)/interactions"
            var wrong: [String] = []
            for _ in 0..<10 {
                let reply = try await acme.post(path, ["kind": "payment", "amount_paise": 1_000])
                wrong.append(try #require(reply.object["id"] as? String))
            }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for (number, id) in wrong.enumerated() {
                    group.addTask {
                        try await acme.post(path, ["kind": "payment", "amount_paise": 100]).status
                    }
                    group.addTask {
                        number % 2 == 0
                            ? try await acme.post("/v1/interactions/\(id)/correct", ["amount_paise": 1]).status
                            : try await acme.post("/v1/interactions/\(id)/strike-out", ["reason": "x"]).status
                    }
                    group.addTask {
                        try await acme.post(
                            "/v1/interactions/batch", ["items": [["customer_id": customer, "kind": "visit"]]]
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.allSatisfy { (200..<300).contains($0) }, "\(statuses)")
            #expect(try miscounted(api).isEmpty)
            #expect(
                try api.database.run(as: "postgres", "SELECT spent_paise, payments FROM app.customer_activity")
                    == [["1005", "15"]])
        }
    }

    @Test func whatIsMoreThanIsCountedIsRefused() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), customer = try await acme.makeCustomer()
            let payment: [String: Any] = ["kind": "payment", "amount_paise": 10_000_000_000_000]
            let path = "/v1/customers/\(customer)/interactions"
            let first = try await acme.post(path, payment)
            try api.database.run(
                as: "unnati_owner", "UPDATE app.customer_activity SET spent_paise = 1000000000000000000 - 1000")
            let item = payment.merging(["customer_id": customer]) { $1 }
            for refused in [
                try await acme.post(path, payment),
                try await acme.post("/v1/interactions/batch", ["items": Array(repeating: item, count: 500)]),
            ] {
                #expect(refused.status == 422 && refused.text.contains("out_of_range"), "\(refused.text)")
            }
            #expect(try await acme.post(path, ["kind": "payment", "amount_paise": 1_000]).status == 201)
            #expect(try await acme.post(path, ["kind": "visit"]).status == 201)
            let location = try #require(first.header("Location"))
            #expect(try await acme.post(location + "/strike-out", ["reason": "x"]).status == 200)
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.interactions") == [["4"]])
        }
    }

    @Test func whatBelongsToOnePersonIsAddedUp() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            var customers: [String] = []
            for _ in 0..<4 { customers.append(try await acme.makeCustomer()) }
            for (index, day) in [(0, "01"), (1, "02"), (1, "03"), (2, "04")] {
                let reply = try await acme.post(
                    "/v1/customers/\(customers[index])/interactions",
                    ["kind": "payment", "amount_paise": 100, "occurred_at": "2026-01-\(day)T10:00:00Z"])
                #expect(reply.status == 201)
            }
            _ = try await acme.post("/v1/customers/\(customers[0])/interactions", ["kind": "system"])
            try api.database.run(
                as: "unnati_owner",
                """
                UPDATE app.customers SET deleted_at = now(), merged_into = '\(customers[0].dropFirst(4))'
                WHERE id = '\(customers[1].dropFirst(4))'
                """)
            let service = InteractionService(database: try api.database.pool())
            let ids = customers.compactMap { Customer.ID($0) }
            func activity(_ tenant: TestTenant) async throws -> [CustomerActivity] {
                let caller = Caller.Person(
                    userID: tenant.userID, sessionID: .next(), tenantID: tenant.id,
                    standing: Standing(role: .owner, changedAt: .now()))
                return try await service.activity(of: [ids[0], ids[2], ids[3]], for: .person(caller))
                    .sorted { $0.spentPaise > $1.spentPaise }
            }
            let found = try await activity(acme)
            #expect(found.map(\.customer) == [ids[0], ids[2]])
            #expect(found.map(\.spentPaise) == [300, 100] && found.map(\.payments) == [3, 1])
            #expect(
                found.map { $0.lastSeenAt?.description } == ["2026-01-03T10:00:00.000Z", "2026-01-04T10:00:00.000Z"])
            #expect(found.map(\.lastInteractionAt) == found.map(\.lastSeenAt))
            #expect(try await activity(other).isEmpty)
        }
    }
}
