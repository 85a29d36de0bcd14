// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct InteractionBatchTests {
    private func send(_ tenant: TestTenant, _ items: [[String: Any]], allOrNothing: Bool? = nil) async throws
        -> RawClient.Reply
    {
        var json: [String: Any] = ["items": items]
        json["all_or_nothing"] = allOrNothing
        return try await tenant.post("/v1/interactions/batch", json)
    }

    private func results(_ reply: RawClient.Reply) -> [[String: Any]] {
        reply.object["results"] as? [[String: Any]] ?? []
    }

    private func errors(_ reply: RawClient.Reply) -> [String] {
        (reply.object["errors"] as? [[String: Any]] ?? []).map { "\($0["pointer"] ?? "") \($0["code"] ?? "")" }
    }

    private func count(_ api: TestAPI) throws -> String? {
        try api.database.run(as: "postgres", "SELECT count(*) FROM app.interactions").first?.first ?? nil
    }

    @Test func manyAreLoggedAtOnceInTheirOrder() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let customers = [try await acme.makeCustomer(), try await acme.makeCustomer()]
            let items = (0..<500).map { number -> [String: Any] in
                [
                    "customer_id": customers[number % 2], "kind": "payment", "amount_paise": number + 1,
                    "body": "Bill \(number)", "occurred_at": "2026-01-31T10:00:00Z",
                    "attachments": [["url": "https://example.in/bills/\(number)"]],
                ]
            }
            let reply = try await send(acme, items)

            #expect(reply.status == 200, "\(reply.text.prefix(500))")
            let found = results(reply).compactMap { $0["item"] as? [String: Any] }
            #expect(found.map { $0["body"] as? String } == (0..<500).map { "Bill \($0)" })
            #expect(found[1]["customer_id"] as? String == customers[1])
            #expect(try await acme.get("/v1/interactions/\(found[499]["id"] as? String ?? "")").status == 200)
            let sums = try api.database.run(
                as: "postgres", "SELECT spent_paise, payments FROM app.customer_activity ORDER BY spent_paise")
            #expect(sums == [["62500", "250"], ["62750", "250"]])
        }
    }

    @Test func whatStandsInTheWayIsToldWithItsPlace() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let customer = try await acme.makeCustomer(), foreign = try await other.makeCustomer()
            let deleted = try await acme.makeCustomer()
            #expect(try await acme.delete("/v1/customers/\(deleted)").status == 204)
            let wrong: [[String: Any]] = [
                ["customer_id": customer, "kind": "visit"], ["kind": "note"], ["customer_id": "x", "kind": "fax"],
                ["customer_id": customer, "kind": "payment", "amount_paise": 0],
            ]
            let refused = try await send(acme, wrong)
            #expect(refused.status == 422)
            #expect(
                errors(refused) == [
                    "/items/1/customer_id required", "/items/1/body required", "/items/2/customer_id invalid_value",
                    "/items/2/kind invalid_value", "/items/3/amount_paise out_of_range",
                ])
            let unknown: [[String: Any]] = [customer, foreign, deleted].map { ["customer_id": $0, "kind": "visit"] }
            let nobody = try await send(acme, unknown)
            #expect(nobody.status == 422 && nobody.problemCode == "validation_failed")
            #expect(
                errors(nobody) == ["/items/1/customer_id customer_unknown", "/items/2/customer_id customer_unknown"])
            #expect(try count(api) == "0")

            let partly = try await send(acme, unknown + wrong, allOrNothing: false)
            #expect(
                results(partly).map { $0["status"] as? Int } == [201, 404, 404, 201, 422, 422, 422], "\(partly.text)")
            #expect((results(partly)[1]["problem"] as? [String: Any])?["code"] as? String == "customer_unknown")
            #expect(try count(api) == "2")
        }
    }

    @Test(arguments: [0, 501])
    func noneAndTooManyAreRefused(_ number: Int) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let item = ["customer_id": try await acme.makeCustomer(), "kind": "visit"]
            let reply = try await send(acme, Array(repeating: item, count: number))
            #expect(reply.status == 422 && errors(reply) == ["/items out_of_range"])
        }
    }

    @Test func aProgramLogsUnderItsOwnName() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), customer = try await acme.makeCustomer()
            let made = try await acme.post(
                "/v1/api-keys", ["name": "Till", "scopes": ["customers:read", "customers:write"]])
            let key = try #require(made.object["key"] as? String), id = try #require(made.object["id"] as? String)
            let items = [["customer_id": customer, "kind": "order", "amount_paise": 5] as [String: Any]]
            let reply = try await api.post("/v1/interactions/batch", token: key, ["items": items])
            let item = results(reply).first?["item"] as? [String: Any]
            #expect(item?["actor"] as? String == "api_key" && item?["actor_id"] as? String == id, "\(reply.text)")
            let found = try await api.request("GET", "/v1/interactions?filter[actor_id]=\(id)", token: key)
            #expect((found.object["data"] as? [Any])?.count == 1)
        }
    }

    /// Each locks the customers of its lines in one order, whatever that of the lines.
    @Test func batchesOfTheSameCustomersDoNotStandInEachOthersWay() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            var customers: [String] = []
            for _ in 0..<20 { customers.append(try await acme.makeCustomer()) }
            let replies = try await withThrowingTaskGroup(of: RawClient.Reply.self) { group in
                for _ in 0..<8 {
                    let items = customers.shuffled().map {
                        ["customer_id": $0, "kind": "payment", "amount_paise": 10] as [String: Any]
                    }
                    group.addTask { try await send(acme, items) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(replies.allSatisfy { $0.status == 200 })
            let sums = try api.database.run(
                as: "postgres", "SELECT DISTINCT spent_paise, payments FROM app.customer_activity")
            #expect(sums == [["80", "8"]])
            let deadlocks = try api.database.run(
                as: "postgres", "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            #expect(deadlocks == [["0"]])
        }
    }
}
