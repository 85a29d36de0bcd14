// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

@Suite struct InteractionTests {
    private func data(_ reply: RawClient.Reply) -> [[String: Any]] { reply.object["data"] as? [[String: Any]] ?? [] }

    private func ids(_ reply: RawClient.Reply) -> [String] { data(reply).compactMap { $0["id"] as? String } }

    private func errors(_ reply: RawClient.Reply) -> [String] {
        (reply.object["errors"] as? [[String: Any]] ?? []).map { "\($0["pointer"] ?? "") \($0["code"] ?? "")" }
    }

    /// The id of what was logged.
    private func log(_ acme: TestTenant, _ customer: String, _ fields: [String: Any]) async throws -> String {
        let reply = try await acme.post("/v1/customers/\(customer)/interactions", fields)
        #expect(reply.status == 201, "\(reply.text)")
        return try #require(reply.object["id"] as? String)
    }

    private func note(_ acme: TestTenant, _ customer: String, _ text: String, at time: String? = nil) async throws
        -> String
    {
        var fields: [String: Any] = ["kind": "note", "body": text]
        fields["occurred_at"] = time
        return try await log(acme, customer, fields)
    }

    // MARK: - Writing down

    @Test func whatHappenedIsToldAsItWasLogged() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), customer = try await acme.makeCustomer()
            let call: [String: Any] = [
                "kind": "call", "direction": "in", "occurred_at": "2026-01-31T10:00:00+05:30",
                "body": "साड़ी पूछी।\nCalls again on Monday.", "duration_seconds": 95,
                "attachments": [
                    ["url": "https://example.in/call.ogg", "title": "The call"], ["url": "HTTPS://example.in/x"],
                ],
            ]
            let logged = try await acme.post("/v1/customers/\(customer)/interactions", call)
            let location = try #require(logged.header("Location"))
            var expected = call
            expected["occurred_at"] = "2026-01-31T04:30:00.000Z"
            expected["attachments"] = [
                ["url": "https://example.in/call.ogg", "title": "The call"], ["url": "https://example.in/x"],
            ]
            expected["id"] = location.split(separator: "/").last.map(String.init)
            expected["customer_id"] = customer
            expected["actor"] = "person"
            expected["actor_id"] = acme.userID.description
            expected["logged_at"] = logged.object["logged_at"]
            #expect(logged.status == 201 && logged.object as NSDictionary == expected as NSDictionary, "\(logged.text)")

            var read = try await acme.get(location).object
            #expect(read.removeValue(forKey: "state") as? String == "standing")
            #expect((read.removeValue(forKey: "versions") as? NSArray) == [expected])
            #expect(read as NSDictionary == expected as NSDictionary)
            #expect(data(try await acme.get("/v1/interactions")) as NSArray == [expected])
        }
    }

    @Test func whatIsNotSaidIsFilledIn() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), customer = try await acme.makeCustomer()
            let path = "/v1/customers/\(customer)/interactions", before = Instant.now()
            let paid = try await acme.post(path, ["kind": "payment", "amount_paise": 10_000_000_000_000]).object
            #expect(paid["direction"] as? String == "in")
            let time = try #require((paid["occurred_at"] as? String).flatMap { Instant(rfc3339: $0) })
            #expect((before.advanced(by: .milliseconds(-1))...Instant.now()).contains(time))

            for kind in ["visit", "order", "referral", "system"] {
                let plain = try await acme.post(path, ["kind": kind])
                #expect(
                    plain.status == 201 && plain.object["direction"] == nil && plain.object["body"] == nil, "\(kind)")
            }
            let soon = Instant.now().advanced(by: .seconds(240)).description
            for time in ["2000-01-01T00:00:00Z", soon] {
                #expect(try await acme.post(path, ["kind": "visit", "occurred_at": time]).status == 201, "\(time)")
            }
        }
    }

    @Test func allThatIsWrongIsToldTogetherAndNothingIsLogged() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), path = "/v1/customers/\(try await acme.makeCustomer())/interactions"
            let link: [String: Any] = ["url": "https://example.in"]
            let late = Instant.now().advanced(by: .seconds(400)).description
            for (body, expected) in [
                ([:], ["/kind required"]), (["kind": "fax"], ["/kind invalid_value"]),
                (["kind": 1], ["/kind wrong_type"]),
                (["kind": "visit", "customer_id": "x"], ["/customer_id unknown_field"]),
                (["kind": "visit", "actor_id": "x"], ["/actor_id unknown_field"]),
                (["kind": "visit", "body": NSNull()], ["/body wrong_type"]),
                (["kind": "note"], ["/body required"]), (["kind": "note", "body": " \n"], ["/body required"]),
                (["kind": "note", "body": "a\u{7}b"], ["/body forbidden_character"]),
                (["kind": "note", "body": String(repeating: "x", count: 10_001)], ["/body too_long"]),
                (["kind": "call"], ["/direction required"]), (["kind": "whatsapp"], ["/direction required"]),
                (["kind": "sms"], ["/direction required"]),
                (["kind": "email", "direction": "up"], ["/direction invalid_value"]),
                (["kind": "visit", "direction": "in"], ["/direction not_allowed"]),
                (["kind": "order", "direction": "in"], ["/direction not_allowed"]),
                (["kind": "payment"], ["/amount_paise required"]),
                (["kind": "payment", "amount_paise": 0], ["/amount_paise out_of_range"]),
                (["kind": "payment", "amount_paise": -1], ["/amount_paise out_of_range"]),
                (["kind": "payment", "amount_paise": 10_000_000_000_001], ["/amount_paise out_of_range"]),
                (["kind": "payment", "amount_paise": 12.5], ["/amount_paise wrong_type"]),
                (["kind": "visit", "amount_paise": 1], ["/amount_paise not_allowed"]),
                (["kind": "visit", "duration_seconds": 1], ["/duration_seconds not_allowed"]),
                (["kind": "call", "direction": "in", "duration_seconds": 86_401], ["/duration_seconds out_of_range"]),
                (["kind": "call", "direction": "in", "duration_seconds": -1], ["/duration_seconds out_of_range"]),
                (["kind": "visit", "occurred_at": "yesterday"], ["/occurred_at invalid_time"]),
                (["kind": "visit", "occurred_at": "1999-12-31T23:59:59Z"], ["/occurred_at out_of_range"]),
                (["kind": "visit", "occurred_at": late], ["/occurred_at out_of_range"]),
                (["kind": "visit", "attachments": Array(repeating: link, count: 11)], ["/attachments too_many"]),
                (
                    ["kind": "visit", "attachments": [link, ["url": "javascript:alert(1)"]]],
                    ["/attachments/1/url invalid_url"]
                ),
                (["kind": "visit", "attachments": [["title": "x"]]], ["/attachments/0/url required"]),
                (
                    ["kind": "visit", "attachments": [["url": "https://example.in", "title": ""]]],
                    ["/attachments/0/title required"]
                ),
                (
                    [
                        "kind": "payment", "direction": "away", "amount_paise": 0, "occurred_at": "x",
                        "attachments": [["url": "http://example.in"], ["url": "https://a@example.in"]],
                    ],
                    [
                        "/occurred_at invalid_time", "/attachments/0/url invalid_url", "/attachments/1/url invalid_url",
                        "/direction invalid_value", "/amount_paise out_of_range",
                    ]
                ),
            ] as [([String: Any], [String])] {
                let refused = try await acme.post(path, body)
                #expect(refused.status == 422 && errors(refused) == expected, "\(body): \(refused.text)")
            }
            #expect(ids(try await acme.get("/v1/interactions")).isEmpty)
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.customer_activity") == [["0"]])
        }
    }

    @Test func whatIsSentAgainIsLoggedOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), customer = try await acme.makeCustomer()
            func twice(_ path: String, _ body: [String: Any]) async throws -> [RawClient.Reply] {
                let bytes = Array(try JSONSerialization.data(withJSONObject: body, options: .sortedKeys))
                var replies: [RawClient.Reply] = []
                for _ in 0..<2 {
                    replies.append(
                        try await api.request(
                            "POST", path, token: acme.token,
                            headers: [("Content-Type", "application/json"), ("Idempotency-Key", "k")], body: bytes))
                }
                #expect(replies[0].status < 300, "\(replies[0].text)")
                #expect(replies[0].text == replies[1].text && replies[1].header("Idempotent-Replayed") == "true")
                return replies
            }
            let logged = try await twice(
                "/v1/customers/\(customer)/interactions", ["kind": "payment", "amount_paise": 500])
            #expect(logged[0].header("Location") == logged[1].header("Location"))
            let location = try #require(logged[0].header("Location"))
            _ = try await twice(location + "/correct", ["amount_paise": 700])
            let items = [["customer_id": customer, "kind": "payment", "amount_paise": 100]]
            _ = try await twice("/v1/interactions/batch", ["items": items])

            #expect(data(try await acme.get("/v1/interactions")).count == 2)
            #expect(try api.database.run(as: "postgres", "SELECT spent_paise FROM app.customer_activity") == [["800"]])
        }
    }

    // MARK: - Reading

    @Test func aTimelineIsReadFromTheNewestPageByPage() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let asha = try await acme.makeCustomer(["name": "Asha"]),
                ravi = try await acme.makeCustomer(["name": "Ravi"])
            _ = try await note(other, try await other.makeCustomer(), "Elsewhere")
            var expected: [(time: String, id: String, customer: String)] = []
            for number in 0..<12 {
                // Not in the order in which they are logged, and several at one moment.
                let time = "2026-01-\(10 + number * 7 % 5)T10:00:00.000Z", customer = number % 3 == 0 ? ravi : asha
                expected.append((time, try await note(acme, customer, "\(number)", at: time), customer))
            }
            expected.sort { ($0.time, $0.id) > ($1.time, $1.id) }

            func walk(_ path: String) async throws -> [String] {
                var found: [String] = [], target: String? = path + "?limit=5"
                while let asked = target, found.count < 100 {
                    let page = try await acme.get(asked)
                    found += ids(page)
                    let link = page.header("Link").map { $0.dropFirst().prefix { $0 != ">" } }
                    target = link.map(String.init)
                }
                return found
            }
            #expect(try await walk("/v1/interactions") == expected.map(\.id))
            let ofAsha = expected.filter { $0.customer == asha }.map(\.id)
            #expect(try await walk("/v1/customers/\(asha)/interactions") == ofAsha)
            let told = data(try await acme.get("/v1/interactions?expand=customer&limit=3"))
            #expect(
                told.map { ($0["customer"] as? [String: Any])?["id"] as? String } == expected.prefix(3).map(\.customer))

            // A place in one timeline is none in another.
            let cursor = try #require(
                try await acme.get("/v1/customers/\(asha)/interactions?limit=1").object["next_cursor"] as? String)
            for path in [
                "/v1/customers/\(ravi)/interactions?", "/v1/interactions?",
                "/v1/customers/\(asha)/interactions?filter[kind]=note&",
            ] {
                #expect(try await acme.get(path + "limit=1&cursor=\(cursor)").problemCode == "cursor_mismatch")
            }
        }
    }

    @Test func filtersNarrowATimelineTogether() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.staff)
            let customer = try await acme.makeCustomer()
            var all: [String: String] = [:]
            for (index, kind) in ["call", "visit", "sms", "note", "payment", "order"].enumerated() {
                var fields: [String: Any] = [
                    "kind": kind, "body": kind, "occurred_at": "2026-02-0\(index + 1)T10:00:00Z",
                ]
                if kind == "call" || kind == "sms" { fields["direction"] = "out" }
                if kind == "payment" { fields["amount_paise"] = 100 }
                all[kind] = try await log(index % 2 == 0 ? acme : ravi, customer, fields)
            }
            for path in ["/v1/interactions?", "/v1/customers/\(customer)/interactions?"] {
                for (query, expected) in [
                    ("", ["order", "payment", "note", "sms", "visit", "call"]), ("filter[kind]=note", ["note"]),
                    ("filter[kind]=email", []), ("filter[kind][in]=call,order,call", ["order", "call"]),
                    ("filter[occurred_at][gte]=2026-02-05T10:00:00Z", ["order", "payment"]),
                    ("filter[occurred_at][lte]=2026-02-02T10:00:00Z", ["visit", "call"]),
                    (
                        "filter[occurred_at][gte]=2026-02-02T00:00:00Z&filter[occurred_at][lte]=2026-02-04T23:00:00Z",
                        ["note", "sms", "visit"]
                    ),
                    ("filter[actor_id]=\(ravi.userID)", ["order", "note", "visit"]),
                    ("filter[actor_id]=\(ravi.userID)&filter[kind][in]=note,sms,visit&limit=1", ["note"]),
                ] {
                    #expect(ids(try await acme.get(path + query)) == expected.compactMap { all[$0] }, "\(path)\(query)")
                }
                for query in [
                    "filter[kind]=fax", "filter[kind]=call&filter[kind][in]=sms", "filter[kind][in]=",
                    "filter[actor_id]=me",
                    "filter[occurred_at]=2026-02-02T10:00:00Z", "filter[occurred_at][gte]=today", "filter[body]=x",
                    "sort=kind",
                ] {
                    #expect(try await acme.get(path + query).problemCode == "invalid_query", "\(path)\(query)")
                }
            }
            #expect(try await acme.get("/v1/customers/\(customer)/interactions?expand=customer").status == 400)
        }
    }

    // MARK: - Putting right

    @Test func whatWasWrongIsCorrectedAndBothAreKept() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.staff)
            let customer = try await acme.makeCustomer(), list = "/v1/customers/\(customer)/interactions"
            let first = try await log(
                acme, customer,
                ["kind": "payment", "amount_paise": 5_000, "body": "Advance", "occurred_at": "2026-01-31T10:00:00Z"])
            let second = try await ravi.post("/v1/interactions/\(first)/correct", ["amount_paise": 50_000])

            #expect(second.status == 201, "\(second.text)")
            #expect(second.object["corrects"] as? String == first && second.object["kind"] as? String == "payment")
            // All but the kind and the time is said again.
            #expect(second.object["occurred_at"] as? String == "2026-01-31T10:00:00.000Z")
            #expect(second.object["body"] == nil && second.object["actor_id"] as? String == ravi.userID.description)
            let newest = try #require(second.object["id"] as? String)
            #expect(second.header("Location") == "/v1/interactions/\(newest)")
            #expect(ids(try await acme.get(list)) == [newest])
            #expect(ids(try await acme.get("/v1/interactions?filter[kind]=payment")) == [newest])

            let again = try await acme.post("/v1/interactions/\(first)/correct", ["amount_paise": 1])
            #expect(again.status == 409 && again.problemCode == "interaction_corrected")
            #expect(again.object["conflicting_id"] as? String == newest)
            let struck = try await acme.post("/v1/interactions/\(first)/strike-out", ["reason": "x"])
            #expect(struck.object["conflicting_id"] as? String == newest)

            let third = try await acme.post(
                "/v1/interactions/\(newest)/correct",
                ["kind": "payment", "direction": "out", "amount_paise": 700, "occurred_at": "2026-01-30T10:00:00Z"])
            #expect(third.status == 201 && third.object["occurred_at"] as? String == "2026-01-30T10:00:00.000Z")
            for (id, state) in [
                (first, "corrected"), (newest, "corrected"), (third.object["id"] as? String ?? "", "standing"),
            ] {
                let read = try await acme.get("/v1/interactions/\(id)").object
                #expect(read["id"] as? String == id && read["state"] as? String == state)
                let versions = read["versions"] as? [[String: Any]]
                #expect(versions?.map { $0["amount_paise"] as? Int } == [5_000, 50_000, 700])
                #expect(versions?.map { $0["corrects"] as? String } == [nil, first, newest])
            }
        }
    }

    @Test func whatCannotTakeItsPlaceIsRefused() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), customer = try await acme.makeCustomer()
            let id = try await log(acme, customer, ["kind": "call", "direction": "in"])
            for (body, expected) in [
                (["kind": "sms", "direction": "in"], ["/kind not_allowed"]), (["body": "x"], ["/direction required"]),
                (["direction": "in", "amount_paise": 1], ["/amount_paise not_allowed"]),
                (["direction": "in", "customer_id": customer], ["/customer_id unknown_field"]),
                (["direction": "in", "corrects": id], ["/corrects unknown_field"]),
                (
                    ["kind": "note", "direction": "in", "occurred_at": "x"],
                    ["/kind not_allowed", "/occurred_at invalid_time"]
                ),
            ] as [([String: Any], [String])] {
                let refused = try await acme.post("/v1/interactions/\(id)/correct", body)
                #expect(refused.status == 422 && errors(refused) == expected, "\(body): \(refused.text)")
            }
            for (body, expected) in [
                ([:], "/reason required"), (["reason": ""], "/reason required"), (["reason": 1], "/reason wrong_type"),
                (["reason": String(repeating: "x", count: 501)], "/reason too_long"),
            ] as [([String: Any], String)] {
                let refused = try await acme.post("/v1/interactions/\(id)/strike-out", body)
                #expect(refused.status == 422 && errors(refused) == [expected], "\(body): \(refused.text)")
            }
            let read = try await acme.get("/v1/interactions/\(id)").object
            #expect(read["state"] as? String == "standing" && (read["versions"] as? [Any])?.count == 1)
        }
    }

    @Test func whatNeverWasIsStruckOut() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), customer = try await acme.makeCustomer()
            let first = try await note(acme, customer, "Wants blue"),
                stays = try await note(acme, customer, "Wants green")
            let second = try await acme.post("/v1/interactions/\(first)/correct", ["body": "Wants red"])
            let newest = try #require(second.object["id"] as? String)
            let struck = try await acme.post(
                "/v1/interactions/\(newest)/strike-out", ["reason": "That was somebody else."])

            #expect(struck.status == 200 && struck.object["state"] as? String == "struck", "\(struck.text)")
            let strike = struck.object["struck"] as? [String: Any]
            #expect(strike?["reason"] as? String == "That was somebody else.")
            #expect(strike?["actor_id"] as? String == acme.userID.description && strike?["at"] != nil)
            #expect(
                (struck.object["versions"] as? [[String: Any]])?.compactMap { $0["id"] as? String } == [first, newest])
            #expect(ids(try await acme.get("/v1/interactions")) == [stays])
            #expect(ids(try await acme.get("/v1/customers/\(customer)/interactions?filter[kind]=note")) == [stays])
            for id in [first, newest] {
                #expect(try await acme.get("/v1/interactions/\(id)").object["state"] as? String == "struck")
                for (path, body) in [("correct", ["body": "x"]), ("strike-out", ["reason": "x"])] {
                    let refused = try await acme.post("/v1/interactions/\(id)/\(path)", body)
                    #expect(refused.status == 409 && refused.problemCode == "interaction_struck")
                }
            }
            // The row that says so is no interaction.
            let row = try api.database.run(
                as: "postgres",
                "SELECT replace(id::text, '-', '') FROM app.interactions WHERE struck_reason IS NOT NULL")
            let hidden = "/v1/interactions/int_" + (try #require(row.first?.first ?? nil))
            #expect(try await acme.get(hidden).problemCode == "interaction_unknown")
            #expect(try await acme.post(hidden + "/correct", ["body": "x"]).problemCode == "interaction_unknown")
        }
    }

    @Test func ofManyWhoCorrectTheSameAtOnceOneDoes() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), customer = try await acme.makeCustomer()
            let id = try await log(acme, customer, ["kind": "payment", "amount_paise": 1])
            let replies = try await withThrowingTaskGroup(of: RawClient.Reply.self) { group in
                for number in 1...8 {
                    group.addTask {
                        number % 4 == 0
                            ? try await acme.post("/v1/interactions/\(id)/strike-out", ["reason": "x"])
                            : try await acme.post("/v1/interactions/\(id)/correct", ["amount_paise": number * 100])
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let done = replies.filter { $0.status < 300 }
            #expect(done.count == 1 && replies.allSatisfy { $0.status < 300 || $0.status == 409 })
            let isStruck = done.first?.status == 200, amount = done.first?.object["amount_paise"] as? Int ?? 0
            #expect(
                replies.compactMap(\.problemCode).allSatisfy {
                    $0 == (isStruck ? "interaction_struck" : "interaction_corrected")
                })
            let spent = try api.database.run(as: "postgres", "SELECT spent_paise FROM app.customer_activity")
            #expect(spent == [[isStruck ? "0" : "\(amount)"]])
        }
    }

    @Test func aLineIsCorrectedSoOftenAndThenStruckOut() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            var id = try await note(acme, try await acme.makeCustomer(), "1")
            for number in 2...20 {
                let next = try await acme.post("/v1/interactions/\(id)/correct", ["body": "\(number)"])
                id = try #require(next.object["id"] as? String)
            }
            let refused = try await acme.post("/v1/interactions/\(id)/correct", ["body": "21"])
            #expect(refused.status == 409 && refused.problemCode == "too_many_corrections")
            let struck = try await acme.post("/v1/interactions/\(id)/strike-out", ["reason": "x"])
            #expect(struck.status == 200)
            #expect(
                (struck.object["versions"] as? [[String: Any]])?.map { $0["body"] as? String }
                    == (1...20).map { "\($0)" })
        }
    }

    @Test func nobodyWhoServesRewritesWhatWasLogged() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await note(acme, try await acme.makeCustomer(), "x")
            for sql in [
                "UPDATE app.interactions SET body = 'y'", "DELETE FROM app.interactions",
                "DELETE FROM app.customer_activity",
            ] {
                #expect(throws: (any Error).self, "\(sql)") {
                    try api.database.run(as: "unnati_app", "SET app.tenant_id = '\(acme.id.uuid.hex)'; \(sql)")
                }
            }
        }
    }

    // MARK: - Whose they are

    @Test func anotherBusinessAndWhoeverMayOnlyReadLogNothing() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let viewer = try await acme.colleague(.viewer), customer = try await acme.makeCustomer()
            let id = try await note(acme, customer, "Canary")
            for (path, body, unknown) in [
                ("/v1/customers/\(customer)/interactions", ["kind": "visit"], "customer_unknown"),
                ("/v1/interactions/\(id)/correct", ["body": "x"], "interaction_unknown"),
                ("/v1/interactions/\(id)/strike-out", ["reason": "x"], "interaction_unknown"),
            ] {
                #expect(try await other.post(path, body).problemCode == unknown, "\(path)")
                #expect(try await viewer.post(path, body).problemCode == "permission_denied", "\(path)")
            }
            #expect(try await viewer.get("/v1/interactions/\(id)").status == 200)
            #expect(ids(try await viewer.get("/v1/interactions")) == [id])
            #expect(ids(try await other.get("/v1/interactions")).isEmpty)
            #expect(try await other.get("/v1/customers/\(customer)/interactions").problemCode == "customer_unknown")
            #expect(try await acme.get("/v1/interactions/\(id)").object["state"] as? String == "standing")
        }
    }

    @Test func whoSeesTheirOwnAloneSeesTheirTimelinesAlone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let patched = try await acme.patch("/v1/business", ["staff_see_own_customers": true], ifMatch: "*")
            #expect(patched.status == 200)
            let staff = try await acme.colleague(.staff)
            let mine = try await staff.makeCustomer(["name": "Mine"]),
                others = try await acme.makeCustomer(["name": "Not"])
            let merged = try await acme.makeCustomer(["name": "Was not"])
            let seen = try await note(staff, mine, "Seen"), hidden = try await note(acme, others, "Canary")
            let moved = try await note(acme, merged, "Came along")
            try merge(merged, into: mine, api)

            #expect(ids(try await staff.get("/v1/interactions")) == [moved, seen])
            #expect(
                ids(try await staff.get("/v1/interactions?filter[kind][in]=note,call&expand=customer")) == [
                    moved, seen,
                ])
            #expect(ids(try await acme.get("/v1/interactions")) == [moved, hidden, seen])
            for path in ["/v1/customers/\(others)/interactions", "/v1/interactions/\(hidden)"] {
                #expect(try await staff.get(path).status == 404, "\(path)")
            }
            let refused = try await staff.post("/v1/customers/\(others)/interactions", ["kind": "visit"])
            #expect(refused.problemCode == "customer_unknown")
            #expect(try await staff.post("/v1/interactions/\(hidden)/correct", ["body": "x"]).status == 404)
            #expect(try await staff.post("/v1/interactions/\(hidden)/strike-out", ["reason": "x"]).status == 404)
            let items = [["customer_id": mine, "kind": "visit"], ["customer_id": others, "kind": "visit"]]
            let batch = try await staff.post("/v1/interactions/batch", ["items": items])
            #expect(batch.status == 422 && errors(batch) == ["/items/1/customer_id customer_unknown"])
        }
    }

    private func merge(_ id: String, into survivor: String, _ api: TestAPI) throws {
        try api.database.run(
            as: "unnati_owner",
            """
            UPDATE app.customers SET deleted_at = now(), merged_into = '\(survivor.dropFirst(4))' WHERE id = '\(id.dropFirst(4))'
            """)
    }

    @Test func whatHappenedWithSomebodyWhoWasMergedIsTheSurvivors() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let survivor = try await acme.makeCustomer(["name": "Asha Rao"]),
                old = try await acme.makeCustomer(["name": "Asha"])
            let first = try await note(acme, survivor, "1", at: "2026-01-01T10:00:00Z")
            let second = try await note(acme, old, "2", at: "2026-01-02T10:00:00Z")
            try merge(old, into: survivor, api)
            let third = try await note(acme, old, "3", at: "2026-01-03T10:00:00Z")

            for id in [survivor, old] {
                let timeline = try await acme.get("/v1/customers/\(id)/interactions")
                #expect(ids(timeline) == [third, second, first])
                #expect(data(timeline).allSatisfy { $0["customer_id"] as? String == survivor })
            }
            #expect(
                data(try await acme.get("/v1/interactions")).allSatisfy { $0["customer_id"] as? String == survivor })
            #expect(try await acme.get("/v1/interactions/\(second)").object["customer_id"] as? String == survivor)
            // A correction belongs where the line that it corrects is: they go apart again together.
            let corrected = try await acme.post("/v1/interactions/\(second)/correct", ["body": "2, corrected"])
            #expect(corrected.object["customer_id"] as? String == survivor)
            try api.database.run(
                as: "unnati_owner",
                "UPDATE app.customers SET deleted_at = NULL, merged_into = NULL WHERE id = '\(old.dropFirst(4))'")
            #expect(
                data(try await acme.get("/v1/customers/\(old)/interactions")).map { $0["body"] as? String } == [
                    "2, corrected"
                ])
            #expect(ids(try await acme.get("/v1/customers/\(survivor)/interactions")) == [third, first])
        }
    }

    @Test func whatHappenedWithSomebodyInTheBinComesBackWithThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), customer = try await acme.makeCustomer()
            let id = try await note(acme, customer, "x"), path = "/v1/customers/\(customer)"
            #expect(try await acme.delete(path).status == 204)

            #expect(ids(try await acme.get("/v1/interactions")).isEmpty)
            #expect(ids(try await acme.get("/v1/interactions?filter[kind]=note")).isEmpty)
            #expect(try await acme.get("/v1/interactions/\(id)").status == 404)
            #expect(try await acme.post("/v1/interactions/\(id)/correct", ["body": "y"]).status == 404)
            #expect(try await acme.post(path + "/interactions", ["kind": "visit"]).status == 404)
            #expect(try await api.request("POST", path + "/restore", token: acme.token).status == 200)
            #expect(ids(try await acme.get("/v1/interactions")) == [id])
        }
    }

    @Test func whoIsForgottenLeavesNoTimeline() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), customer = try await acme.makeCustomer()
            let stays = try await note(acme, try await acme.makeCustomer(), "x")
            let id = try await note(acme, customer, "Canary")
            let next = try await acme.post("/v1/interactions/\(id)/correct", ["body": "Canary again"]).object["id"]
            let struck = try await acme.post(
                "/v1/interactions/\(try #require(next as? String))/strike-out", ["reason": "Canary"])
            #expect(struck.status == 200)
            #expect(try await api.request("POST", "/v1/customers/\(customer)/erase", token: acme.token).status == 202)
            #expect(try api.doWhatIsDue().erased.count == 1)
            for table in ["interactions", "customer_activity"] {
                #expect(
                    try api.database.run(as: "postgres", "SELECT count(*) FROM app.\(table)") == [["1"]], "\(table)")
            }
            #expect(ids(try await acme.get("/v1/interactions")) == [stays])
        }
    }
}
