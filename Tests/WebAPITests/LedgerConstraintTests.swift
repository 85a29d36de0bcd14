// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Foundation
import TestSupport
import Testing

/// What PostgreSQL itself refuses, whoever asks.
@Suite struct LedgerConstraintTests {
    private struct Row {
        var id = UUIDv7.next().hex, customer: String
        var kind = "given", debit = "receivable", credit = "sales_on_credit", paise = 100
        var more = ""  // further columns and their values: "method = 'cash'"

        func sql(_ tenant: TenantID) -> String {
            let pairs = more.split(separator: ";").map { $0.split(separator: "=").map(\.trimmingWhitespace) }
            let names = pairs.map { ", " + $0[0] }.joined(), values = pairs.map { ", " + $0[1] }.joined()
            return """
                SET app.tenant_id = '\(tenant.uuid.hex)';
                INSERT INTO app.ledger_entries (tenant_id, id, customer_id, kind, debit_account, credit_account, amount_paise, occurred_on, actor\(names))
                VALUES ('\(tenant.uuid.hex)', '\(id)', '\(customer)', '\(kind)', '\(debit)', '\(credit)', \(paise), 20260131, 'system'\(values))
                """
        }
    }

    @Test func noEntryIsOutOfBalanceAndNoneIsTakenBackTwice() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let customer = String(try await acme.makeCustomer().dropFirst(4))
            let another = String(try await acme.makeCustomer().dropFirst(4))
            func refused(_ row: Row, _ constraint: String) {
                do {
                    try api.database.run(as: "unnati_app", row.sql(acme.id))
                    Issue.record("\(constraint) let it through")
                } catch {
                    #expect("\(String(reflecting: error))".contains(constraint), "\(String(reflecting: error))")
                }
            }
            let given = Row(customer: customer)
            try api.database.run(as: "unnati_app", given.sql(acme.id))
            for (debit, credit) in [
                ("receivable", "receivable"), ("sales_on_credit", "receivable"), ("receivable", "cash_received"),
                ("receivable", "adjustments"), ("cash_received", "sales_on_credit"),
            ] { refused(Row(customer: customer, debit: debit, credit: credit), "ledger_entries_accounts") }
            refused(Row(customer: customer, kind: "lent"), "ledger_entries_accounts")
            refused(
                Row(customer: customer, kind: "adjusted", credit: "sales_on_credit", more: "reason = 'x'"),
                "ledger_entries_accounts")
            for paise in [0, -1, 10_000_000_000_001] {
                refused(Row(customer: customer, paise: paise), "ledger_entries_amount")
            }
            for more in ["method = 'cash'", "reason = 'x'", "note = ''"] {
                refused(Row(customer: customer, more: more), "ledger_entries_details")
            }
            refused(Row(customer: customer, more: "due_on = 20260130"), "ledger_entries_days")
            refused(
                Row(customer: customer, more: "reverses_id = '\(given.id)'; reverses_kind = 'given'"),
                "ledger_entries_reversal")

            func reversal(of row: Row, kind: String = "given", customer: String? = nil, paise: Int? = nil) -> Row {
                Row(
                    customer: customer ?? row.customer, kind: "reversal", debit: row.credit, credit: row.debit,
                    paise: paise ?? row.paise,
                    more: "reason = 'x'; reverses_id = '\(row.id)'; reverses_kind = '\(kind)'")
            }
            refused(reversal(of: given, customer: another), "ledger_entries_reversed_fkey")
            refused(reversal(of: given, paise: 99), "ledger_entries_reversed_fkey")
            refused(reversal(of: given, kind: "received"), "ledger_entries_reversed_fkey")
            var sameWay = reversal(of: given)
            (sameWay.debit, sameWay.credit) = (given.debit, given.credit)
            refused(sameWay, "ledger_entries_reversed_fkey")
            let taken = reversal(of: given)
            try api.database.run(as: "unnati_app", taken.sql(acme.id))
            refused(reversal(of: given), "ledger_entries_reversed_once")
            refused(reversal(of: taken, kind: "reversal"), "ledger_entries_reversal")
            refused(reversal(of: taken), "ledger_entries_reversed_fkey")
        }
    }

    @Test func whatIsWrittenIsNeitherChangedNorDeleted() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            try await acme.book.note("given", 100, for: id)
            for statement in [
                "UPDATE app.ledger_entries SET amount_paise = 1", "UPDATE app.ledger_entries SET note = 'x'",
                "DELETE FROM app.ledger_entries", "DELETE FROM app.ledger_balances",
                "UPDATE app.ledger_balances SET customer_id = gen_random_uuid()",
            ] {
                #expect(throws: AdminError.self, "\(statement)") {
                    try api.database.run(
                        as: "unnati_app", "SET app.tenant_id = '\(acme.id.uuid.hex)'; \(statement)")
                }
            }
        }
    }

    @Test func aSumThatIsNotTheSumIsSeen() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let first = try await acme.makeCustomer(), second = try await acme.makeCustomer()
            for id in [first, second] { try await acme.book.note("given", 100, for: id) }
            #expect(try api.complaintsOfTheLedger() == [])
            let isSecond = "customer_id = '\(second.dropFirst(4))'"
            try api.database.run(
                as: "unnati_owner", "UPDATE app.ledger_balances SET balance_paise = 99 WHERE \(isSecond)")
            #expect(try api.complaintsOfTheLedger().count == 1)
            try api.database.run(as: "unnati_owner", "DELETE FROM app.ledger_balances WHERE \(isSecond)")
            let complaints = try api.complaintsOfTheLedger()
            #expect(complaints.count == 1 && complaints[0].contains("is not the sum"))
            // Each customer's own book is added up from the entries.
            #expect(try await acme.book.owed(by: second) == 100)
        }
    }
}
