// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

@Suite struct TodayTests {
    private static let offset = Duration.seconds(19_800)

    /// `--MM-DD` so many days from today, as it is in India.
    private func day(_ ahead: Int) -> String {
        let text = Instant.now().advanced(by: Self.offset + .seconds(86_400 * ahead)).description
        return "--" + text.dropFirst(5).prefix(5)
    }

    private func moment(daysAgo days: Int) -> String {
        Instant.now().advanced(by: .seconds(-86_400 * days)).description
    }

    private func section(_ reply: RawClient.Reply, _ name: String) -> [[String: Any]] {
        #expect(reply.status == 200, "\(reply.text)")
        return (reply.object[name] as? [String: Any])?["data"] as? [[String: Any]] ?? []
    }

    private func names(_ reply: RawClient.Reply, _ name: String) -> [String] {
        section(reply, name).compactMap { ($0["customer"] as? [String: Any])?["name"] as? String }
    }

    private func titles(_ reply: RawClient.Reply, _ name: String) -> [String] {
        section(reply, name).compactMap { $0["title"] as? String }
    }

    private func make(_ person: TestTenant, _ title: String, _ due: String, _ more: [String: Any] = [:]) async throws
        -> String
    {
        let reply = try await person.post(
            "/v1/follow-ups", ["title": title, "due_at": due].merging(more) { $1 })
        return "/v1/follow-ups/" + (try #require(reply.object["id"] as? String, "\(reply.text)"))
    }

    @Test func whatIsDueAndOverdueIsToldInOrder() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.staff)
            let now = Instant.now().description
            _ = try await make(acme, "Two days late", moment(daysAgo: 2))
            _ = try await make(acme, "Last year's", moment(daysAgo: 300))
            _ = try await make(acme, "All day", now, ["all_day": true])
            _ = try await make(acme, "Of Ravi", now, ["assignee_id": ravi.userID.description])
            _ = try await make(acme, "Tomorrow", moment(daysAgo: -1))
            let done = try await make(acme, "Done", now), snoozed = try await make(acme, "Snoozed", now)
            _ = try await acme.api.request("POST", done + "/complete", token: acme.token)
            #expect(try await acme.post(snoozed + "/snooze", ["minutes": 60]).status == 200)

            let mine = try await acme.get("/v1/today")
            #expect(titles(mine, "overdue") == ["Last year's", "Two days late"])
            #expect(titles(mine, "due_today") == ["All day"])
            #expect(titles(try await ravi.get("/v1/today"), "due_today") == ["Of Ravi"])
            let all = try await acme.get("/v1/today?assignee_id=all")
            #expect(Set(titles(all, "due_today")) == ["All day", "Of Ravi"])
            #expect(
                titles(try await acme.get("/v1/today?assignee_id=\(ravi.userID)"), "due_today") == ["Of Ravi"])
            // Awake again.
            try api.database.run(
                as: "unnati_owner",
                "UPDATE app.follow_ups SET snoozed_until = now() - interval '1 second' WHERE snoozed_until IS NOT NULL")
            #expect(titles(try await acme.get("/v1/today"), "due_today").contains("Snoozed"))
        }
    }

    @Test func othersWorkIsForThoseWhoGovern() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.staff)
            let sita = try await acme.colleague(.manager)
            for query in ["all", acme.userID.description] {
                let target = "/v1/today?assignee_id=\(query)"
                #expect(try await ravi.get(target).problemCode == "permission_denied", "\(query)")
                #expect(try await sita.get(target).status == 200)
            }
            #expect(try await ravi.get("/v1/today?assignee_id=\(ravi.userID)").status == 200)
            for query in [
                "assignee_id=me", "days=8", "days=-1", "days=x", "not_seen_days=0", "not_seen_days=3651", "day=1",
            ] {
                #expect(try await acme.get("/v1/today?" + query).problemCode == "invalid_query", "\(query)")
            }
        }
    }

    @Test func daysThatComeAgainAreToldAhead() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            _ = try await other.makeCustomer(["name": "Elsewhere", "birthday": day(0)])
            for (name, ahead) in [("In three days", 3), ("Today", 0), ("In seven days", 7), ("In nine days", 9)] {
                _ = try await acme.makeCustomer(["name": name, "birthday": day(ahead)])
            }
            let year = Int(Instant.now().advanced(by: Self.offset).description.prefix(4)) ?? 0
            let married = "\(year - 12)" + day(0).dropFirst(1)
            _ = try await acme.makeCustomer(["name": "Married", "anniversary": married])
            let gone = try await acme.makeCustomer(["name": "Gone", "birthday": day(0)])
            _ = try await acme.delete("/v1/customers/\(gone)")

            let week = try await acme.get("/v1/today")
            #expect(names(week, "birthdays") == ["Today", "In three days", "In seven days"])
            let shown = section(week, "birthdays").first
            #expect(shown?["in_days"] as? Int == 0 && shown?["years"] == nil)
            #expect(shown?["on"] as? String == week.object["date"] as? String)
            #expect(section(week, "anniversaries").first?["years"] as? Int == 12)
            #expect(names(try await acme.get("/v1/today?days=0"), "birthdays") == ["Today"])
        }
    }

    @Test func whoWasNotSeenForLongAndWhoOwesIsTold() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), tenant = acme.id.uuid.hex
            var ids: [String: String] = [:]
            for name in [
                "Lately", "Long ago", "Very long ago", "Was another", "Is another", "Deleted", "Known as", "Never came",
            ] {
                ids[name] = String(try await acme.makeCustomer(["name": name]).dropFirst(4))
            }
            for (name, days, balance) in [
                ("Lately", 3, 0), ("Long ago", 60, 500_00), ("Very long ago", 400, 900_00), ("Was another", 2, 600_00),
                ("Is another", 200, 400_00), ("Deleted", 100, 800_00), ("Known as", 300, 0),
            ] {
                let id = ids[name] ?? ""
                try api.database.run(
                    as: "unnati_owner",
                    """
                    INSERT INTO app.customer_activity (tenant_id, customer_id, last_seen_at)
                    VALUES ('\(tenant)', '\(id)', now() - interval '\(days) days');
                    INSERT INTO app.ledger_balances (tenant_id, customer_id, balance_paise, last_entry_id)
                    VALUES ('\(tenant)', '\(id)', \(balance), '01a21a2dbdc072669a64f0f27150023e')
                    """)
            }
            try api.database.run(
                as: "unnati_owner",
                """
                UPDATE app.customers SET deleted_at = now(), merged_into = '\(ids["Is another"] ?? "")' WHERE name = 'Was another';
                UPDATE app.customers SET deleted_at = now(), merged_into = '\(ids["Never came"] ?? "")' WHERE name = 'Known as';
                UPDATE app.customers SET deleted_at = now(), erase_after = now() + interval '30 days' WHERE name = 'Deleted'
                """)

            let today = try await acme.get("/v1/today")
            // Whoever was seen two days ago, by another name, was seen; who was seen long ago by another came long ago.
            #expect(names(today, "not_seen") == ["Long ago", "Never came", "Very long ago"])
            let longer = try await acme.get("/v1/today?not_seen_days=350")
            #expect(names(longer, "not_seen") == ["Very long ago"])
            #expect(names(today, "unpaid") == ["Is another", "Very long ago", "Long ago"])
            #expect(section(today, "unpaid").map { $0["balance_paise"] as? Int } == [1_000_00, 900_00, 500_00])
        }
    }

    @Test func whoSeesTheirOwnAloneIsToldOfTheirOwn() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.patch("/v1/business", ["staff_see_own_customers": true], ifMatch: "*")
            let ravi = try await acme.colleague(.staff)
            _ = try await ravi.makeCustomer(["name": "Of Ravi", "birthday": day(0)])
            _ = try await acme.makeCustomer(["name": "Of others", "birthday": day(0)])
            #expect(names(try await ravi.get("/v1/today"), "birthdays") == ["Of Ravi"])
            #expect(names(try await acme.get("/v1/today"), "birthdays").count == 2)
        }
    }

    @Test func ofManyTheFirstAreShownAndTheRestCounted() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try api.database.run(
                as: "unnati_owner",
                """
                INSERT INTO app.follow_ups (tenant_id, id, title, assignee_id, due_at, creator)
                SELECT '\(acme.id.uuid.hex)', gen_random_uuid(), 'Call ' || n, '\(acme.userID.uuid.hex)', now() - n * interval '1 day', 'system'
                FROM generate_series(2, 151) AS n
                """)
            let overdue = try await acme.get("/v1/today").object["overdue"] as? [String: Any]
            #expect((overdue?["data"] as? [Any])?.count == 20)
            #expect(overdue?["count"] as? Int == 100 && overdue?["has_more"] as? Bool == true)
        }
    }
}
