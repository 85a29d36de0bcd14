// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Database
import Foundation
import TestSupport
import Testing

/// What is asked in tests of segments.
extension TestTenant {
    func condition(_ field: String, _ op: String, _ value: Any? = nil) -> [String: Any] {
        var condition: [String: Any] = ["field": field, "op": op]
        if let values = value as? [Any] { condition["values"] = values } else { condition["value"] = value }
        return condition
    }

    func makeSegment(_ name: String, _ conditions: [[String: Any]]) async throws -> String {
        let reply = try await post("/v1/segments", ["name": name, "definition": ["all": conditions]])
        guard let id = reply.object["id"] as? String else { throw TestAPI.Unexpected(what: reply.text) }
        return id
    }

    /// The names of whom a definition means, the newest first; at most a hundred.
    func members(_ conditions: [[String: Any]]) async throws -> [String] {
        let id = try await makeSegment("Members", conditions)
        let found = try await members(of: id)
        #expect(try await delete("/v1/segments/\(id)").status == 204)
        return found
    }

    func members(of id: String) async throws -> [String] {
        let reply = try await get("/v1/segments/\(id)/customers?limit=100")
        let data = try #require(reply.object["data"] as? [[String: Any]], "\(reply.text)")
        return data.compactMap { $0["name"] as? String }
    }

    /// One who was merged into another, as far as rows say it.
    func merge(_ id: String, into survivor: String, at time: String = "now()") throws {
        try api.database.run(
            as: "unnati_owner",
            """
            UPDATE app.customers SET merged_into = '\(survivor.dropFirst(4))', deleted_at = \(time)
            WHERE id = '\(id.dropFirst(4))'
            """)
    }
}

/// Segments as things that are saved, read, changed and taken away.
@Suite struct SegmentTests {
    private func data(_ reply: RawClient.Reply) -> [[String: Any]] { reply.object["data"] as? [[String: Any]] ?? [] }

    @Test func aSegmentIsSavedReadChangedAndTakenAway() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let definition: [String: Any] = [
                "all": [
                    acme.condition("stage", "in", ["active", "lead"]), acme.condition("tags", "has", "silk"),
                    acme.condition("created_at", "after", "2020-01-31T10:00:00.500Z"),
                    acme.condition("spent_paise", "at_least", 50_000), acme.condition("last_seen_at", "never"),
                ]
            ]
            let saved = try await acme.post("/v1/segments", ["name": " नियमित ग्राहक ", "definition": definition])
            #expect(saved.status == 201, "\(saved.text)")
            let path = try #require(saved.header("Location"))
            #expect(saved.header("ETag") == "\"1\"" && saved.object["version"] as? Int == 1)
            #expect(saved.object["name"] as? String == "नियमित ग्राहक")
            #expect(saved.object["definition"] as? NSDictionary == definition as NSDictionary)
            #expect(saved.object["broken"] == nil && saved.object["count"] == nil)
            #expect(try await acme.get(path).object as NSDictionary == saved.object as NSDictionary)

            #expect(try await acme.patch(path, ["name": "Regulars"], ifMatch: nil).status == 428)
            let renamed = try await acme.patch(path, ["name": "Regulars"], ifMatch: "\"1\"")
            #expect(renamed.object["definition"] as? NSDictionary == definition as NSDictionary, "\(renamed.text)")
            #expect(renamed.header("ETag") == "\"2\"")
            #expect(try await acme.patch(path, ["name": "Late"], ifMatch: "\"1\"").problemCode == "segment_changed")
            // Nothing new is no change.
            #expect(try await acme.patch(path, ["name": "Regulars"], ifMatch: "*").header("ETag") == "\"2\"")
            let all = try await acme.patch(path, ["definition": ["all": []]], ifMatch: "\"2\"")
            #expect(all.object["definition"] as? NSDictionary == ["all": []])
            for nothing in [["name": NSNull()], ["definition": NSNull()], ["colour": "red"], ["name": ""]] {
                #expect(try await acme.patch(path, nothing, ifMatch: "*").status == 422, "\(nothing)")
            }

            _ = try await acme.makeSegment("Another", [])
            _ = try await other.makeSegment("Regulars", [])
            #expect(data(try await acme.get("/v1/segments")).map { $0["name"] as? String } == ["Another", "Regulars"])
            #expect(
                try await acme.post("/v1/segments", ["name": "Another", "definition": ["all": []]]).problemCode
                    == "segment_name_taken")
            #expect(try await acme.patch(path, ["name": "Another"], ifMatch: "*").problemCode == "segment_name_taken")
            #expect(try await other.get(path).problemCode == "segment_unknown")

            #expect(try await acme.delete(path).status == 204)
            #expect(try await acme.delete(path).problemCode == "segment_unknown")
            #expect(try await acme.get(path + "/counts").problemCode == "segment_unknown")
        }
    }

    @Test func sentAgainItIsSavedOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let body: [String: Any] = ["name": "Regulars", "definition": ["all": []]]
            let replies = try await withThrowingTaskGroup(of: RawClient.Reply.self) { group in
                let json = try JSONSerialization.data(withJSONObject: body)
                for _ in 0..<4 {
                    group.addTask {
                        try await api.request(
                            "POST", "/v1/segments", token: acme.token,
                            headers: [("Content-Type", "application/json"), ("Idempotency-Key", "once")],
                            body: Array(json))
                    }
                }
                return try await group.reduce(into: [RawClient.Reply]()) { $0.append($1) }
            }
            let saved = replies.filter { $0.status == 201 }
            #expect(Set(saved.map { $0.object["id"] as? String }).count == 1)
            #expect(replies.allSatisfy { $0.status == 201 || $0.problemCode == "idempotency_key_in_progress" })
            #expect(data(try await acme.get("/v1/segments")).count == 1)
        }
    }

    @Test func aBusinessHasSoManyAndNoMore() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for number in 0..<98 { _ = try await acme.makeSegment("S\(number)", []) }
            // Many at once find room for two.
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        try await acme.post("/v1/segments", ["name": "T\(number)", "definition": ["all": []]]).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201, 201, 409, 409, 409, 409])
            let refused = try await acme.post("/v1/segments", ["name": "More", "definition": ["all": []]])
            #expect(refused.problemCode == "too_many_segments")
            let counted = data(try await acme.get("/v1/segments?expand=counts"))
            #expect(counted.count == 100 && counted.allSatisfy { $0["count"] as? Int == 0 })
            #expect(try await acme.get("/v1/segments?expand=customers").problemCode == "invalid_query")
        }
    }

    @Test func whoMayNotWriteMayLook() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), viewer = try await acme.colleague(.viewer)
            let id = try await acme.makeSegment("Regulars", []), body = ["definition": ["all": [String]()]]
            #expect(try await viewer.get("/v1/segments/\(id)/counts").status == 200)
            #expect(try await viewer.post("/v1/segments/preview", body).status == 200)
            #expect(try await viewer.post("/v1/segments", ["name": "Mine"]).problemCode == "permission_denied")
            #expect(try await viewer.delete("/v1/segments/\(id)").problemCode == "permission_denied")
        }
    }

    /// What else is wrong is told together, each by its place.
    @Test func aDefinitionIsReadStrictly() async throws {
        try await TestAPI.run({ $0.rates.person = nil }) { api in
            let acme = try await api.makeTenant()
            for (key, kind) in [
                ("size", "number"), ("fabric", "text"), ("vip", "yes_no"), ("trial", "date"), ("budget", "money"),
                ("shirt", "choice"),
            ] {
                var field: [String: Any] = ["key": key, "label": "F", "kind": kind]
                if kind == "choice" { field["choices"] = ["S", "M"] }
                #expect(try await acme.post("/v1/customer-fields", field).status == 201)
            }
            for (definition, errors) in try Self.mistakes() {
                let json = try JSONSerialization.jsonObject(with: Data(definition.utf8), options: .fragmentsAllowed)
                for (target, body) in [
                    ("/v1/segments/preview", ["definition": json]),
                    ("/v1/segments", ["name": "X", "definition": json]),
                ] {
                    let reply = try await acme.post(target, body)
                    let found = (reply.object["errors"] as? [[String: Any]] ?? []).map {
                        "\($0["pointer"] ?? "") \($0["code"] ?? "")"
                    }
                    #expect(reply.status == 422, "\(definition): \(reply.text)")
                    #expect(found == errors, "\(definition): \(reply.text)")
                }
            }
            let nameless = try await acme.post("/v1/segments", ["name": " ", "definition": ["all": [[:]]]])
            #expect((nameless.object["errors"] as? [Any])?.count == 2, "\(nameless.text)")
            #expect(data(try await acme.get("/v1/segments")).isEmpty)
        }
    }

    /// Definitions with what is wrong in them.
    private static func mistakes() throws -> [(String, [String])] {
        func nested(_ open: String, _ close: String, _ depth: Int, _ inner: String) -> String {
            String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
        }
        let whole: [(String, [String])] = [
            ("[]", ["/definition wrong_type"]), ("\"x\"", ["/definition wrong_type"]),
            ("{}", ["/definition/all required"]), ("{\"all\": {}}", ["/definition/all wrong_type"]),
            ("{\"any\": [], \"all\": []}", ["/definition/any unknown_field"]),
            ("{\"all\": [], \"version\": 1}", ["/definition/version unknown_field"]),
            ("{\"all\": [1, {}]}", ["/definition/all/0 wrong_type", "/definition/all/1/field required"]),
            (
                "{\"all\": [" + Array(repeating: "{}", count: 21).joined(separator: ",") + "]}",
                ["/definition/all too_many"]
            ),
            (
                nested("{\"all\":[", "]}", 14, "1"),
                ["/definition/all/0/all unknown_field", "/definition/all/0/field required"]
            ),
        ]
        let list = Array(repeating: "\"x\"", count: 21).joined(separator: ",")
        let single: [(String, String)] = [
            ("\"field\": \"nobody\", \"op\": \"is\", \"value\": 1", "/field unknown_field"),
            ("\"field\": 7, \"op\": \"is\", \"value\": 1", "/field wrong_type"),
            ("\"field\": \"stage\", \"value\": \"lead\"", "/op required"),
            ("\"field\": \"stage\", \"op\": \"begins\", \"value\": \"l\"", "/op invalid_value"),
            ("\"field\": \"stage\", \"op\": \"is\", \"value\": \"gold\"", "/value invalid_value"),
            ("\"field\": \"stage\", \"op\": \"is\"", "/value required"),
            ("\"field\": \"stage\", \"op\": \"is\", \"values\": [\"lead\"]", "/values not_allowed"),
            ("\"field\": \"stage\", \"op\": \"in\", \"value\": \"lead\"", "/value not_allowed"),
            ("\"field\": \"stage\", \"op\": \"in\", \"values\": []", "/values required"),
            ("\"field\": \"stage\", \"op\": \"in\", \"values\": [\"lead\", 7]", "/values/1 wrong_type"),
            ("\"field\": \"stage\", \"op\": \"is\", \"value\": \"lead\", \"not\": true", "/not unknown_field"),
            ("\"field\": \"tags\", \"op\": \"has_any\", \"values\": [\(list)]", "/values too_many"),
            (
                "\"field\": \"tags\", \"op\": \"has\", \"value\": \"\(String(repeating: "x", count: 65))\"",
                "/value too_long"
            ),
            ("\"field\": \"owner_id\", \"op\": \"is\", \"value\": \"me\"", "/value invalid_value"),
            ("\"field\": \"owner_id\", \"op\": \"none\", \"value\": true", "/value not_allowed"),
            ("\"field\": \"language\", \"op\": \"is\", \"value\": \"xx\"", "/value invalid_value"),
            ("\"field\": \"pin_code\", \"op\": \"begins\", \"value\": \"04\"", "/value invalid_value"),
            ("\"field\": \"city\", \"op\": \"is\", \"value\": \(nested("[", "]", 20, "1"))", "/value wrong_type"),
            ("\"field\": \"birthday\", \"op\": \"within_next_days\", \"value\": 365", "/value out_of_range"),
            ("\"field\": \"birthday\", \"op\": \"within_next_days\", \"value\": 1.5", "/value wrong_type"),
            ("\"field\": \"birthday\", \"op\": \"within_next_days\", \"value\": \"7\"", "/value wrong_type"),
            ("\"field\": \"created_at\", \"op\": \"before\", \"value\": \"yesterday\"", "/value invalid_time"),
            ("\"field\": \"updated_at\", \"op\": \"within_last_days\", \"value\": 0", "/value out_of_range"),
            ("\"field\": \"phone\", \"op\": \"is_set\", \"value\": \"yes\"", "/value wrong_type"),
            ("\"field\": \"last_seen_at\", \"op\": \"within_last_days\", \"value\": -1", "/value out_of_range"),
            ("\"field\": \"last_seen_at\", \"op\": \"never\", \"values\": []", "/values not_allowed"),
            ("\"field\": \"spent_paise\", \"op\": \"at_least\", \"value\": 9223372036854775807", "/value out_of_range"),
            ("\"field\": \"spent_paise\", \"op\": \"at_most\", \"value\": 1e30", "/value out_of_range"),
            ("\"field\": \"payments\", \"op\": \"at_least\", \"value\": -1", "/value out_of_range"),
            ("\"field\": \"consent.sms.gossip\", \"op\": \"is\", \"value\": \"given\"", "/field unknown_field"),
            ("\"field\": \"consent.sms.marketing\", \"op\": \"is\", \"value\": \"yes\"", "/value invalid_value"),
            ("\"field\": \"do_not_contact\", \"op\": \"is_set\", \"value\": null", "/value wrong_type"),
            ("\"field\": \"custom.nothing\", \"op\": \"is\", \"value\": 1", "/field unknown_field"),
            ("\"field\": \"custom.\", \"op\": \"is\", \"value\": 1", "/field unknown_field"),
            ("\"field\": \"custom.size\", \"op\": \"is\", \"value\": \"38\"", "/value wrong_type"),
            ("\"field\": \"custom.size\", \"op\": \"at_least\", \"value\": 1e12", "/value out_of_range"),
            ("\"field\": \"custom.size\", \"op\": \"begins\", \"value\": \"3\"", "/op invalid_value"),
            ("\"field\": \"custom.size\", \"op\": \"is_set\", \"value\": 1", "/value wrong_type"),
            ("\"field\": \"custom.size\", \"op\": \"is\", \"value\": null", "/value wrong_type"),
            ("\"field\": \"custom.fabric\", \"op\": \"at_most\", \"value\": \"a\"", "/op invalid_value"),
            ("\"field\": \"custom.fabric\", \"op\": \"begins\", \"value\": 3", "/value wrong_type"),
            ("\"field\": \"custom.vip\", \"op\": \"at_least\", \"value\": true", "/op invalid_value"),
            ("\"field\": \"custom.trial\", \"op\": \"is\", \"value\": \"2026-02-30\"", "/value invalid_date"),
            ("\"field\": \"custom.budget\", \"op\": \"is\", \"value\": 1.5", "/value out_of_range"),
            ("\"field\": \"custom.budget\", \"op\": \"is\", \"value\": 1e300", "/value out_of_range"),
            ("\"field\": \"custom.shirt\", \"op\": \"is\", \"value\": \"XXL\"", "/value invalid_value"),
        ]
        // Behind one that is right.
        return whole
            + single.map {
                (
                    "{\"all\": [{\"field\": \"stage\", \"op\": \"is\", \"value\": \"lead\"}, {\($0.0)}]}",
                    ["/definition/all/1\($0.1)"]
                )
            }
    }

    @Test func whatIsTooSlowIsGivenUp() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeSegment("Regulars", [])
            let blocker = try AdminConnection(url: api.database.url("postgres"))
            try blocker.run("BEGIN; LOCK TABLE app.customers IN ACCESS EXCLUSIVE MODE")
            /// Ends whatever waits, as its time-out would.
            func ended(_ request: @escaping @Sendable () async throws -> RawClient.Reply) async throws
                -> RawClient.Reply
            {
                let reply = Task { try await request() }
                while try api.database.run(
                    as: "postgres",
                    """
                    SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND usename = 'unnati_app' AND wait_event_type = 'Lock'
                    """
                ).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                return try await reply.value
            }
            for path in ["/counts", "/customers"] {
                let reply = try await ended { try await acme.get("/v1/segments/\(id)" + path) }
                #expect(reply.status == 503 && reply.problemCode == "segment_too_slow", "\(reply.text)")
                #expect(reply.header("Retry-After") != nil)
            }
            let listed = try await ended { try await acme.get("/v1/segments?expand=counts") }
            #expect(listed.status == 200 && data(listed).map { $0["count"] as? Int } == [nil], "\(listed.text)")
            try blocker.run("ROLLBACK")
            #expect(try await acme.get("/v1/segments/\(id)/counts").object["count"] as? Int == 0)
        }
    }
}
