// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

@Suite struct LedgerTests {
    @Test func whatIsGivenAndPaidAddsUp() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer(), path = "/v1/customers/\(id)"
            let empty = try await acme.get(path + "/ledger").object
            #expect(empty["balance_paise"] as? Int == 0 && empty["entries"] as? Int == 0)
            #expect(empty["last_entry_at"] == nil && empty["oldest_due_on"] == nil)

            let given = try await acme.book.note(
                "given", 150_000, for: id,
                ["occurred_on": "2024-01-05", "due_on": "2024-02-15", "note": " Two blouses "])
            let paid = try await acme.book.note("received", 50_000, for: id, ["method": "upi"])
            let less = try await acme.book.note("adjusted", -20_000, for: id, ["reason": "Diwali"])
            #expect(
                [given, paid, less].map { $0["balance_paise"] as? Int } == [150_000, 100_000, 80_000])
            #expect([given, paid, less].map { $0["change_paise"] as? Int } == [150_000, -50_000, -20_000])
            #expect([given, paid, less].map { $0["amount_paise"] as? Int } == [150_000, 50_000, -20_000])
            #expect(
                [given, paid, less].map { "\($0["debit"] ?? "") \($0["credit"] ?? "")" } == [
                    "receivable sales_on_credit", "cash_received receivable", "adjustments receivable",
                ])
            #expect(given["note"] as? String == "Two blouses" && given["actor_id"] as? String == "\(acme.userID)")

            let book = try await acme.get(path + "/ledger").object
            for (name, paise) in [
                ("balance_paise", 80_000), ("given_paise", 150_000), ("received_paise", 50_000),
                ("adjusted_paise", -20_000),
                ("entries", 3),
            ] { #expect(book[name] as? Int == paise, "\(name)") }
            #expect(book["oldest_due_on"] as? String == "2024-02-15")
            #expect(book["last_entry_at"] as? String == less["recorded_at"] as? String)
            // As it was made, but for the sum of that moment.
            let location = "/v1/ledger-entries/\(given["id"] as? String ?? "")"
            var kept = try await acme.get(location).object
            kept["balance_paise"] = 150_000
            #expect(kept as NSDictionary == given as NSDictionary)
            #expect(try api.complaintsOfTheLedger() == [])
        }
    }

    /// One that is written down late stands where it belongs, and what was owed then is told anew.
    @Test func entriesStandByTheDayOnWhichTheyHappened() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            try await acme.book.note("given", 300, for: id, ["occurred_on": "2024-03-01"])
            try await acme.book.note("given", 100, for: id, ["occurred_on": "2024-01-01"])
            try await acme.book.note("received", 50, for: id, ["occurred_on": "2024-02-01"])
            let late = try await acme.book.note("given", 7, for: id, ["occurred_on": "2024-01-01"])
            #expect(late["balance_paise"] as? Int == 357)

            for limit in [1, 2, 3, 25] {
                let lines = try await acme.book.walk("/v1/customers/\(id)/ledger-entries", limit: limit)
                #expect(lines.map { $0["change_paise"] as? Int } == [300, -50, 7, 100])
                #expect(lines.map { $0["running_balance_paise"] as? Int } == [357, 57, 107, 100])
            }
        }
    }

    @Test func aDayIsOneInIndia() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let entry = try await acme.book.note("given", 100, for: id)
            let recorded = try #require((entry["recorded_at"] as? String).flatMap { Instant(rfc3339: $0) })
            let there = CivilDateTime(recorded.advanced(by: .seconds(19_800)))
            let day = String(format: "%04d-%02d-%02d", there.year, there.month, there.day)
            #expect(entry["occurred_on"] as? String == day)
            let tomorrow = CivilDateTime(recorded.advanced(by: .seconds(19_800 + 2 * 86_400)))
            let late = String(format: "%04d-%02d-%02d", tomorrow.year, tomorrow.month, tomorrow.day)
            let refused = try await acme.post(
                "/v1/customers/\(id)/ledger-entries", ["kind": "given", "amount_paise": 1, "occurred_on": late])
            #expect(refused.text.contains("in_the_future"))
        }
    }

    private static var mistakes: [(body: [String: Any], errors: [String])] {
        [
            ([:], ["/kind required"]), (["kind": "given"], ["/amount_paise required"]),
            (["kind": "lent", "amount_paise": 0], ["/kind invalid_value", "/amount_paise out_of_range"]),
            (["kind": "reversal", "amount_paise": 1], ["/kind invalid_value"]),
            (["kind": "given", "amount_paise": -1], ["/amount_paise out_of_range"]),
            (["kind": "given", "amount_paise": 10_000_000_000_001], ["/amount_paise out_of_range"]),
            (["kind": "given", "amount_paise": 1.5], ["/amount_paise wrong_type"]),
            (["kind": "given", "amount_paise": "1"], ["/amount_paise wrong_type"]),
            (["kind": "received", "amount_paise": 1], ["/method required"]),
            (["kind": "received", "amount_paise": 1, "method": "gold"], ["/method invalid_value"]),
            (["kind": "adjusted", "amount_paise": 0], ["/amount_paise out_of_range", "/reason required"]),
            (
                ["kind": "adjusted", "amount_paise": -10_000_000_000_001, "reason": "x"],
                ["/amount_paise out_of_range"]
            ),
            (
                ["kind": "adjusted", "amount_paise": 1, "reason": "x", "due_on": "2025-01-01", "method": "cash"],
                ["/due_on not_allowed", "/method not_allowed"]
            ),
            (
                [
                    "kind": "given", "amount_paise": 1, "occurred_on": "2024-02-30", "due_on": "soon", "note": " ",
                    "reason": "x",
                ],
                ["/occurred_on invalid_date", "/due_on invalid_date", "/note required", "/reason not_allowed"]
            ),
            (["kind": "given", "amount_paise": 1, "occurred_on": "1999-12-31"], ["/occurred_on out_of_range"]),
            (
                ["kind": "given", "amount_paise": 1, "occurred_on": "2024-01-02", "due_on": "2024-01-01"],
                ["/due_on out_of_range"]
            ),
            (
                ["kind": "given", "amount_paise": 1, "occurred_on": "2024-01-02", "due_on": "2034-01-03"],
                ["/due_on out_of_range"]
            ),
            (["kind": "given", "amount_paise": 1, "note": String(repeating: "न", count: 167)], ["/note too_long"]),
            (["kind": "given", "amount_paise": 1, "paise": 1], ["/paise unknown_field"]),
        ]
    }

    @Test func whatIsWrongIsNamedAtItsField() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            for (body, errors) in Self.mistakes {
                let refused = try await acme.post("/v1/customers/\(id)/ledger-entries", body)
                let found = (refused.object["errors"] as? [[String: Any]] ?? []).map {
                    "\($0["pointer"] as? String ?? "") \($0["code"] as? String ?? "")"
                }
                #expect(refused.status == 422 && found == errors, "\(body): \(refused.text)")
            }
            #expect(try await acme.book.owed(by: id) == 0)
            let entry = try await acme.book.note("given", 1, for: id)
            for reason in ["", " ", String(repeating: "x", count: 501)] {
                #expect(try await acme.book.reverse(entry, reason).status == 422)
            }
        }
    }

    @Test func anEntryIsTakenBackOnceAndStays() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            for (kind, paise) in [("given", 500), ("received", 200), ("adjusted", 30), ("adjusted", -40)] {
                let before = try await acme.book.owed(by: id), entry = try await acme.book.note(kind, paise, for: id)
                let reply = try await acme.book.reverse(entry), reversal = reply.object
                #expect(reply.status == 201, "\(reply.text)")
                #expect(reversal["kind"] as? String == "reversal" && reversal["reason"] as? String != nil)
                #expect(reversal["reverses_id"] as? String == entry["id"] as? String)
                #expect(reversal["debit"] as? String == entry["credit"] as? String)
                #expect(reversal["balance_paise"] as? Int == before)
                #expect(reply.header("Location") == "/v1/ledger-entries/\(reversal["id"] as? String ?? "")")

                #expect(try await acme.book.reverse(entry).problemCode == "ledger_entry_reversed")
                #expect(try await acme.book.reverse(reversal).problemCode == "ledger_reversal_final")
                let kept = try await acme.get("/v1/ledger-entries/\(entry["id"] as? String ?? "")").object
                #expect(kept["reversed_by_id"] as? String == reversal["id"] as? String)
            }
            let book = try await acme.get("/v1/customers/\(id)/ledger").object
            for name in ["balance_paise", "given_paise", "received_paise", "adjusted_paise"] {
                #expect(book[name] as? Int == 0, "\(name)")
            }
            #expect(book["entries"] as? Int == 8)
            #expect(try api.complaintsOfTheLedger() == [])
        }
    }

    @Test func paymentsSettleWhatWasGivenFirst() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            func due() async throws -> String? {
                let told = try await acme.get("/v1/customers/\(id)/ledger").object["oldest_due_on"] as? String
                let listed = try await acme.book.data("/v1/ledger").first?["oldest_due_on"] as? String
                #expect(told == listed)
                return told
            }
            let first = try await acme.book.note(
                "given", 100, for: id, ["occurred_on": "2024-01-01", "due_on": "2024-03-01"])
            try await acme.book.note("given", 100, for: id, ["occurred_on": "2024-01-02", "due_on": "2024-02-01"])
            try await acme.book.note("given", 100, for: id, ["occurred_on": "2024-01-03"])
            // The first day, not the first that was given.
            #expect(try await due() == "2024-02-01")
            let paid = try await acme.book.note("received", 199, for: id)
            #expect(try await due() == "2024-02-01")
            try await acme.book.note("received", 1, for: id)
            #expect(try await due() == nil)
            #expect(try await acme.book.reverse(paid).status == 201)
            #expect(try await due() == "2024-02-01")
            // What was never given is not paid for.
            #expect(try await acme.book.reverse(first).status == 201)
            #expect(try await due() == "2024-02-01")
            try await acme.book.note("received", 99, for: id)
            #expect(try await due() == nil)
            try await acme.book.note("received", 1_000, for: id)
            #expect(try await due() == nil)
            // One that is written down late is settled before what came after it.
            try await acme.book.note("adjusted", 1_000, for: id)
            try await acme.book.note("given", 60, for: id, ["occurred_on": "2023-12-01", "due_on": "2023-12-31"])
            #expect(try await due() == nil)
        }
    }

    @Test func anEntryThatIsSentAgainIsMadeOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            func send(_ target: String, _ body: String) async throws -> RawClient.Reply {
                try await api.request(
                    "POST", target, token: acme.token,
                    headers: [("Content-Type", "application/json"), ("Idempotency-Key", "k")], body: Array(body.utf8))
            }
            let path = "/v1/customers/\(id)/ledger-entries", body = #"{"kind":"given","amount_paise":100}"#
            let first = try await send(path, body), again = try await send(path, body)
            #expect(first.status == 201 && again.text == first.text)
            #expect(again.header("Idempotent-Replayed") == "true")
            #expect(again.header("Location") == first.header("Location"))
            #expect(try await acme.book.owed(by: id) == 100)
            #expect(
                try await send(path, #"{"kind":"given","amount_paise":101}"#).problemCode == "idempotency_key_reused")

            let reversal = "/v1/ledger-entries/\(first.object["id"] as? String ?? "")/reverse"
            let taken = try await send(reversal, #"{"reason":"x"}"#),
                twice = try await send(reversal, #"{"reason":"x"}"#)
            #expect(taken.status == 201 && twice.text == taken.text)
            #expect(try await acme.book.owed(by: id) == 0)
        }
    }

    @Test func nobodyOwesMoreThanCanBeCounted() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            try await acme.book.note("given", 10_000_000_000_000, for: id)
            try api.database.run(
                as: "unnati_owner", "UPDATE app.ledger_balances SET balance_paise = 1000000000000000 - 10")
            try await acme.book.note("given", 10, for: id)
            let refused = try await acme.post(
                "/v1/customers/\(id)/ledger-entries", ["kind": "given", "amount_paise": 1])
            #expect(refused.status == 409 && refused.problemCode == "ledger_balance_too_large")
            #expect(try await acme.get("/v1/customers/\(id)/ledger").object["entries"] as? Int == 2)
        }
    }

    @Test func manyAtOnceAddUp() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let entry = try await acme.book.note("given", 1_000, for: id)
            let wrong = try #require(entry["id"] as? String)
            let reversals = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        guard number % 4 != 0 else { return try await acme.book.reverse(["id": wrong]).status }
                        try await acme.book.note(number % 2 == 0 ? "given" : "received", number, for: id)
                        return 0
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(reversals == [0: 30, 201: 1, 409: 9])
            let numbers = (0..<40).filter { $0 % 4 != 0 }
            #expect(try await acme.book.owed(by: id) == numbers.reduce(0) { $0 + ($1 % 2 == 0 ? $1 : -$1) })
            #expect(try await acme.book.data("/v1/ledger").first?["balance_paise"] as? Int == acme.book.owed(by: id))
            #expect(try api.complaintsOfTheLedger() == [])
        }
    }

    @Test func whoMayReadDoesNotWrite() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let viewer = try await acme.colleague(.viewer), staff = try await acme.colleague(.staff)
            let entry = try await staff.book.note("given", 100, for: id)
            #expect(try await viewer.book.owed(by: id) == 100)
            let body: [String: Any] = ["kind": "given", "amount_paise": 1]
            let path = "/v1/customers/\(id)/ledger-entries"
            #expect(try await viewer.post(path, body).problemCode == "permission_denied")
            #expect(try await viewer.book.reverse(entry).problemCode == "permission_denied")

            let key = try await acme.post("/v1/api-keys", ["name": "Till", "scopes": ["ledger:read", "ledger:write"]])
            let till = try #require(key.object["key"] as? String)
            let made = try await api.post(path, token: till, body)
            #expect(made.status == 201 && made.object["actor"] as? String == "api_key")
            #expect(made.object["actor_id"] as? String == key.object["id"] as? String)
            #expect(try await api.request("GET", "/v1/customers/\(id)", token: till).status == 403)
        }
    }

    @Test func nothingIsSeenOrDoneAcrossTheBorder() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let id = try await acme.makeCustomer(), entry = try await acme.book.note("given", 100, for: id)
            #expect(try await other.book.data("/v1/ledger").isEmpty)
            #expect(try await other.get("/v1/ledger/totals").object["owed_paise"] as? Int == 0)
            #expect(try await other.book.reverse(entry).problemCode == "ledger_entry_unknown")
            let foreign = try await other.post(
                "/v1/customers/\(id)/ledger-entries", ["kind": "given", "amount_paise": 1])
            #expect(foreign.problemCode == "customer_unknown")
            for place in ["ledger", "ledger-entries", "ledger/statement", "ledger/reminder", "ledger/qr.svg"] {
                let reply = try await other.get("/v1/customers/\(id)/\(place)")
                #expect(reply.problemCode == "customer_unknown", "\(place)")
            }
            #expect(try await acme.book.owed(by: id) == 100)
        }
    }
}
