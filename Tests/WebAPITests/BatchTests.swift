// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct BatchTests {
    private func send(_ tenant: TestTenant, _ items: [[String: Any]], allOrNothing: Bool? = nil, key: String? = nil)
        async throws -> RawClient.Reply
    {
        var json: [String: Any] = ["items": items]
        json["all_or_nothing"] = allOrNothing
        let body = try JSONSerialization.data(withJSONObject: json, options: .sortedKeys)
        return try await tenant.api.request(
            "POST", "/v1/customers/batch", token: tenant.token,
            headers: [("Content-Type", "application/json")] + (key.map { [("Idempotency-Key", $0)] } ?? []),
            body: Array(body))
    }

    private func count(_ api: TestAPI) throws -> String? {
        try api.database.run(as: "postgres", "SELECT count(*) FROM app.customers").first?.first ?? nil
    }

    private func results(_ reply: RawClient.Reply) -> [[String: Any]] {
        reply.object["results"] as? [[String: Any]] ?? []
    }

    private func errors(_ reply: RawClient.Reply) -> [String] {
        (reply.object["errors"] as? [[String: Any]] ?? []).map { "\($0["pointer"] ?? "") \($0["code"] ?? "")" }
    }

    @Test func manyAreAddedAtOnceInTheirOrder() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let tags = (0..<20).map { "tag \($0)" }
            let items = (0..<500).map {
                ["name": "Customer \($0)", "phone": "\(7_000_000_000 + $0)", "tags": tags, "notes": "x"]
                    as [String: Any]
            }
            let reply = try await send(acme, items)

            #expect(reply.status == 200)
            let found = results(reply)
            #expect(found.count == 500 && found.allSatisfy { $0["status"] as? Int == 201 })
            let first = found[0]["item"] as? [String: Any], last = found[499]["item"] as? [String: Any]
            #expect(first?["name"] as? String == "Customer 0" && last?["phone"] as? String == "+917000000499")
            let id = try #require(first?["id"] as? String)
            #expect(try await acme.get("/v1/customers/\(id)").status == 200)
            #expect(try await other.get("/v1/customers/\(id)").status == 404)
            // Another business may have the same numbers.
            #expect(try await send(other, items).status == 200)
            #expect(try count(api) == "1000")
        }
    }

    @Test func whenOneIsWrongAllAreToldAndNoneIsAdded() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let reply = try await send(
                acme, [["name": "Asha"], ["phone": "12"], [:], ["name": "Ravi", "email": "x", "stage": "vip"]])

            #expect(reply.status == 422 && reply.problemCode == "validation_failed")
            #expect(
                errors(reply) == [
                    "/items/1/phone invalid_phone", "/items/2 required", "/items/3/email invalid_email",
                    "/items/3/stage invalid_value",
                ])
            #expect(try count(api) == "0")
        }
    }

    @Test func whoStandsInTheWayIsToldWithItsPlace() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.makeCustomer(["phone": "9812345678"])
            let items = [
                ["name": "New", "email": "new@example.in"], ["phone": "9812345678"],
                ["name": "Again", "email": "new@example.in"],
            ]
            let refused = try await send(acme, items)
            #expect(refused.status == 409 && refused.problemCode == "batch_refused")
            #expect(errors(refused) == ["/items/1/phone customer_phone_taken", "/items/2/email customer_email_taken"])
            #expect(try count(api) == "1")

            let partly = try await send(acme, items + [["phone": "12"]], allOrNothing: false)
            #expect(partly.status == 200)
            let found = results(partly)
            #expect(found.map { $0["status"] as? Int } == [201, 409, 409, 422])
            let problem = found[2]["problem"] as? [String: Any], item = found[0]["item"] as? [String: Any]
            #expect(problem?["code"] as? String == "customer_email_taken")
            #expect(problem?["conflicting_id"] as? String == item?["id"] as? String)
            #expect(try count(api) == "2")
        }
    }

    @Test func anotherBusinesssNumbersStandInNobodysWay() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            _ = try await other.makeCustomer(["phone": "9812345678"])
            let reply = try await send(acme, [["phone": "9812345678"]])
            #expect(reply.status == 200 && !reply.text.contains("conflicting_id"))
        }
    }

    @Test(arguments: [0, 501])
    func noneAndTooManyAreRefused(_ number: Int) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let reply = try await send(acme, Array(repeating: ["name": "Asha"], count: number))
            #expect(reply.status == 422 && errors(reply) == ["/items out_of_range"])
            #expect(try count(api) == "0")
        }
    }

    @Test func whatIsNoBatchIsRefused() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for (body, pointer) in [
                (#"{"items":[{"name":1}]}"#, "/items/0/name"), (#"{"items":{}}"#, "/items"),
                (#"{"items":[{"nam":"x"}]}"#, "/items/0/nam"), (#"{"items":[1]}"#, "/items/0"), (#"{}"#, "/items"),
                (#"{"items":[{"name":"x"}],"all_or_nothing":"no"}"#, "/all_or_nothing"),
                (#"{"items":[{"name":"x"}],"mode":1}"#, "/mode"),
            ] {
                let reply = try await api.request(
                    "POST", "/v1/customers/batch", token: acme.token, headers: [("Content-Type", "application/json")],
                    body: Array(body.utf8))
                #expect(reply.status == 422, "\(body)")
                #expect(errors(reply).first?.hasPrefix(pointer + " ") == true, "\(body): \(reply.text)")
            }
        }
    }

    @Test func aBatchIsDoneOnceForAKey() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let items = [["name": "Asha", "phone": "9812345678"], ["name": "Ravi", "phone": "9812345678"]]
            let refused = try await send(acme, items, key: "k")
            let first = try await send(acme, items, allOrNothing: false, key: "k")
            let again = try await send(acme, items, allOrNothing: false, key: "k")
            let reused = try await send(acme, items, key: "k")

            #expect(refused.status == 409)
            #expect(first.status == 200 && again.text == first.text && again.header("Idempotent-Replayed") == "true")
            #expect(reused.status == 422 && reused.problemCode == "idempotency_key_reused")
            #expect(try count(api) == "1")
        }
    }

    @Test func twoBatchesAtOnceDoNotShareANumber() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let items = (0..<100).map { ["phone": "\(7_000_000_000 + $0)"] }
            let replies = try await withThrowingTaskGroup(of: RawClient.Reply.self) { group in
                for _ in 0..<6 { group.addTask { try await send(acme, items) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(replies.count { $0.status == 200 } == 1)
            #expect(replies.allSatisfy { [200, 409].contains($0.status) })
            #expect(try count(api) == "100")
        }
    }
}
