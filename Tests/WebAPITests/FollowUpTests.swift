// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

@Suite struct FollowUpTests {
    private func data(_ reply: RawClient.Reply) -> [[String: Any]] { reply.object["data"] as? [[String: Any]] ?? [] }

    private func titles(_ person: TestTenant, _ query: String = "") async throws -> [String] {
        let reply = try await person.get("/v1/follow-ups" + query)
        #expect(reply.status == 200, "\(query): \(reply.text)")
        return data(reply).compactMap { $0["title"] as? String }
    }

    private func make(_ person: TestTenant, _ title: String, _ more: [String: Any] = [:]) async throws -> String {
        let fields = ["title": title, "due_at": "2026-01-31T10:00:00Z"].merging(more) { $1 }
        let reply = try await person.post("/v1/follow-ups", fields)
        #expect(reply.status == 201, "\(reply.text)")
        return "/v1/follow-ups/" + (try #require(reply.object["id"] as? String))
    }

    private func call(_ person: TestTenant, _ path: String) async throws -> RawClient.Reply {
        try await person.api.request("POST", path, token: person.token)
    }

    @Test func somethingIsToBeDoneAndIsDone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let customer = try await acme.makeCustomer(["name": "Asha", "phone": "9812345678"])
            let path = try await make(acme, "Ask for the fitting", ["note": "Blue silk", "customer_id": customer])
            let made = try await acme.get(path).object

            #expect(made["state"] as? String == "open" && made["all_day"] as? Bool == false)
            #expect(made["assignee_id"] as? String == acme.userID.description)
            #expect(made["due_on"] as? String == "2026-01-31")
            #expect(
                made["customer"] as? NSDictionary == ["id": customer, "name": "Asha", "phone": "+919812345678"])

            let done = try await call(acme, path + "/complete")
            let followUp = try #require(done.object["follow_up"] as? [String: Any])
            #expect(done.status == 200 && done.object["next"] == nil)
            #expect(followUp["state"] as? String == "done" && followUp["done_at"] != nil)
            #expect(followUp["done_by"] as? String == acme.userID.description)
            // Said again it stays as it is.
            let again = try await call(acme, path + "/complete").object["follow_up"] as? NSDictionary
            #expect(again == followUp as NSDictionary)
            let open = try await call(acme, path + "/reopen")
            #expect(open.object["state"] as? String == "open" && open.object["done_by"] == nil)
            #expect(try await acme.delete(path).status == 204)
            #expect(try await acme.get(path).problemCode == "follow_up_unknown")
        }
    }

    @Test func aWholeDayIsADayInIndia() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for due in ["2026-03-01", "2026-02-28T18:30:00Z", "2026-03-01T18:29:59Z"] {
                let path = try await make(acme, "Rent", ["due_at": due, "all_day": true])
                let made = try await acme.get(path).object
                #expect(made["due_at"] as? String == "2026-02-28T18:30:00.000Z", "\(due)")
                #expect(made["due_on"] as? String == "2026-03-01", "\(due)")
            }
        }
    }

    @Test func whatRepeatsComesAgain() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let first = Instant.now().advanced(by: .seconds(40 * 86_400)).description
            let path = try await make(
                acme, "Call", ["due_at": first, "repeat": ["frequency": "weekly", "interval": 2]])
            let done = try await call(acme, path + "/complete").object
            let next = try #require(done["next"] as? [String: Any])

            #expect(next["state"] as? String == "open" && next["title"] as? String == "Call")
            #expect(next["repeat"] as? NSDictionary == ["frequency": "weekly", "interval": 2])
            let times = [first, next["due_at"] as? String ?? ""].compactMap { Instant(rfc3339: $0) }
            #expect(times[1].microseconds - times[0].microseconds == 14 * 86_400_000_000)
            // It was not done after all: what came of it goes.
            #expect(try await call(acme, path + "/reopen").status == 200)
            #expect(try await titles(acme) == ["Call"])
            let again = try #require(try await call(acme, path + "/complete").object["next"] as? [String: Any])
            // Unless somebody has touched it. Then nothing more comes of doing it once more.
            let nextPath = "/v1/follow-ups/\(try #require(again["id"] as? String))"
            #expect(try await acme.patch(nextPath, ["note": "x"], ifMatch: "*").status == 200)
            #expect(try await call(acme, path + "/reopen").status == 200)
            let third = try await call(acme, path + "/complete").object["next"] as? [String: Any]
            #expect(third?["id"] as? String == again["id"] as? String)
            #expect(try await titles(acme).count == 2)
        }
    }

    @Test func theDayThatWasMeantIsRemembered() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            var path = try await make(
                acme, "Rent", ["due_at": "2098-01-31", "all_day": true, "repeat": ["frequency": "monthly"]])
            var days: [String] = []
            for round in 0..<3 {
                let next = try #require(try await call(acme, path + "/complete").object["next"] as? [String: Any])
                days.append(next["due_on"] as? String ?? "")
                path = "/v1/follow-ups/\(try #require(next["id"] as? String))"
                // A change of anything else does not forget it.
                if round == 0 {
                    let change: [String: Any] = ["title": "The rent", "repeat": ["frequency": "monthly"]]
                    #expect(try await acme.patch(path, change, ifMatch: "*").status == 200)
                }
            }
            #expect(days == ["2098-02-28", "2098-03-31", "2098-04-30"])
            // Another day that is chosen is the one that is meant.
            #expect(try await acme.patch(path, ["due_at": "2098-04-28"], ifMatch: "*").status == 200)
            let next = try await call(acme, path + "/complete").object["next"] as? [String: Any]
            #expect(next?["due_on"] as? String == "2098-05-28")
        }
    }

    @Test func ofManyWhoSayThatItIsDoneOneBringsTheNext() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let path = try await make(acme, "Call", ["repeat": ["frequency": "daily"]])
            let next = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let reply = try await api.request("POST", path + "/complete", token: acme.token)
                        #expect(reply.status == 200, "\(reply.text)")
                        return (reply.object["next"] as? [String: Any])?["id"] as? String
                    }
                }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(next.count == 1 && !next.contains(nil))
            #expect(try await titles(acme).count == 2)
            #expect(try await titles(acme, "?filter[state]=open").count == 1)
        }
    }

    @Test func whatIsGivenUpIsNotDone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), path = try await make(acme, "Call")
            let cancelled = try await acme.patch(path, ["state": "cancelled"], ifMatch: "\"1\"")
            #expect(cancelled.object["state"] as? String == "cancelled" && cancelled.header("ETag") == "\"2\"")
            #expect(try await acme.patch(path, ["state": "cancelled"], ifMatch: "*").header("ETag") == "\"2\"")
            #expect(try await call(acme, path + "/complete").problemCode == "follow_up_not_open")
            #expect(try await acme.post(path + "/snooze", ["minutes": 5]).problemCode == "follow_up_not_open")
            #expect(try await call(acme, path + "/reopen").object["state"] as? String == "open")
            _ = try await call(acme, path + "/complete")
            #expect(
                try await acme.patch(path, ["state": "cancelled"], ifMatch: "*").problemCode == "follow_up_not_open")
        }
    }

    @Test func aChangeIsOfTheVersionThatWasRead() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), path = try await make(acme, "Call")
            #expect(try await acme.patch(path, ["title": "x"], ifMatch: nil).status == 428)
            #expect(try await acme.patch(path, ["title": "Visit"], ifMatch: "\"1\"").header("ETag") == "\"2\"")
            #expect(try await acme.patch(path, ["title": "Late"], ifMatch: "\"1\"").problemCode == "follow_up_changed")
            #expect(try await acme.patch(path, ["title": "Visit"], ifMatch: "*").header("ETag") == "\"2\"")
            let snoozed = try await acme.post(path + "/snooze", ["minutes": 30])
            #expect(snoozed.object["snoozed_until"] != nil && snoozed.header("ETag") == "\"3\"")
            // Another time wakes it.
            let moved = try await acme.patch(path, ["due_at": "2027-01-01T10:00:00Z"], ifMatch: "*")
            #expect(moved.object["snoozed_until"] == nil && moved.header("ETag") == "\"4\"")
            let refused = try await api.request(
                "DELETE", path, token: acme.token, headers: [("If-Match", "\"1\"")])
            #expect(refused.problemCode == "follow_up_changed")
        }
    }

    @Test(arguments: [
        (#""title": """#, "/title", "required"), (#""due_at": "tomorrow""#, "/due_at", "invalid_time"),
        (#""title": "\#(String(repeating: "x", count: 201))""#, "/title", "too_long"),
        (#""due_at": "2026-01-31""#, "/due_at", "invalid_time"),
        (#""due_at": "1999-12-31T00:00:00Z""#, "/due_at", "out_of_range"),
        (#""due_at": "2026-02-30", "all_day": true"#, "/due_at", "invalid_date"),
        (#""assignee_id": "me""#, "/assignee_id", "unknown_member"),
        (#""customer_id": "x""#, "/customer_id", "invalid_value"),
        (#""note": "\#(String(repeating: "x", count: 2_001))""#, "/note", "too_long"),
        (#""repeat": {"frequency": "hourly"}"#, "/repeat/frequency", "invalid_value"),
        (#""repeat": {"frequency": "daily", "interval": 13}"#, "/repeat/interval", "out_of_range"),
        (#""repeat": {"frequency": "daily", "until": "2026-01-30"}"#, "/repeat/until", "out_of_range"),
        (#""repeat": {"frequency": "daily", "every": 2}"#, "/repeat/every", "unknown_field"),
        (#""state": "done""#, "/state", "not_allowed"), (#""done_at": "x""#, "/done_at", "unknown_field"),
    ])
    func whatIsWrongIsNamedAtItsField(_ members: String, _ pointer: String, _ code: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let wrong = try JSONSerialization.jsonObject(with: Data("{\(members)}".utf8)) as? [String: Any] ?? [:]
            let whole = ["title": "Call", "due_at": "2026-01-31T10:00:00Z"].merging(wrong) { $1 }
            let refused = try await acme.post("/v1/follow-ups", whole)
            let error = (refused.object["errors"] as? [[String: Any]])?.first

            #expect(refused.status == 422)
            #expect(error?["pointer"] as? String == pointer, "\(refused.text)")
            #expect(error?["code"] as? String == code, "\(refused.text)")
        }
    }

    @Test func everythingThatIsWrongIsNamedAtOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), path = try await make(acme, "Call")
            let refused = try await acme.post("/v1/follow-ups", ["note": "", "repeat": ["frequency": "x"]])
            let pointers = (refused.object["errors"] as? [[String: Any]])?.compactMap { $0["pointer"] as? String }
            #expect(pointers?.sorted() == ["/due_at", "/note", "/repeat/frequency", "/title"])
            let nothing: [String: Any] = ["title": NSNull(), "due_at": NSNull(), "assignee_id": NSNull()]
            let cleared = try await acme.patch(path, nothing, ifMatch: "*")
            #expect((cleared.object["errors"] as? [Any])?.count == 3)
            for body in [
                [:], ["minutes": 0], ["minutes": 525_601], ["until": "soon"], ["until": "2026-01-01T00:00:00Z"],
                ["minutes": 5, "until": "2026-01-01T00:00:00Z"],
            ] as [[String: Any]] {
                #expect(try await acme.post(path + "/snooze", body).status == 422, "\(body)")
            }
            for query in [
                "filter[state]=late", "filter[assignee_id]=me", "filter[customer_id]=x", "filter[due_at][gte]=x",
                "sort=title",
                "filter[title]=x",
            ] {
                #expect(try await acme.get("/v1/follow-ups?" + query).problemCode == "invalid_query", "\(query)")
            }
        }
    }

    @Test func aListIsWalkedInTheOrderOfWhatIsDue() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.staff)
            for (index, day) in [5, 3, 9, 3, 1].enumerated() {
                let more = index == 2 ? ["assignee_id": ravi.userID.description] : [:]
                _ = try await make(acme, "\(index)", ["due_at": "2026-01-0\(day)T10:00:00Z"].merging(more) { $1 })
            }
            for order in ["due_at", "-due_at"] {
                var walked: [String] = [], target: String? = "/v1/follow-ups?limit=2&sort=\(order)"
                while let asked = target, walked.count < 10 {
                    let page = try await acme.get(asked)
                    walked += data(page).compactMap { $0["title"] as? String }
                    target = page.header("Link").map { String($0.dropFirst().prefix { $0 != ">" }) }
                }
                #expect(walked == (order == "due_at" ? ["4", "1", "3", "0", "2"] : ["2", "0", "3", "1", "4"]))
            }
            #expect(try await titles(acme, "?filter[assignee_id]=\(ravi.userID)") == ["2"])
            let span = "filter[due_at][gte]=2026-01-03T00:00:00Z&filter[due_at][lte]=2026-01-05T10:00:00Z"
            #expect(try await titles(acme, "?" + span) == ["1", "3", "0"])
            let first = try #require(data(try await acme.get("/v1/follow-ups")).first?["id"] as? String)
            _ = try await call(acme, "/v1/follow-ups/\(first)/complete")
            #expect(try await titles(acme, "?filter[state]=done") == ["4"])
            #expect(try await titles(acme, "?filter[state]=open&" + span) == ["1", "3", "0"])
        }
    }

    @Test func whatIsOfAnotherBusinessIsNotThere() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let customer = try await acme.makeCustomer(), path = try await make(acme, "Call")
            #expect(try await titles(other) == [])
            for customer in [customer, "cus_" + String(repeating: "0", count: 32)] {
                let foreign: [String: Any] = [
                    "title": "x", "due_at": "2026-01-31T10:00:00Z", "customer_id": customer,
                ]
                #expect(try await other.post("/v1/follow-ups", foreign).problemCode == "customer_unknown")
            }
            #expect(try await other.patch(path, ["title": "x"], ifMatch: "*").problemCode == "follow_up_unknown")
            #expect(try await call(other, path + "/complete").problemCode == "follow_up_unknown")
            let given = try await acme.patch(path, ["assignee_id": other.userID.description], ifMatch: "*")
            #expect(given.text.contains("unknown_member"))
            let viewer = try await acme.colleague(.viewer)
            #expect(try await titles(viewer) == ["Call"])
            #expect(try await call(viewer, path + "/complete").problemCode == "permission_denied")
        }
    }

    /// Staff who see their own customers alone.
    @Test func whoSeesTheirOwnAloneSeesWhatIsTheirs() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.patch("/v1/business", ["staff_see_own_customers": true], ifMatch: "*")
            let ravi = try await acme.colleague(.staff)
            let own = try await acme.makeCustomer(["name": "Of Ravi", "owner_id": ravi.userID.description])
            let others = try await acme.makeCustomer(["name": "Of others"])
            let ofOwn = try await make(acme, "About his", ["customer_id": own])
            let given = try await make(
                acme, "Given to him", ["customer_id": others, "assignee_id": ravi.userID.description])
            let hidden = try await make(acme, "Not his", ["customer_id": others])
            _ = try await make(acme, "Nobody's")

            #expect(Set(try await titles(ravi)) == ["About his", "Given to him"])
            #expect(try await titles(ravi, "?filter[customer_id]=\(others)") == ["Given to him"])
            #expect(try await ravi.get(hidden).problemCode == "follow_up_unknown")
            #expect(try await call(ravi, hidden + "/complete").problemCode == "follow_up_unknown")
            #expect(try await ravi.delete(hidden).problemCode == "follow_up_unknown")
            for path in [ofOwn, given] {
                #expect(try await ravi.patch(path, ["note": "x"], ifMatch: "*").status == 200)
            }
            // What they write they go on seeing.
            let away = try await ravi.patch(given, ["assignee_id": acme.userID.description], ifMatch: "*")
            #expect(away.text.contains("not_allowed"))
            #expect(
                try await ravi.patch(ofOwn, ["assignee_id": ravi.userID.description], ifMatch: "*").status == 200)
            #expect(
                try await ravi.patch(ofOwn, ["assignee_id": acme.userID.description], ifMatch: "*").status == 200)
            let about: [String: Any] = ["title": "x", "due_at": "2026-01-31T10:00:00Z", "customer_id": others]
            #expect(try await ravi.post("/v1/follow-ups", about).problemCode == "customer_unknown")
            #expect(try await titles(acme).count == 4)
        }
    }

    @Test func whatIsAboutACustomerGoesWithThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let old = try await acme.makeCustomer(["name": "Old"]), new = try await acme.makeCustomer(["name": "New"])
            let path = try await make(acme, "Call", ["customer_id": old, "repeat": ["frequency": "daily"]])
            try api.database.run(
                as: "unnati_owner",
                """
                UPDATE app.customers SET deleted_at = now(), merged_into = '\(new.dropFirst(4))' WHERE id = '\(old.dropFirst(4))'
                """)

            // Whoever turned out to be another is shown as that one.
            #expect(try await acme.get(path).object["customer_id"] as? String == new)
            for id in [old, new] {
                #expect(try await titles(acme, "?filter[customer_id]=\(id)") == ["Call"])
            }
            #expect(try await acme.patch(path, ["title": "Visit"], ifMatch: "*").status == 200)
            let kept = try api.database.run(as: "unnati_owner", "SELECT customer_id::text FROM app.follow_ups")
            #expect(kept.first?.first??.replacing("-", with: "") == String(old.dropFirst(4)))
            let next = try await call(acme, path + "/complete").object["next"] as? [String: Any]
            #expect(next?["customer_id"] as? String == new)

            // In the bin they take it along, and bring it back.
            #expect(try await acme.delete("/v1/customers/\(new)").status == 204)
            #expect(try await titles(acme) == [])
            #expect(try await acme.get(path).problemCode == "follow_up_unknown")
            #expect(try await call(acme, "/v1/customers/\(new)/restore").status == 200)
            #expect(try await titles(acme).count == 2)
            // Who is forgotten leaves nothing.
            #expect(try await call(acme, "/v1/customers/\(new)/erase").status == 202)
            #expect(try api.doWhatIsDue().erased.count == 1)
            #expect(try api.database.run(as: "unnati_owner", "SELECT count(*) FROM app.follow_ups") == [["0"]])
        }
    }

    @Test func whatIsSentAgainIsAddedOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let body = Array(#"{"title": "Call", "due_at": "2026-01-31T10:00:00Z"}"#.utf8)
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k")]
            let first = try await api.request("POST", "/v1/follow-ups", token: acme.token, headers: headers, body: body)
            let second = try await api.request(
                "POST", "/v1/follow-ups", token: acme.token, headers: headers, body: body)
            #expect(first.text == second.text && second.header("Idempotent-Replayed") == "true")
            #expect(try await titles(acme) == ["Call"])
        }
    }

    /// A program gives work to whoever has made its key, as long as they work there.
    @Test func aProgramAddsForWhoeverMadeItsKey() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let made = try await acme.post(
                "/v1/api-keys", ["name": "Till", "scopes": ["customers:read", "customers:write"]])
            let key = try #require(made.object["key"] as? String), id = try #require(made.object["id"] as? String)
            let added = try await api.post(
                "/v1/follow-ups", token: key, ["title": "Call", "due_at": "2026-01-31T10:00:00Z"])
            #expect(added.object["assignee_id"] as? String == acme.userID.description)
            #expect(added.object["created_by"] as? String == id)
            let path = try #require(added.header("Location"))
            let done = try await api.request("POST", path + "/complete", token: key)
            #expect((done.object["follow_up"] as? [String: Any])?["done_by"] as? String == id)
        }
    }
}
