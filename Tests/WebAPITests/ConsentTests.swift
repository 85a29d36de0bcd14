// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

/// What is sent and asked in tests of consent.
extension TestTenant {
    /// The notice to show for a purpose now.
    func notice(_ purpose: String = "marketing") async throws -> String {
        let listed = try await get("/v1/consent-notices?filter[purpose]=\(purpose)").object["data"] as? [[String: Any]]
        return try #require(listed?.first { $0["is_current"] as? Bool == true }?["id"] as? String)
    }

    /// Somebody says yes to marketing by e-mail, which knows no hours.
    func given(_ more: [String: Any] = [:]) async throws -> [String: Any] {
        let purpose = more["purpose"] as? String ?? "marketing"
        return [
            "channel": "email", "purpose": purpose, "event": "given", "how": "in_person",
            "notice_id": try await notice(purpose), "language": "hi",
        ].merging(more) { _, new in new }
    }

    func withdrawn(_ more: [String: Any] = [:]) -> [String: Any] {
        ["channel": "email", "purpose": "marketing", "event": "withdrawn", "how": "phone"].merging(more) { _, new in new
        }
    }

    /// What stands of a customer on a channel for a purpose.
    func consent(of id: String, _ channel: String = "email", _ purpose: String = "marketing") async throws
        -> [String: Any]
    {
        let reply = try await get("/v1/customers/\(id)/consent")
        let consents = reply.object["consents"] as? [[String: Any]]
        return try #require(
            consents?.first { $0["channel"] as? String == channel && $0["purpose"] as? String == purpose },
            "\(reply.text)")
    }
}

@Suite struct ConsentTests {
    private func data(_ reply: RawClient.Reply) -> [[String: Any]] { reply.object["data"] as? [[String: Any]] ?? [] }

    private func errors(_ reply: RawClient.Reply) -> [String] {
        (reply.object["errors"] as? [[String: Any]] ?? []).map { "\($0["pointer"] ?? "") \($0["code"] ?? "")" }
    }

    private func merge(_ id: String, into survivor: String, _ api: TestAPI) throws {
        try api.database.run(
            as: "unnati_owner",
            """
            UPDATE app.customers SET merged_into = '\(survivor.dropFirst(4))', deleted_at = now()
            WHERE id = '\(id.dropFirst(4))'
            """)
    }

    /// Rows in which what stands is not what the ledger says last.
    private func differences(_ api: TestAPI) throws -> [[String?]] {
        try api.database.run(
            as: "unnati_owner",
            """
            SELECT e.id, k.event_id FROM (
                SELECT DISTINCT ON (tenant_id, customer_id, channel, purpose) * FROM app.consent_events WHERE purpose IS NOT NULL
                ORDER BY tenant_id, customer_id, channel, purpose, occurred_at DESC, kind DESC) e
            FULL JOIN app.consents k USING (tenant_id, customer_id, channel, purpose)
            LEFT JOIN app.consent_events said ON said.tenant_id = k.tenant_id AND said.id = k.event_id
            WHERE (e.kind, e.occurred_at) IS DISTINCT FROM (k.state, k.occurred_at)
               OR (said.kind, said.occurred_at, said.customer_id) IS DISTINCT FROM (k.state, k.occurred_at, k.customer_id)
            UNION ALL
            SELECT e.id, d.event_id FROM (
                SELECT DISTINCT ON (tenant_id, customer_id, channel, reason) * FROM app.consent_events WHERE reason IS NOT NULL
                ORDER BY tenant_id, customer_id, channel, reason, id DESC) e
            FULL JOIN app.do_not_contact d USING (tenant_id, customer_id, channel, reason)
            WHERE (e.kind = 'do_not_contact_set') IS DISTINCT FROM (d.event_id IS NOT NULL)
            """)
    }

    @Test func whatSomebodySaysStandsUntilTheySayOtherwise() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let id = try await acme.makeCustomer(["name": "Asha", "email": "asha@example.in"])
            let path = "/v1/customers/\(id)/consents"
            #expect(try await acme.consent(of: id)["reason"] as? String == "no_consent")
            #expect(try await acme.consent(of: id, "email", "service")["may_send"] as? Bool == true)
            #expect(try await acme.consent(of: id, "sms", "service")["reason"] as? String == "no_address")

            let yes = try await acme.post(path, try await acme.given(["proof": "Form 12, in the blue folder"]))
            #expect(yes.status == 201, "\(yes.text)")
            #expect(yes.object["notice_version"] as? Int == 0 && yes.object["language"] as? String == "hi")
            let standing = try await acme.consent(of: id)
            #expect(standing["state"] as? String == "given" && standing["may_send"] as? Bool == true)
            #expect(standing["event_id"] as? String == yes.object["id"] as? String)
            #expect(try await acme.consent(of: id, "email", "referral")["reason"] as? String == "no_consent")

            let no = try await acme.post(path, acme.withdrawn())
            #expect(no.status == 201, "\(no.text)")
            let after = try await acme.consent(of: id)
            #expect(after["state"] as? String == "withdrawn" && after["reason"] as? String == "withdrawn")
            // Who takes back what they never gave has said no.
            _ = try await acme.post(path, acme.withdrawn(["purpose": "service"]))
            #expect(try await acme.consent(of: id, "email", "service")["reason"] as? String == "withdrawn")

            let history = data(try await acme.get(path))
            #expect(history.map { $0["event"] as? String } == ["withdrawn", "withdrawn", "given"])
            #expect(history[2]["proof"] as? String == "Form 12, in the blue folder")
            #expect(history[2]["actor_id"] as? String == acme.userID.description)
            let page = try await acme.get(path + "?limit=2")
            let cursor = try #require(page.object["next_cursor"] as? String)
            #expect(
                data(try await acme.get(path + "?limit=2&cursor=\(cursor)")).map { $0["event"] as? String } == ["given"]
            )
            #expect(try differences(api) == [])
        }
    }

    @Test func whatCameLateOverturnsNothingNewer() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let id = try await acme.makeCustomer(["name": "Asha", "email": "asha@example.in"])
            let path = "/v1/customers/\(id)/consents"
            func say(_ body: [String: Any], at time: String) async throws -> String? {
                let reply = try await acme.post(path, body.merging(["occurred_at": time]) { _, new in new })
                #expect(reply.status == 201, "\(reply.text)")
                return try await acme.consent(of: id)["state"] as? String
            }
            let given = try await acme.given()
            #expect(try await say(given, at: "2026-03-02T10:00:00+05:30") == "given")
            #expect(try await say(acme.withdrawn(), at: "2026-03-01T10:00:00Z") == "given")
            // At the same moment a no counts more, whichever comes first.
            #expect(try await say(acme.withdrawn(), at: "2026-03-02T04:30:00Z") == "withdrawn")
            #expect(try await say(given, at: "2026-03-02T04:30:00Z") == "withdrawn")
            #expect(try await say(given, at: "2026-03-02T04:30:00.000001Z") == "given")
            #expect(try await acme.consent(of: id)["since"] as? String == "2026-03-02T04:30:00.000Z")
            #expect(data(try await acme.get(path)).count == 5)
            #expect(try differences(api) == [])
        }
    }

    /// Whatever the order in which it comes, from many at once.
    @Test func whatStandsIsWhatTheLedgerSaysLast() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let bodies = try [await acme.given(), acme.withdrawn()].map {
                try JSONSerialization.data(withJSONObject: $0)
            }
            var ids: [String] = []
            for number in 0..<3 { ids.append(try await acme.makeCustomer(["name": "C\(number)"])) }
            @Sendable func item(_ id: String) throws -> [String: Any] {
                let body = try JSONSerialization.jsonObject(with: bodies[Bool.random() ? 0 : 1])
                var item = body as? [String: Any] ?? [:]
                item["customer_id"] = id
                item["channel"] = ["sms", "email"].randomElement()
                item["occurred_at"] = "2026-03-0\(Int.random(in: 1...4))T10:00:00Z"
                return item
            }
            let people = ids
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<6 {
                            let id = people.randomElement() ?? people[0]
                            var one = try item(id)
                            one["customer_id"] = nil
                            let reply = try await acme.post("/v1/customers/\(id)/consents", one)
                            #expect(reply.status == 201, "\(reply.text)")
                            let items = try (0..<20).map { _ in try item(people.randomElement() ?? people[0]) }
                            let batch = try await acme.post("/v1/consents/batch", ["items": items])
                            #expect(batch.status == 200, "\(batch.text)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.consent_events") == [["1008"]])
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.consents") == [["6"]])
            #expect(try differences(api) == [])
        }
    }

    @Test func theLedgerIsNotRewritten() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            _ = try await acme.post("/v1/customers/\(id)/consents", acme.withdrawn())
            let tenant = "SET app.tenant_id = '\(acme.id.uuid.hex)';"
            for change in [
                "UPDATE app.consent_events SET kind = 'given'", "DELETE FROM app.consent_events",
                "UPDATE app.consent_notices SET version = 2", "DELETE FROM app.consent_notice_texts",
                "DELETE FROM app.consents", "UPDATE app.consents SET customer_id = customer_id",
            ] {
                #expect(throws: (any Error).self, "\(change)") {
                    try api.database.run(as: "unnati_app", "\(tenant) \(change)")
                }
            }
        }
    }

    @Test func whatIsNoConsentIsRefusedWithAllThatIsWrong() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let id = try await acme.makeCustomer(), path = "/v1/customers/\(id)/consents"
            let own = try await acme.post(
                "/v1/consent-notices",
                [
                    "purpose": "marketing",
                    "texts": [["language": "en", "text": "x"], ["language": "hi", "text": "x"]],
                ])
            let ownID = try #require(own.object["id"] as? String), referral = try await acme.notice("referral")
            for (body, wrong) in [
                (["channel": "fax"], ["/channel invalid_value"]), (["purpose": "research"], ["/purpose invalid_value"]),
                (["event": "maybe"], ["/event invalid_value"]), (["how": "telepathy"], ["/how invalid_value"]),
                (["notice_id": "x"], ["/notice_id unknown_notice"]),
                (["notice_id": "ntc_" + String(repeating: "0", count: 32)], ["/notice_id unknown_notice"]),
                (["notice_id": referral], ["/notice_id wrong_purpose"]),
                (["notice_id": ownID, "language": "gu"], ["/language not_in_notice"]),
                (["language": "xx"], ["/language invalid_value"]), (["language": "or"], ["/language not_in_notice"]),
                (["occurred_at": "yesterday"], ["/occurred_at invalid_time"]),
                (["occurred_at": "2099-01-01T00:00:00Z"], ["/occurred_at out_of_range"]),
                (["occurred_at": "1999-12-31T23:59:59Z"], ["/occurred_at out_of_range"]),
                (["proof": ""], ["/proof required"]),
                (["proof": String(repeating: "क", count: 667)], ["/proof too_long"]),
                (["event": "withdrawn"], ["/notice_id not_allowed", "/language not_allowed"]),
                (["colour": "red"], ["/colour unknown_field"]),
                (
                    ["channel": "x", "purpose": "x", "how": "x", "proof": ""],
                    ["/channel invalid_value", "/purpose invalid_value", "/how invalid_value", "/proof required"]
                ),
            ] as [([String: Any], [String])] {
                let reply = try await acme.post(
                    path, try await acme.given(body.filter { $0.key != "purpose" }).merging(body) { _, new in new })
                #expect(reply.status == 422 && errors(reply) == wrong, "\(body): \(reply.text)")
            }
            for missing in ["notice_id", "language"] {
                var body = try await acme.given()
                body[missing] = nil
                #expect(errors(try await acme.post(path, body)) == ["/\(missing) required"])
            }
            // Another business's notice is none.
            _ = try await other.makeCustomer()
            let theirs = try await other.makeCustomer()
            let foreign = try await other.post(
                "/v1/customers/\(theirs)/consents", try await other.given(["notice_id": ownID]))
            #expect(errors(foreign) == ["/notice_id unknown_notice"])
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.consent_events") == [["0"]])
        }
    }

    @Test func whoIsNotThereSaysNothing() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let theirs = try await other.makeCustomer()
            for id in [theirs, "x", "cus_" + String(repeating: "0", count: 32)] {
                let path = "/v1/customers/\(id)"
                for reply in [
                    try await acme.post(path + "/consents", acme.withdrawn()), try await acme.get(path + "/consents"),
                    try await acme.get(path + "/consent"),
                    try await acme.post(path + "/do-not-contact", ["reason": "asked"]),
                    try await acme.post(path + "/do-not-contact/lift", ["reason": "asked"]),
                ] {
                    #expect(reply.status == 404 && reply.problemCode == "customer_unknown", "\(id): \(reply.text)")
                }
            }
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.consent_events") == [["0"]])
        }
    }

    /// A no is heard of whoever may come back from the bin, a yes is not.
    @Test func whoIsInTheBinMaySayNo() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let path = "/v1/customers/\(id)"
            #expect(try await acme.post(path + "/consents", acme.given()).status == 201)
            #expect(try await acme.delete(path).status == 204)
            for reply in [
                try await acme.post(path + "/consents", acme.given()), try await acme.get(path + "/consents"),
                try await acme.get(path + "/consent"),
                try await acme.post(path + "/do-not-contact/lift", ["reason": "asked"]),
            ] {
                #expect(reply.status == 404 && reply.problemCode == "customer_unknown", "\(reply.text)")
            }
            #expect(try await acme.post(path + "/consents", acme.withdrawn()).status == 201)
            #expect(try await acme.post(path + "/do-not-contact", ["reason": "asked"]).status == 201)
            #expect(try await api.request("POST", path + "/restore", token: acme.token).status == 200)
            let blocks = try await acme.get(path + "/consent").object["do_not_contact"] as? [Any]
            #expect(blocks?.count == 1)
            #expect(try await acme.consent(of: id)["state"] as? String == "withdrawn")
        }
    }

    @Test func whoSeesTheirOwnAloneHearsTheirOwnAlone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            #expect(try await acme.patch("/v1/business", ["staff_see_own_customers": true], ifMatch: "*").status == 200)
            let staff = try await acme.colleague(.staff)
            let mine = try await staff.makeCustomer(["name": "Mine"]),
                other = try await acme.makeCustomer(["name": "Not"])

            #expect(try await staff.post("/v1/customers/\(mine)/consents", acme.withdrawn()).status == 201)
            for reply in [
                try await staff.post("/v1/customers/\(other)/consents", acme.withdrawn()),
                try await staff.get("/v1/customers/\(other)/consents"),
                try await staff.get("/v1/customers/\(other)/consent"),
                try await staff.post("/v1/customers/\(other)/do-not-contact", ["reason": "asked"]),
            ] {
                #expect(reply.problemCode == "customer_unknown", "\(reply.text)")
            }
            let items = [mine, other].map { acme.withdrawn(["customer_id": $0]) }
            let batch = try await staff.post("/v1/consents/batch", ["items": items, "all_or_nothing": false])
            #expect((batch.object["results"] as? [[String: Any]])?.map { $0["status"] as? Int } == [201, 404])
        }
    }

    @Test func whatIsSentAgainIsWrittenDownOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer(), path = "/v1/customers/\(id)"
            for (target, json) in [
                (path + "/consents", acme.withdrawn()), (path + "/do-not-contact", ["reason": "asked"]),
                (path + "/do-not-contact/lift", ["reason": "asked"]),
                ("/v1/consents/batch", ["items": [acme.withdrawn(["customer_id": id])]]),
                (
                    "/v1/consent-notices",
                    [
                        "purpose": "service",
                        "texts": [["language": "en", "text": "x"], ["language": "hi", "text": "x"]],
                    ]
                ),
            ] as [(String, [String: Any])] {
                let body = Array(try JSONSerialization.data(withJSONObject: json, options: .sortedKeys))
                let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k")]
                let first = try await api.request("POST", target, token: acme.token, headers: headers, body: body)
                let again = try await api.request("POST", target, token: acme.token, headers: headers, body: body)
                #expect((200...201).contains(first.status), "\(target): \(first.text)")
                #expect(again.text == first.text && again.header("Idempotent-Replayed") == "true", "\(target)")
            }
            #expect(data(try await acme.get(path + "/consents")).count == 4)
        }
    }

    @Test func manySayTheirsAtOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            var ids: [String] = []
            for number in 0..<3 { ids.append(try await acme.makeCustomer(["name": "C\(number)"])) }
            let unknown = "cus_" + String(repeating: "0", count: 32)
            let good = try await acme.given(["customer_id": ids[0]])
            let items = [
                good, acme.withdrawn(["customer_id": unknown]),
                try await acme.given(["customer_id": ids[1], "language": "or"]),
                acme.withdrawn(["customer_id": "x", "how": "x"]), acme.withdrawn(["customer_id": ids[2]]),
            ]
            let malformed = try await acme.post("/v1/consents/batch", ["items": items])
            #expect(malformed.status == 422)
            #expect(errors(malformed) == ["/items/3/customer_id invalid_value", "/items/3/how invalid_value"])
            let refused = try await acme.post(
                "/v1/consents/batch", ["items": items.filter { $0["how"] as? String != "x" }])
            #expect(refused.status == 422)
            #expect(errors(refused) == ["/items/1/customer_id customer_unknown", "/items/2/language not_in_notice"])
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.consent_events") == [["0"]])

            let partly = try await acme.post("/v1/consents/batch", ["items": items, "all_or_nothing": false])
            let results = partly.object["results"] as? [[String: Any]]
            #expect(results?.map { $0["status"] as? Int } == [201, 404, 422, 422, 201], "\(partly.text)")
            #expect(try await acme.consent(of: ids[0])["state"] as? String == "given")
            #expect(try await acme.consent(of: ids[2])["state"] as? String == "withdrawn")
            let events = data(try await acme.get("/v1/audit-events?filter[event]=consents.recorded"))
            #expect(events.map { $0["detail"] as? String } == ["2"])
            for count in [0, 501] {
                let reply = try await acme.post("/v1/consents/batch", ["items": Array(repeating: good, count: count)])
                #expect(errors(reply) == ["/items out_of_range"])
            }
            // The same customer over and over, the newest word last or not.
            let twice = [good, acme.withdrawn(["customer_id": ids[0], "occurred_at": "2026-01-01T00:00:00Z"])]
            #expect(try await acme.post("/v1/consents/batch", ["items": twice + twice]).status == 200)
            #expect(try await acme.consent(of: ids[0])["state"] as? String == "given")
            #expect(try differences(api) == [])
        }
    }

    @Test func whoWasMergedSpeaksForTheOther() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let asha = try await acme.makeCustomer(["name": "Asha", "email": "asha@example.in"])
            let twin = try await acme.makeCustomer(["name": "Asha R", "phone": "9812345678"])
            _ = try await acme.post("/v1/customers/\(asha)/consents", try await acme.given())
            _ = try await acme.post(
                "/v1/customers/\(twin)/consents", acme.withdrawn(["occurred_at": "2026-01-01T00:00:00Z"]))
            _ = try await acme.post("/v1/customers/\(twin)/do-not-contact", ["reason": "dispute", "channel": "call"])
            #expect(try await acme.consent(of: asha)["may_send"] as? Bool == true)
            try merge(twin, into: asha, api)

            for id in [asha, twin] {
                #expect(try await acme.consent(of: id)["reason"] as? String == "withdrawn")
                let whole = try await acme.get("/v1/customers/\(id)/consent").object
                #expect(whole["customer_id"] as? String == asha)
                let blocks = whole["do_not_contact"] as? [[String: Any]]
                #expect(blocks?.map { $0["reason"] as? String } == ["dispute"])
                let history = data(try await acme.get("/v1/customers/\(id)/consents"))
                #expect(history.map { $0["event"] as? String } == ["do_not_contact_set", "withdrawn", "given"])
            }
            // What is said from now on is said by the one whom they are.
            _ = try await acme.post("/v1/customers/\(twin)/consents", try await acme.given())
            #expect(try await acme.consent(of: asha)["may_send"] as? Bool == true)
            let lifted = try await acme.post(
                "/v1/customers/\(asha)/do-not-contact/lift", ["reason": "dispute", "channel": "call"])
            #expect(lifted.status == 201)
            let left = try await acme.get("/v1/customers/\(asha)/consent").object["do_not_contact"] as? [Any]
            #expect(left?.isEmpty == true)
            #expect(try differences(api) == [])
        }
    }
}

@Suite struct DoNotContactTests {
    private func data(_ reply: RawClient.Reply) -> [[String: Any]] { reply.object["data"] as? [[String: Any]] ?? [] }

    @Test func whoIsNotToBeContactedIsNotUntilThatIsLifted() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), staff = try await acme.colleague(.staff)
            let id = try await acme.makeCustomer(["name": "Asha", "phone": "9812345678", "email": "a@example.in"])
            let path = "/v1/customers/\(id)/do-not-contact"
            let set = try await staff.post(path, ["reason": "asked", "note": "Said so on the phone"])
            #expect(set.status == 201 && set.object["channel"] as? String == "all", "\(set.text)")
            #expect(try await staff.post(path, ["reason": "wrong_number", "channel": "sms"]).status == 201)
            // Once more changes nothing but the ledger.
            #expect(try await staff.post(path, ["reason": "asked"]).status == 201)
            for channel in ["whatsapp", "sms", "email", "call"] {
                let standing = try await acme.consent(of: id, channel, "service")
                #expect(standing["reason"] as? String == "do_not_contact")
                #expect(standing["do_not_contact_reason"] as? String == "asked")
            }
            let blocks = try await acme.get("/v1/customers/\(id)/consent").object["do_not_contact"] as? [[String: Any]]
            let asked = blocks?.first { $0["reason"] as? String == "asked" }
            #expect(blocks?.count == 2 && asked?["event_id"] as? String == set.object["id"] as? String)

            #expect(try await staff.post(path + "/lift", ["reason": "asked"]).problemCode == "permission_denied")
            #expect(
                try await acme.post(path + "/lift", ["reason": "asked", "channel": "sms"]).problemCode
                    == "do_not_contact_not_set")
            #expect(try await acme.post(path + "/lift", ["reason": "asked", "channel": "all"]).status == 201)
            #expect(try await acme.post(path + "/lift", ["reason": "asked"]).problemCode == "do_not_contact_not_set")
            #expect(try await acme.consent(of: id, "email", "service")["may_send"] as? Bool == true)
            #expect(
                try await acme.consent(of: id, "sms", "service")["do_not_contact_reason"] as? String == "wrong_number")
            let history = data(try await acme.get("/v1/customers/\(id)/consents"))
            #expect(
                history.map { $0["event"] as? String } == [
                    "do_not_contact_lifted", "do_not_contact_set", "do_not_contact_set", "do_not_contact_set",
                ])
            #expect(history.last?["note"] as? String == "Said so on the phone")
            let events = data(try await acme.get("/v1/audit-events?filter[event]=do_not_contact.lifted"))
            #expect(events.map { $0["subject"] as? String } == [id])
        }
    }

    @Test func childrenAreNotAdvertisedTo() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let marked = try await acme.makeCustomer(["name": "Marked", "email": "m@example.in"])
            let born = try await acme.makeCustomer(["name": "Born", "email": "b@example.in", "birthday": "2020-04-23"])
            let unknown = try await acme.makeCustomer([
                "name": "Of a day", "email": "d@example.in", "birthday": "--04-23",
            ])
            for id in [marked, born, unknown] {
                #expect(try await acme.post("/v1/customers/\(id)/consents", try await acme.given()).status == 201)
            }
            #expect(try await acme.post("/v1/customers/\(marked)/do-not-contact", ["reason": "minor"]).status == 201)
            for id in [marked, born] {
                #expect(try await acme.consent(of: id)["reason"] as? String == "minor")
                #expect(try await acme.consent(of: id, "email", "service")["may_send"] as? Bool == true)
            }
            #expect(try await acme.consent(of: unknown)["may_send"] as? Bool == true)
        }
    }

    @Test func whatIsNoReasonIsRefused() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let path = "/v1/customers/\(id)/do-not-contact"
            for (body, wrong) in [
                (["reason": "rude"], "/reason"), (["reason": "other"], "/note"),
                (["reason": "asked", "channel": "fax"], "/channel"),
                (["reason": "asked", "note": String(repeating: "x", count: 2_001)], "/note"),
                (["channel": "sms"], "/reason"), (["reason": "asked", "until": "2027"], "/until"),
            ] {
                let reply = try await acme.post(path, body)
                let error = (reply.object["errors"] as? [[String: Any]])?.first
                #expect(reply.status == 422 && error?["pointer"] as? String == wrong, "\(body): \(reply.text)")
            }
            #expect(try await acme.post(path, ["reason": "other", "note": "Moved abroad"]).status == 201)
            #expect(try await acme.post(path + "/lift", ["reason": "other"]).status == 201)
        }
    }

    /// Of many who lift it at once one has done so.
    @Test func itIsLiftedOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let path = "/v1/customers/\(id)/do-not-contact"
            _ = try await acme.post(path, ["reason": "asked"])
            let replies = try await withThrowingTaskGroup(of: RawClient.Reply.self) { group in
                for _ in 0..<6 { group.addTask { try await acme.post(path + "/lift", ["reason": "asked"]) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(replies.count { $0.status == 201 } == 1)
            #expect(replies.count { $0.problemCode == "do_not_contact_not_set" } == 5)
        }
    }

    @Test func whoIsErasedLeavesNoLedger() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let kept = try await acme.makeCustomer(["name": "Kept"])
            for id in [id, kept] {
                _ = try await acme.post("/v1/customers/\(id)/consents", try await acme.given())
                _ = try await acme.post("/v1/customers/\(id)/do-not-contact", ["reason": "asked"])
            }
            #expect(try await api.request("POST", "/v1/customers/\(id)/erase", token: acme.token).status == 202)
            #expect(try api.doWhatIsDue().erased.count == 1)
            for (table, count) in [("consent_events", "2"), ("consents", "1"), ("do_not_contact", "1")] {
                #expect(
                    try api.database.run(as: "postgres", "SELECT count(*) FROM app.\(table)") == [[count]], "\(table)")
            }
        }
    }
}
