// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Foundation
import TestSupport
import Testing

@Suite struct AuditTests {
    private func events(_ acme: TestTenant, _ query: String = "?limit=100") async throws -> [[String: Any]] {
        let reply = try await acme.get("/v1/audit-events" + query)
        #expect(reply.status == 200, "\(reply.text)")
        return reply.object["data"] as? [[String: Any]] ?? []
    }

    @Test func theOwnerReadsWhoDidWhat() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.manager)
            _ = try await ravi.importFile(Array("name\nAsha\n".utf8))
            _ = try await acme.get("/v1/customers/export?format=vcard")
            _ = try await acme.patch("/v1/members/\(ravi.userID)", ["role": "viewer"], ifMatch: nil)
            _ = try await acme.delete("/v1/members/\(ravi.userID)")

            let events = try await events(acme)
            let names = events.map { $0["event"] as? String ?? "" }
            #expect(
                names == [
                    "member.removed", "member.changed", "customers.exported", "customers.imported", "member.joined",
                    "invitation.made", "session.begun",
                ])
            #expect(events[0]["subject"] as? String == ravi.userID.description)
            #expect(events[0]["actor_id"] as? String == acme.userID.description)
            #expect(events[1]["detail"] as? String == "viewer")
            #expect(events[2]["actor_id"] as? String == acme.userID.description)
            #expect(events[2]["detail"] as? String == "vcard")
            #expect(events[3]["actor_id"] as? String == ravi.userID.description)
            #expect(events.allSatisfy { $0["network"] as? String == "127.0.0.0/24" })
            #expect(events.allSatisfy { ($0["request_id"] as? String)?.count == 32 })
            #expect(events.last?["detail"] as? String == "password")
        }
    }

    @Test func itIsReadInPagesAndByKind() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for _ in 0..<5 { _ = try await acme.post("/v1/invitations", ["role": "viewer"]) }
            var seen: [String] = [], cursor = ""
            repeat {
                let page = try await acme.get("/v1/audit-events?limit=2" + cursor)
                seen += (page.object["data"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
                cursor = (page.object["next_cursor"] as? String).map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(seen.count == 6)
            #expect(Set(seen).count == 6)
            #expect(seen == seen.sorted(by: >))
            let made = try await events(acme, "?filter[event]=invitation.made")
            #expect(made.count == 5)
            #expect(try await acme.get("/v1/audit-events?filter[event]=nothing").status == 400)
            #expect(try await acme.get("/v1/audit-events?limit=0").status == 400)
        }
    }

    @Test func noBusinessReadsAnothersAndNoOneButTheOwner() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            _ = try await acme.post("/v1/invitations", ["role": "viewer"])
            #expect(try await events(other).map { $0["event"] as? String } == ["session.begun"])
            let manager = try await acme.colleague(.manager)
            #expect(try await manager.get("/v1/audit-events").problemCode == "permission_denied")
        }
    }

    @Test func aReplayedRefreshTokenIsWrittenDown() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let next = try await acme.refreshed()
            _ = try await next.refreshed()
            let replay = try await api.post("/v1/auth/refresh", ["refresh_token": acme.refreshToken])
            #expect(replay.problemCode == "refresh_token_reused")
            let found = try api.database.run(as: "postgres", "SELECT event FROM app.audit_events ORDER BY id")
            #expect(found == [["session.begun"], ["session.reused"]])
        }
    }

    @Test func nobodyChangesWhatIsWrittenDown() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for statement in ["UPDATE app.audit_events SET event = 'x'", "DELETE FROM app.audit_events"] {
                #expect(throws: (any Error).self) { try api.database.run(as: "unnati_app", statement) }
            }
            // A part that is asked for by its name is as closed as the whole.
            let parts = try api.database.run(
                as: "postgres",
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'app.audit_events'::regclass")
            #expect(parts.count == 5)
            for part in parts.compactMap({ $0[0] }) {
                #expect(throws: (any Error).self) { try api.database.run(as: "unnati_app", "SELECT * FROM \(part)") }
            }
            #expect(try await events(acme).count == 1)
        }
    }

    @Test func whatCameBeforeItsMonthWasThereMovesInWithIt() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let month = try api.database.run(as: "postgres", "SELECT to_char(now(), 'YYYY_MM')")[0][0] ?? ""
            try api.database.run(as: "unnati_owner", "DROP TABLE app.audit_events_\(month)")
            _ = try await acme.post("/v1/invitations", ["role": "viewer"])
            let count = "SELECT count(*) FROM app.audit_events_other"
            #expect(try api.database.run(as: "postgres", count) == [["1"]])
            let made = try AuditPartitions(url: api.database.url("unnati_owner")).maintain(ahead: 1, kept: 13).made
            #expect(made == ["audit_events_\(month)"])
            #expect(try api.database.run(as: "postgres", count) == [["0"]])
            #expect(try await events(acme).map { $0["event"] as? String } == ["invitation.made"])
        }
    }

    @Test func monthsAreMadeAheadAndDroppedAfterAYear() async throws {
        try await TestAPI.run { api in
            let partitions = try AuditPartitions(url: api.database.url("unnati_owner"))
            try api.database.run(
                as: "unnati_owner", "SELECT app.make_audit_partition((now() - interval '14 months')::date)")
            try api.database.run(
                as: "unnati_owner", "SELECT app.make_audit_partition((now() - interval '13 months')::date)")
            let first = try partitions.maintain(ahead: 5, kept: 13)
            #expect(first.made.count == 2)
            #expect(first.dropped.count == 1)
            let second = try partitions.maintain(ahead: 5, kept: 13)
            #expect(second.made.isEmpty && second.dropped.isEmpty)
            // What is written goes to its month, and the rules hold for the new ones too.
            _ = try await api.makeTenant()
            let other = try api.database.run(as: "postgres", "SELECT count(*) FROM app.audit_events_other")
            #expect(other == [["0"]])
        }
    }
}
