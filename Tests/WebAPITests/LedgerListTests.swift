// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

/// Who owes how much.
@Suite struct LedgerListTests {
    private func sums(_ list: [[String: Any]]) -> [Int] { list.compactMap { $0["balance_paise"] as? Int } }

    @Test func whoOwesMostComesFirst() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for paise in [500, -300, 0, 500, 20, -1, 7_000] {
                let id = try await acme.makeCustomer(["name": "Owes \(paise)"])
                if paise == 0 {
                    try await acme.book.note("given", 5, for: id)
                    try await acme.book.note("received", 5, for: id)
                } else {
                    try await acme.book.note("adjusted", paise, for: id)
                }
            }
            _ = try await acme.makeCustomer(["name": "Buys for cash"])

            let ordered = [7_000, 500, 500, 20, 0, -1, -300]
            for limit in [1, 2, 3, 100] {
                #expect(sums(try await acme.book.walk("/v1/ledger", limit: limit)) == ordered)
                #expect(sums(try await acme.book.walk("/v1/ledger?sort=balance", limit: limit)) == ordered.reversed())
            }
            for (query, found) in [
                ("filter[state]=owing", [7_000, 500, 500, 20]), ("filter[state]=advance", [-1, -300]),
                ("filter[state]=settled", [0]), ("filter[balance][gte]=500", [7_000, 500, 500]),
                ("filter[balance][lte]=20&filter[balance][gte]=-1", [20, 0, -1]),
                ("filter[state]=advance&filter[balance][lte]=-2&sort=balance", [-300]),
            ] {
                #expect(sums(try await acme.book.walk("/v1/ledger?" + query, limit: 2)) == found, "\(query)")
            }
            let expanded = try await acme.book.data("/v1/ledger?limit=1&expand=customer")
            let customer = expanded.first?["customer"] as? [String: Any]
            #expect(customer?["name"] as? String == "Owes 7000")
            #expect(customer?["id"] as? String == expanded.first?["customer_id"] as? String)
            let totals = try await acme.get("/v1/ledger/totals").object
            #expect(
                totals as NSDictionary
                    == ["owed_paise": 8_020, "customers_owing": 4, "advance_paise": 301, "customers_ahead": 2])
        }
    }

    @Test(arguments: [
        "filter[state]=broke", "filter[balance]=5", "filter[balance][gte]=x", "filter[balance][gte]=1.5",
        "filter[balance][lte]=1000000000000001", "sort=name", "expand=entries", "limit=0", "cursor=x", "q=asha",
    ])
    func whatAListDoesNotKnowIsRefused(_ query: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            #expect(try await acme.get("/v1/ledger?" + query).status == 400)
        }
    }

    @Test func aCursorGoesOnWithItsOwnListAlone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            for number in 1...3 { try await acme.book.note("given", number, for: try await acme.makeCustomer()) }
            let page = try await acme.get("/v1/ledger?limit=1").object
            let cursor = try #require(page["next_cursor"] as? String)
            for target in ["/v1/ledger?sort=balance&cursor=", "/v1/ledger?filter[state]=owing&cursor="] {
                #expect(try await acme.get(target + cursor).problemCode == "cursor_mismatch")
            }
            #expect(try await other.get("/v1/ledger?cursor=" + cursor).problemCode == "cursor_mismatch")
        }
    }

    @Test func whoTurnedOutToBeOneOwesTheSum() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let old = try await acme.makeCustomer(["name": "Old"]), kept = try await acme.makeCustomer(["name": "Kept"])
            let most = try await acme.makeCustomer(["name": "Most"]),
                bare = try await acme.makeCustomer(["name": "Bare"])
            try await acme.book.note("given", 900, for: most)
            let given = try await acme.book.note(
                "given", 600, for: old, ["occurred_on": "2024-01-01", "due_on": "2024-02-01"])
            try await acme.book.note("received", 250, for: kept, ["occurred_on": "2024-01-02"])
            #expect(sums(try await acme.book.data("/v1/ledger")) == [900, 600, -250])

            try acme.book.merge(old, into: kept)
            // Whose own book is empty has that of who turned out to be them.
            let empty = try await acme.makeCustomer(["name": "Empty"])
            try acme.book.merge(empty, into: bare)
            for limit in [1, 25] {
                let list = try await acme.book.walk("/v1/ledger", limit: limit)
                #expect(list.map { $0["customer_id"] as? String } == [most, kept])
                #expect(sums(list) == [900, 350])
                #expect(list.last?["oldest_due_on"] as? String == "2024-02-01")
            }
            #expect(sums(try await acme.book.data("/v1/ledger?filter[balance][lte]=350&sort=balance")) == [350])
            #expect(try await acme.book.data("/v1/ledger?filter[state]=advance").isEmpty)
            #expect(try await acme.get("/v1/ledger/totals").object["customers_owing"] as? Int == 2)
            for id in [old, kept] {
                let lines = try await acme.book.data("/v1/customers/\(id)/ledger-entries")
                #expect(lines.map { $0["running_balance_paise"] as? Int } == [350, 600])
                #expect(Set(lines.compactMap { $0["customer_id"] as? String }) == [kept])
                #expect(try await acme.book.owed(by: id) == 350)
            }
            // New entries stand under the one who is left; an old one is taken back where it stands.
            let more = try await acme.book.note("given", 50, for: old)
            #expect(more["customer_id"] as? String == kept && more["balance_paise"] as? Int == 400)
            let taken = try await acme.book.reverse(given)
            #expect(taken.status == 201, "\(taken.text)")
            #expect(taken.object["customer_id"] as? String == kept && taken.object["balance_paise"] as? Int == -200)
            #expect(sums(try await acme.book.data("/v1/ledger")) == [900, -200])
            #expect(try api.complaintsOfTheLedger() == [])
            // Apart again, each has their own.
            try api.database.run(
                as: "unnati_owner", "UPDATE app.customers SET deleted_at = NULL, merged_into = NULL WHERE name = 'Old'")
            #expect(sums(try await acme.book.data("/v1/ledger")) == [900, 0, -200])
        }
    }

    @Test func whoWasDeletedIsAskedForNothing() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let entry = try await acme.book.note("given", 100, for: id)
            _ = try await acme.delete("/v1/customers/\(id)")

            #expect(try await acme.book.data("/v1/ledger").isEmpty)
            #expect(try await acme.get("/v1/ledger/totals").object["owed_paise"] as? Int == 0)
            #expect(try await acme.get("/v1/customers/\(id)/ledger").problemCode == "customer_unknown")
            #expect(try await acme.book.reverse(entry).problemCode == "ledger_entry_unknown")
            let path = "/v1/customers/\(id)/ledger-entries"
            let refused = try await acme.post(path, ["kind": "given", "amount_paise": 1])
            #expect(refused.problemCode == "customer_unknown")
            _ = try await api.request("POST", "/v1/customers/\(id)/restore", token: acme.token)
            #expect(sums(try await acme.book.data("/v1/ledger")) == [100])

            _ = try await api.request("POST", "/v1/customers/\(id)/erase", token: acme.token)
            #expect(try api.doWhatIsDue().erased.count == 1)
            for table in ["ledger_entries", "ledger_balances"] {
                #expect(try api.database.run(as: "unnati_owner", "SELECT count(*) FROM app.\(table)") == [["0"]])
            }
        }
    }

    @Test func staffWhoSeeTheirOwnSeeWhatTheirOwnOwe() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            #expect(
                try await acme.patch("/v1/business", ["staff_see_own_customers": true], ifMatch: "*").status == 200)
            let staff = try await acme.colleague(.staff)
            let mine = try await staff.makeCustomer(["name": "Mine"]),
                not = try await acme.makeCustomer(["name": "Not"])
            try await staff.book.note("given", 10, for: mine)
            let entry = try await acme.book.note("given", 500, for: not)

            #expect(sums(try await staff.book.data("/v1/ledger?expand=customer")) == [10])
            #expect(try await staff.get("/v1/ledger/totals").object["owed_paise"] as? Int == 10)
            #expect(try await staff.get("/v1/customers/\(not)/ledger").status == 404)
            let id = try #require(entry["id"] as? String)
            #expect(try await staff.get("/v1/ledger-entries/\(id)").problemCode == "ledger_entry_unknown")
            #expect(try await staff.book.reverse(entry).problemCode == "ledger_entry_unknown")
            let other = try await acme.makeCustomer(["name": "Also mine", "owner_id": staff.userID.description])
            try await acme.book.note("given", 7, for: other)
            try acme.book.merge(other, into: mine)
            #expect(sums(try await staff.book.data("/v1/ledger")) == [17])
            #expect(sums(try await acme.book.data("/v1/ledger")) == [500, 17])
        }
    }
}
