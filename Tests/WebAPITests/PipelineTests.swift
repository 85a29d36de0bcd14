// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import Foundation
import TestSupport
import Testing

@Suite struct PipelineTests {
    private func data(_ reply: RawClient.Reply) -> [[String: Any]] { reply.object["data"] as? [[String: Any]] ?? [] }

    private func stages(_ object: [String: Any]) -> [[String: Any]] { object["stages"] as? [[String: Any]] ?? [] }

    private func names(_ object: [String: Any]) -> [String] { stages(object).compactMap { $0["name"] as? String } }

    private func ids(_ object: [String: Any]) -> [String] { stages(object).compactMap { $0["id"] as? String } }

    private func add(_ person: TestTenant, _ title: String, to pipeline: String, _ more: [String: Any] = [:])
        async throws -> String
    {
        let fields = ["pipeline_id": pipeline, "title": title].merging(more) { $1 }
        let reply = try await person.post("/v1/deals", fields)
        return try #require(reply.object["id"] as? String, "\(reply.text)")
    }

    @Test func everyTradeHasThreeToBeginWith() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for trade in Trade.allCases {
                for language in ["en", "hi"] {
                    let ready = data(
                        try await acme.get("/v1/pipeline-templates?trade=\(trade.rawValue)&language=\(language)"))
                    #expect(ready.count == 3, "\(trade)")
                    for one in ready {
                        #expect(one["trade"] as? String == trade.rawValue && one["language"] as? String == language)
                        let kinds = stages(one).map { $0["kind"] as? String }
                        #expect(kinds.suffix(2) == ["won", "lost"] && kinds.dropLast(2).allSatisfy { $0 == "open" })
                        let words = [one["name"] as? String ?? ""] + names(one)
                        let isHindi = words.allSatisfy {
                            $0.unicodeScalars.contains { (0x900...0x97F).contains($0.value) }
                        }
                        #expect(isHindi == (language == "hi"), "\(words)")
                        #expect(Set(names(one)).count == names(one).count, "\(words)")
                    }
                }
            }
            let all = data(try await acme.get("/v1/pipeline-templates?language=ta"))
            #expect(all.count == 3 * Trade.allCases.count && all.allSatisfy { $0["language"] as? String == "en" })
            #expect(Set(all.compactMap { $0["key"] as? String }).count == all.count)
            for query in ["trade=spaceship", "language=xx", "kind=open"] {
                #expect(try await acme.get("/v1/pipeline-templates?" + query).problemCode == "invalid_query")
            }
        }
    }

    @Test func aReadyOneIsTakenOverAndIsOnesOwn() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let body = ["template": "tailor.orders", "language": "hi"], headers = [("Idempotency-Key", "k")]
            let made = try await api.post("/v1/pipelines", token: acme.token, body, headers: headers)
            let again = try await api.post("/v1/pipelines", token: acme.token, body, headers: headers)
            let location = try #require(made.header("Location"))

            #expect(made.status == 201 && made.text == again.text)
            #expect(made.object["name"] as? String == "ऑर्डर" && names(made.object).first == "पूछताछ")
            #expect(made.object["template"] as? String == "tailor.orders")
            #expect(try await acme.get(location).object as NSDictionary == made.object as NSDictionary)
            #expect(data(try await acme.get("/v1/pipelines")).count == 1)
            #expect(data(try await other.get("/v1/pipelines")).isEmpty)
            let named = try await acme.post("/v1/pipelines", ["template": "tailor.weddings", "name": "शादियाँ"])
            #expect(named.object["name"] as? String == "शादियाँ" && named.object["position"] as? Int == 2)
            let staff = try await acme.colleague(.staff)
            #expect(data(try await staff.get("/v1/pipelines")).count == 2)
            #expect(try await staff.post("/v1/pipelines", body).problemCode == "permission_denied")
        }
    }

    @Test func stagesAreRenamedAddedOrderedAndTakenAway() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let made = try await acme.post(
                "/v1/pipelines",
                [
                    "name": "Orders",
                    "stages": [
                        ["name": "Asked"], ["name": "Agreed"], ["name": "Done", "kind": "won"],
                        ["name": "Gone", "kind": "lost"],
                    ],
                ]
            ).object
            let id = try #require(made["id"] as? String), path = "/v1/pipelines/\(id)", old = ids(made)
            let kept = try await add(acme, "Kept", to: id, ["stage_id": old[0]])
            for number in 0..<3 { _ = try await add(acme, "Moved \(number)", to: id, ["stage_id": old[1]]) }

            // A stage with deals does not go by itself, nor do they go where they would mean something else.
            let without: [[String: Any]] = [
                ["id": old[2]], ["name": "New"], ["id": old[0], "name": "Enquiry"], ["id": old[3]],
            ]
            let refused = try await acme.patch(path, ["stages": without], ifMatch: "\"1\"")
            #expect(refused.problemCode == "stage_not_empty" && refused.text.contains(old[1]))
            for to in [old[1], old[2], "stg_" + String(repeating: "0", count: 32)] {
                let wrong: [String: Any] = ["stages": without, "move_deals": [["from": old[1], "to": to]]]
                #expect(try await acme.patch(path, wrong, ifMatch: "*").status == 422, "\(to)")
            }
            let change: [String: Any] = ["stages": without, "move_deals": [["from": old[1], "to": old[0]]]]
            let changed = try await acme.patch(path, change, ifMatch: "\"1\"")
            #expect(changed.status == 200 && changed.header("ETag") == "\"2\"", "\(changed.text)")
            #expect(names(changed.object) == ["Done", "New", "Enquiry", "Gone"])
            let column = data(try await acme.get("\(path)/stages/\(old[0])/deals"))
            #expect(column.map { $0["title"] as? String } == ["Kept", "Moved 2", "Moved 1", "Moved 0"])
            #expect(column.first?["id"] as? String == kept)
            let moves = try api.database.run(
                as: "unnati_owner", "SELECT count(*) FROM app.deal_moves WHERE from_stage_id IS NOT NULL")
            #expect(moves == [["3"]])
            // Sent again as it is, nothing changes.
            let same = ids(changed.object).map { ["id": $0] }
            #expect(try await acme.patch(path, ["stages": same], ifMatch: "*").header("ETag") == "\"2\"")
            #expect(try await acme.patch(path, ["name": "x"], ifMatch: "\"1\"").problemCode == "pipeline_changed")
            #expect(try await acme.patch(path, ["name": "x"], ifMatch: nil).status == 428)

            #expect(try await acme.delete(path).problemCode == "pipeline_not_empty")
            for deal in column { _ = try await acme.delete("/v1/deals/\(deal["id"] as? String ?? "")") }
            #expect(try await acme.delete(path).status == 204)
            #expect(try await acme.get(path).problemCode == "pipeline_unknown")
        }
    }

    @Test func whatIsNoPipelineIsRefusedThere() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let open: [String: Any] = ["name": "x"]
            for (body, pointer) in [
                ([:], "/name"), (["name": "x"], "/stages"), (["name": "", "stages": [open]], "/name"),
                (["name": "x", "stages": [["name": "x", "kind": "won"]]], "/stages"),
                (["name": "x", "stages": Array(repeating: open, count: 21)], "/stages"),
                (["name": "x", "stages": [["kind": "open"]]], "/stages/0/name"),
                (["name": "x", "stages": [["name": "x", "kind": "done"]]], "/stages/0/kind"),
                (["name": "x", "stages": [["id": "stg_1", "name": "x"]]], "/stages/0/id"),
                (["template": "tailor.nothing"], "/template"),
                (["template": "tailor.orders", "language": "xx"], "/language"),
                (["template": "tailor.orders", "stages": [open]], "/stages"),
                (["name": "x", "stages": [open], "language": "hi"], "/language"),
                (["name": "x", "stages": [open], "position": -1], "/position"),
            ] as [([String: Any], String)] {
                let refused = try await acme.post("/v1/pipelines", body)
                let error = (refused.object["errors"] as? [[String: Any]])?.first
                #expect(refused.status == 422, "\(body)")
                #expect(error?["pointer"] as? String == pointer, "\(refused.text)")
            }
            let made = try await acme.post("/v1/pipelines", ["name": "x", "stages": [open]]).object
            let path = "/v1/pipelines/\(try #require(made["id"] as? String))", stage = ids(made)[0]
            for stages in [
                [["id": stage, "kind": "won"]], [["id": stage], ["id": stage]], [], [["name": "x", "kind": "lost"]],
            ] as [[[String: Any]]] {
                #expect(try await acme.patch(path, ["stages": stages], ifMatch: "*").status == 422, "\(stages)")
            }
            #expect(try await acme.patch(path, ["stages": NSNull()], ifMatch: "*").status == 422)
        }
    }

    @Test func aBusinessHasSoManyAndNoMore() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for _ in 0..<20 { _ = try await acme.post("/v1/pipelines", ["template": "other.sales"]) }
            let refused = try await acme.post("/v1/pipelines", ["template": "other.sales"])
            #expect(refused.problemCode == "too_many_pipelines")
        }
    }
}
