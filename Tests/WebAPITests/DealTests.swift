// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

/// A pipeline with its stages by their names.
private struct TestPipeline {
    let id: String
    let stages: [String: String]

    init(_ person: TestTenant, _ template: String = "tailor.orders") async throws {
        let made = try await person.post("/v1/pipelines", ["template": template]).object
        id = try #require(made["id"] as? String)
        let all = made["stages"] as? [[String: Any]] ?? []
        stages = Dictionary(
            uniqueKeysWithValues: all.compactMap { stage in
                guard let name = stage["name"] as? String, let id = stage["id"] as? String else { return nil }
                return (name, id)
            })
    }

    func stage(_ name: String) -> String { stages[name] ?? "" }

    func add(_ person: TestTenant, _ title: String, _ more: [String: Any] = [:]) async throws -> String {
        let reply = try await person.post("/v1/deals", ["pipeline_id": id, "title": title].merging(more) { $1 })
        return try #require(reply.object["id"] as? String, "\(reply.text)")
    }

    /// The titles of a column, from top to bottom.
    func titles(_ person: TestTenant, _ name: String) async throws -> [String] {
        let reply = try await person.get("/v1/pipelines/\(id)/stages/\(stage(name))/deals?limit=100")
        return (reply.object["data"] as? [[String: Any]] ?? []).compactMap { $0["title"] as? String }
    }

    func columns(_ person: TestTenant) async throws -> [String: [String: Any]] {
        let reply = try await person.get("/v1/pipelines/\(id)/board")
        #expect(reply.status == 200, "\(reply.text)")
        let columns = reply.object["columns"] as? [[String: Any]] ?? []
        return Dictionary(
            uniqueKeysWithValues: columns.compactMap { column in
                ((column["stage"] as? [String: Any])?["name"] as? String).map { ($0, column) }
            })
    }
}

private func move(_ person: TestTenant, _ deal: String, _ body: [String: Any]) async throws -> RawClient.Reply {
    try await person.post("/v1/deals/\(deal)/move", body)
}

@Suite struct DealTests {
    private func data(_ reply: RawClient.Reply) -> [[String: Any]] { reply.object["data"] as? [[String: Any]] ?? [] }

    @Test func anOrderGoesItsWay() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), orders = try await TestPipeline(acme)
            let customer = try await acme.makeCustomer(["name": "Asha"])
            let id = try await orders.add(
                acme, "Two saris",
                ["customer_id": customer, "value_paise": 1_250_000, "expected_on": "2026-01-31", "note": "Blue"])
            let made = try await acme.get("/v1/deals/\(id)").object
            #expect(made["stage_id"] as? String == orders.stage("Enquiry") && made["state"] as? String == "open")
            #expect(made["owner_id"] as? String == acme.userID.description)
            #expect(made["customer"] as? NSDictionary == ["id": customer, "name": "Asha"])

            let measured = try await move(acme, id, ["stage_id": orders.stage("Measured")])
            #expect(measured.status == 200 && measured.header("ETag") == "\"2\"")
            let won = try await move(acme, id, ["stage_id": orders.stage("Delivered"), "won_note": "Very happy"])
            #expect(won.object["state"] as? String == "won" && won.object["closed_at"] != nil)
            #expect(won.object["won_note"] as? String == "Very happy")
            let lost: [String: Any] = ["stage_id": orders.stage("Lost")]
            let refused = try await move(acme, id, lost)
            #expect(refused.status == 422 && refused.text.contains("/lost_reason"))
            let gone = try await move(acme, id, lost.merging(["lost_reason": "Sent back"]) { $1 })
            #expect(gone.object["state"] as? String == "lost" && gone.object["won_note"] == nil)
            // Elsewhere in the same column it stays lost for the same reason.
            #expect(try await move(acme, id, lost).object["lost_reason"] as? String == "Sent back")
            let open = try await move(acme, id, ["stage_id": orders.stage("Trial")])
            #expect(open.object["state"] as? String == "open" && open.object["closed_at"] == nil)
            #expect(open.object["lost_reason"] == nil)

            let moves = try api.database.run(
                as: "unnati_owner", "SELECT to_stage, to_kind, actor FROM app.deal_moves ORDER BY id")
            #expect(moves.map { $0[0] } == ["Enquiry", "Measured", "Delivered", "Lost", "Trial"])
            #expect(moves.map { $0[1] } == ["open", "open", "won", "lost", "open"])
            #expect(try await acme.delete("/v1/deals/\(id)").status == 204)
            #expect(try api.database.run(as: "unnati_owner", "SELECT count(*) FROM app.deal_moves") == [["0"]])
        }
    }

    @Test func aChangeIsOfTheVersionThatWasRead() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), orders = try await TestPipeline(acme)
            let id = try await orders.add(acme, "One"), path = "/v1/deals/\(id)"
            _ = try await orders.add(acme, "Two")
            #expect(try await acme.patch(path, ["title": "x"], ifMatch: nil).status == 428)
            let changed = try await acme.patch(
                path, ["title": "Uno", "value_paise": 5, "expected_on": "2026-02-01"], ifMatch: "\"1\"")
            #expect(changed.header("ETag") == "\"2\"" && changed.object["value_paise"] as? Int == 5)
            #expect(try await acme.patch(path, ["title": "Late"], ifMatch: "\"1\"").problemCode == "deal_changed")
            // Where it stands in its column is nobody's version.
            #expect(
                try await move(acme, id, ["stage_id": orders.stage("Enquiry"), "at": "bottom"]).header("ETag")
                    == "\"2\"")
            let nothing: [String: Any] = ["value_paise": NSNull(), "expected_on": NSNull(), "owner_id": NSNull()]
            let cleared = try await acme.patch(path, nothing, ifMatch: "*").object
            #expect(cleared["value_paise"] == nil && cleared["expected_on"] == nil && cleared["owner_id"] == nil)
            let refused = try await api.request("DELETE", path, token: acme.token, headers: [("If-Match", "\"1\"")])
            #expect(refused.problemCode == "deal_changed")
        }
    }

    @Test func whatIsWrongIsNamedAtItsField() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), orders = try await TestPipeline(acme)
            let id = try await orders.add(acme, "One"), path = "/v1/deals/\(id)"
            for (member, value, code) in [
                ("title", "", "required"), ("value_paise", -1, "out_of_range"), ("expected_on", "soon", "invalid_date"),
                ("value_paise", 10_000_000_000_001, "out_of_range"), ("customer_id", "x", "invalid_value"),
                ("owner_id", "x", "unknown_member"), ("lost_reason", "x", "not_allowed"),
                ("won_note", "x", "not_allowed"), ("note", String(repeating: "x", count: 2_001), "too_long"),
                ("state", "won", "unknown_field"),
            ] as [(String, Any, String)] {
                let created = try await acme.post(
                    "/v1/deals", ["pipeline_id": orders.id, "title": "x"].merging([member: value]) { $1 })
                let changed = try await acme.patch(path, [member: value], ifMatch: "*")
                for reply in [created, changed] {
                    let error = (reply.object["errors"] as? [[String: Any]])?.first
                    #expect(reply.status == 422 && error?["pointer"] as? String == "/" + member, "\(reply.text)")
                    #expect(error?["code"] as? String == code, "\(reply.text)")
                }
            }
            #expect(try await acme.patch(path, ["stage_id": orders.stage("Trial")], ifMatch: "*").status == 422)
            #expect(try await acme.post("/v1/deals", ["title": "x"]).text.contains("/pipeline_id"))
            let stage = orders.stage("Trial")
            for body in [
                ["stage_id": "x"], ["stage_id": stage, "at": "middle"], ["stage_id": stage, "before": "x"],
                ["stage_id": stage, "before": id], ["stage_id": stage, "at": "top", "after": id],
                ["stage_id": stage, "won_note": "x"], [:],
            ] {
                #expect(try await move(acme, id, body).status == 422, "\(body)")
            }
            for query in [
                "filter[state]=done", "filter[stage_id]=x", "filter[pipeline_id]=x", "filter[owner_id]=x",
                "filter[customer_id]=x", "filter[expected_on][gte]=x", "sort=title",
            ] {
                #expect(try await acme.get("/v1/deals?" + query).problemCode == "invalid_query", "\(query)")
            }
        }
    }

    @Test func listsAndBoardsShowWhatIsAskedFor() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.staff)
            let orders = try await TestPipeline(acme), bulk = try await TestPipeline(acme, "tailor.weddings")
            let customer = try await acme.makeCustomer()
            for number in 0..<60 { _ = try await orders.add(acme, "\(number)", ["value_paise": 100]) }
            let wedding = try await bulk.add(
                acme, "Wedding",
                ["customer_id": customer, "owner_id": ravi.userID.description, "expected_on": "2026-02-10"])
            _ = try await orders.add(
                acme, "Gone",
                ["stage_id": orders.stage("Lost"), "lost_reason": "Too dear", "expected_on": "2026-03-10"])

            let column = try #require(try await orders.columns(acme)["Enquiry"])
            let shown = (column["deals"] as? [[String: Any]] ?? []).compactMap { $0["title"] as? String }
            #expect(column["count"] as? Int == 60 && column["value_paise"] as? Int == 6_000)
            #expect(shown == (10..<60).reversed().map { "\($0)" })
            // The rest of the column, from where the board ends.
            let cursor = try #require(column["next_cursor"] as? String)
            let rest = data(
                try await acme.get(
                    "/v1/pipelines/\(orders.id)/stages/\(orders.stage("Enquiry"))/deals?cursor=\(cursor)"))
            #expect(rest.map { $0["title"] as? String } == (0..<10).reversed().map { "\($0)" })
            let elsewhere = try await acme.get(
                "/v1/pipelines/\(orders.id)/stages/\(orders.stage("Trial"))/deals?cursor=\(cursor)")
            #expect(elsewhere.problemCode == "cursor_mismatch")
            let mixed = try await acme.get("/v1/pipelines/\(bulk.id)/stages/\(orders.stage("Trial"))/deals")
            #expect(mixed.problemCode == "stage_unknown")

            for (query, titles) in [
                ("filter[pipeline_id]=\(bulk.id)", ["Wedding"]), ("filter[customer_id]=\(customer)", ["Wedding"]),
                ("filter[owner_id]=\(ravi.userID)", ["Wedding"]), ("filter[state]=lost", ["Gone"]),
                ("filter[stage_id]=\(orders.stage("Lost"))", ["Gone"]), ("filter[state]=won", []),
                ("filter[expected_on][gte]=2026-02-01", ["Gone", "Wedding"]),
                ("filter[expected_on][gte]=2026-02-01&filter[expected_on][lte]=2026-02-28", ["Wedding"]),
                ("filter[state]=open&filter[pipeline_id]=\(bulk.id)", ["Wedding"]),
            ] as [(String, [String])] {
                let found = data(try await acme.get("/v1/deals?" + query)).compactMap { $0["title"] as? String }
                #expect(found == titles, "\(query)")
            }
            var walked: [String] = [], target: String? = "/v1/deals?limit=25"
            while let asked = target, walked.count < 100 {
                let page = try await acme.get(asked)
                walked += data(page).compactMap { $0["title"] as? String }
                target = page.header("Link").map { String($0.dropFirst().prefix { $0 != ">" }) }
            }
            #expect(walked == ["Gone", "Wedding"] + (0..<60).reversed().map { "\($0)" })
            // From one pipeline into another.
            let moved = try await move(acme, wedding, ["stage_id": orders.stage("Trial")])
            #expect(moved.object["pipeline_id"] as? String == orders.id)
        }
    }

    @Test func whatIsOfAnotherBusinessIsNotThere() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let orders = try await TestPipeline(acme), theirs = try await TestPipeline(other)
            let id = try await orders.add(acme, "One"), foreign = try await theirs.add(other, "Theirs")
            let customer = try await other.makeCustomer()
            #expect(data(try await other.get("/v1/deals")).map { $0["title"] as? String } == ["Theirs"])
            for (body, code) in [
                (["pipeline_id": theirs.id], "pipeline_unknown"),
                (["pipeline_id": orders.id, "stage_id": theirs.stage("Trial")], "stage_unknown"),
                (["pipeline_id": orders.id, "customer_id": customer], "customer_unknown"),
            ] as [([String: Any], String)] {
                let refused = try await acme.post("/v1/deals", body.merging(["title": "x"]) { $1 })
                #expect(refused.status == 404 && refused.problemCode == code, "\(refused.text)")
            }
            let trial = orders.stage("Trial")
            #expect(
                try await move(acme, id, ["stage_id": theirs.stage("Trial")]).problemCode == "stage_unknown")
            #expect(
                try await move(acme, id, ["stage_id": trial, "before": foreign]).problemCode == "deal_neighbour_gone")
            #expect(try await move(acme, foreign, ["stage_id": trial]).problemCode == "deal_unknown")
            let owned = try await acme.patch(
                "/v1/deals/\(id)", ["owner_id": other.userID.description], ifMatch: "*")
            #expect(owned.text.contains("unknown_member"))
        }
    }

    /// Staff who see their own customers alone.
    @Test func whoSeesTheirOwnAloneSeesWhatIsTheirs() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), orders = try await TestPipeline(acme)
            _ = try await acme.patch("/v1/business", ["staff_see_own_customers": true], ifMatch: "*")
            let ravi = try await acme.colleague(.staff)
            let own = try await acme.makeCustomer(["name": "Of Ravi", "owner_id": ravi.userID.description])
            let others = try await acme.makeCustomer(["name": "Of others"])
            let hidden = try await orders.add(acme, "Hidden", ["customer_id": others, "value_paise": 100])
            _ = try await orders.add(acme, "Of his customer", ["customer_id": own, "value_paise": 10])
            let given = try await orders.add(
                acme, "Given", ["customer_id": others, "owner_id": ravi.userID.description, "value_paise": 1])

            let column = try #require(try await orders.columns(ravi)["Enquiry"])
            #expect(column["count"] as? Int == 2 && column["value_paise"] as? Int == 11)
            #expect(try await orders.titles(ravi, "Enquiry") == ["Given", "Of his customer"])
            #expect(data(try await ravi.get("/v1/deals")).count == 2)
            for body: [String: Any] in [["stage_id": orders.stage("Trial")]] {
                #expect(try await move(ravi, hidden, body).problemCode == "deal_unknown")
                #expect(try await move(ravi, given, body).status == 200)
            }
            let beside: [String: Any] = ["stage_id": orders.stage("Enquiry"), "before": hidden]
            #expect(try await move(ravi, given, beside).problemCode == "deal_neighbour_gone")
            let away = try await ravi.patch(
                "/v1/deals/\(given)", ["owner_id": acme.userID.description], ifMatch: "*")
            #expect(away.text.contains("not_allowed"))
            let about: [String: Any] = ["pipeline_id": orders.id, "title": "x", "customer_id": others]
            #expect(try await ravi.post("/v1/deals", about).problemCode == "customer_unknown")
            let nobodys: [String: Any] = ["pipeline_id": orders.id, "title": "x", "owner_id": NSNull()]
            #expect(try await ravi.post("/v1/deals", nobodys).text.contains("not_allowed"))
            #expect(try await ravi.delete("/v1/deals/\(given)").problemCode == "permission_denied")
        }
    }

    @Test func whatIsOfACustomerGoesWithThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), orders = try await TestPipeline(acme)
            let old = try await acme.makeCustomer(["name": "Old"]), new = try await acme.makeCustomer(["name": "New"])
            let id = try await orders.add(acme, "One", ["customer_id": old, "value_paise": 100])
            _ = try await orders.add(acme, "Two", ["value_paise": 10])
            try api.database.run(
                as: "unnati_owner",
                """
                UPDATE app.customers SET deleted_at = now(), merged_into = '\(new.dropFirst(4))' WHERE id = '\(old.dropFirst(4))'
                """)
            #expect(try await acme.get("/v1/deals/\(id)").object["customer_id"] as? String == new)
            for customer in [old, new] {
                #expect(data(try await acme.get("/v1/deals?filter[customer_id]=\(customer)")).count == 1)
            }
            #expect(try await acme.delete("/v1/customers/\(new)").status == 204)
            let column = try #require(try await orders.columns(acme)["Enquiry"])
            #expect(column["count"] as? Int == 1 && column["value_paise"] as? Int == 10)
            #expect(try await acme.get("/v1/deals/\(id)").problemCode == "deal_unknown")
            #expect(try await acme.delete("/v1/pipelines/\(orders.id)").problemCode == "pipeline_not_empty")
            let erased = try await api.request("POST", "/v1/customers/\(new)/erase", token: acme.token)
            #expect(erased.status == 202)
            #expect(try api.doWhatIsDue().erased.count == 1)
            let left = try api.database.run(
                as: "unnati_owner",
                "SELECT (SELECT count(*) FROM app.deals), (SELECT count(*) FROM app.deal_moves)")
            #expect(left == [["1", "1"]])
        }
    }

    @Test func whatIsSentAgainIsAddedOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), orders = try await TestPipeline(acme)
            let body = Array(try JSONSerialization.data(withJSONObject: ["pipeline_id": orders.id, "title": "One"]))
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k")]
            let first = try await api.request("POST", "/v1/deals", token: acme.token, headers: headers, body: body)
            let second = try await api.request("POST", "/v1/deals", token: acme.token, headers: headers, body: body)
            #expect(first.status == 201 && first.text == second.text)
            #expect(try await orders.titles(acme, "Enquiry") == ["One"])
        }
    }
}

/// The order of the cards in a column.
@Suite struct BoardOrderTests {
    @Test func aCardStandsWhereItWasDropped() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), orders = try await TestPipeline(acme)
            var ids: [String: String] = [:]
            for title in ["D", "C", "B", "A"] { ids[title] = try await orders.add(acme, title) }
            let enquiry = orders.stage("Enquiry"), trial = orders.stage("Trial")
            func drop(_ title: String, _ stage: String, _ place: [String: String]) async throws {
                let reply = try await move(
                    acme, ids[title] ?? "", ["stage_id": stage].merging(place.mapValues { ids[$0] ?? $0 }) { $1 })
                #expect(reply.status == 200, "\(reply.text)")
            }
            #expect(try await orders.titles(acme, "Enquiry") == ["A", "B", "C", "D"])
            try await drop("A", enquiry, ["after": "C"])
            #expect(try await orders.titles(acme, "Enquiry") == ["B", "C", "A", "D"])
            try await drop("D", enquiry, ["before": "B"])
            #expect(try await orders.titles(acme, "Enquiry") == ["D", "B", "C", "A"])
            try await drop("B", enquiry, ["at": "bottom"])
            #expect(try await orders.titles(acme, "Enquiry") == ["D", "C", "A", "B"])
            // Beside the one beside which it stands already.
            try await drop("C", enquiry, ["after": "D"])
            try await drop("C", enquiry, ["before": "A"])
            #expect(try await orders.titles(acme, "Enquiry") == ["D", "C", "A", "B"])
            try await drop("A", trial, ["at": "top"])
            try await drop("B", trial, ["before": "A"])
            try await drop("C", trial, ["after": "A"])
            #expect(try await orders.titles(acme, "Trial") == ["B", "A", "C"])
            let gone = try await move(
                acme, ids["D"] ?? "", ["stage_id": enquiry, "before": ids["A"] ?? ""])
            #expect(gone.problemCode == "deal_neighbour_gone")
        }
    }

    /// Each card that comes between two halves what is between them, until nothing is.
    @Test func thereIsAlwaysRoomBetweenTwo() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), orders = try await TestPipeline(acme)
            // More on either side than are spread out at first.
            try api.database.run(
                as: "unnati_owner",
                """
                INSERT INTO app.deals (tenant_id, id, pipeline_id, stage_id, position, title)
                SELECT '\(acme.id.uuid.hex)', gen_random_uuid(), '\(orders.id.dropFirst(4))', '\(orders.stage("Enquiry").dropFirst(4))',
                       1000000 + n * 3 + CASE WHEN n > 150 THEN 40 ELSE 0 END, lpad(n::text, 3, '0')
                FROM generate_series(1, 300) AS n
                """)
            let all = (1...300).map { String(repeating: "0", count: 3 - String($0).count) + String($0) }
            let column = "/v1/pipelines/\(orders.id)/stages/\(orders.stage("Enquiry"))/deals?limit=100"
            func walk() async throws -> [(title: String, id: String)] {
                var cards: [(title: String, id: String)] = [], target: String? = column
                while let asked = target, cards.count < 1_000 {
                    let page = try await acme.get(asked)
                    cards += (page.object["data"] as? [[String: Any]] ?? []).compactMap {
                        ($0["title"] as? String ?? "", $0["id"] as? String ?? "")
                    }
                    target = page.header("Link").map { String($0.dropFirst().prefix { $0 != ">" }) }
                }
                return cards
            }
            let cards = try await walk()
            #expect(cards.map(\.title) == all)
            let fixed = cards[149].id
            var expected = all
            for round in 0..<60 {
                // Now from above, now from below, always right behind the same one.
                let card = cards[round % 2 == 0 ? round : 299 - round]
                let reply = try await move(acme, card.id, ["stage_id": orders.stage("Enquiry"), "after": fixed])
                #expect(reply.status == 200, "\(reply.text)")
                expected.removeAll { $0 == card.title }
                expected.insert(card.title, at: (expected.firstIndex(of: "150") ?? 0) + 1)
            }
            #expect(try await walk().map(\.title) == expected)
        }
    }

    private struct Dropped: Sendable {
        let card: String, neighbour: String, isBefore: Bool, stage: String
        let begun: ContinuousClock.Instant, ended: ContinuousClock.Instant
    }

    /// Many people at one board: every card is in one column, no two are at one place, and where nobody has moved a card or its
    /// neighbour since, they stand as they were put.
    @Test func manyWhoMoveCardsAtOnceLeaveThemInOrder() async throws {
        try await TestAPI.run {
            $0.rates.person = nil
            $0.rates.tenant = nil
        } _: { api in
            let acme = try await api.makeTenant(), orders = try await TestPipeline(acme)
            let stages = ["Enquiry", "Measured", "Trial"].map { orders.stage($0) }
            var made: [String] = []
            for number in 0..<18 {
                made.append(try await orders.add(acme, "\(number)", ["stage_id": stages[number % 3]]))
            }
            let cards = made
            let dropped = try await withThrowingTaskGroup(of: [Dropped].self) { group in
                for client in 0..<8 {
                    group.addTask { try await Self.moveAbout(acme, cards, stages, seed: UInt64(client + 1)) }
                }
                return try await group.reduce(into: [Dropped]()) { $0 += $1 }
            }
            #expect(dropped.count > 200)

            let columns = try await orders.columns(acme)
            var places: [String: (stage: String, index: Int)] = [:]
            for column in columns.values {
                let stage = (column["stage"] as? [String: Any])?["id"] as? String ?? ""
                for (index, deal) in (column["deals"] as? [[String: Any]] ?? []).enumerated() {
                    let id = deal["id"] as? String ?? ""
                    #expect(places[id] == nil, "\(id) is in two columns")
                    places[id] = (stage, index)
                }
            }
            #expect(Set(places.keys) == Set(cards))
            let distinct = try api.database.run(
                as: "unnati_owner", "SELECT count(*), count(DISTINCT (stage_id, position)) FROM app.deals")
            #expect(distinct == [["18", "18"]])
            var judged = 0
            for drop in dropped {
                let isLast = !dropped.contains {
                    $0.ended > drop.begun
                        && ($0.card == drop.card && $0.begun != drop.begun || $0.card == drop.neighbour)
                }
                guard isLast, let card = places[drop.card], let neighbour = places[drop.neighbour] else { continue }
                judged += 1
                #expect(card.stage == drop.stage && neighbour.stage == drop.stage)
                #expect((card.index < neighbour.index) == drop.isBefore)
            }
            #expect(judged > 0)
        }
    }

    /// A hundred moves beside cards where they stand at this moment, or stood a moment ago.
    private static func moveAbout(
        _ person: TestTenant, _ cards: [String], _ stages: [String], seed: UInt64
    ) async throws -> [Dropped] {
        var random = SplitMix(state: seed), dropped: [Dropped] = []
        for _ in 0..<100 {
            let card = cards[Int.random(in: cards.indices, using: &random)]
            let others = cards.filter { $0 != card }, neighbour = others[Int.random(in: others.indices, using: &random)]
            let isBefore = Bool.random(using: &random)
            let seen = try await person.get("/v1/deals/\(neighbour)").object["stage_id"] as? String ?? ""
            let begun = ContinuousClock.now
            let reply = try await person.post(
                "/v1/deals/\(card)/move", ["stage_id": seen, isBefore ? "before" : "after": neighbour])
            let ended = ContinuousClock.now
            if reply.status == 200 {
                dropped.append(
                    Dropped(
                        card: card, neighbour: neighbour, isBefore: isBefore, stage: seen, begun: begun, ended: ended))
            } else {
                #expect(reply.problemCode == "deal_neighbour_gone", "\(reply.text)")
            }
            // Now and then into any column, so that none runs dry.
            if Int.random(in: 0..<5, using: &random) == 0 {
                let stage = stages[Int.random(in: stages.indices, using: &random)], begun = ContinuousClock.now
                let moved = try await person.post("/v1/deals/\(card)/move", ["stage_id": stage, "at": "bottom"])
                #expect(moved.status == 200, "\(moved.text)")
                dropped.append(
                    Dropped(
                        card: card, neighbour: "", isBefore: false, stage: stage, begun: begun, ended: .now))
            }
        }
        return dropped
    }
}

/// Numbers that are the same in every run (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
