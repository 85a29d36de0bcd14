// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import JSON

/// `{"id": "led_…", "customer_id": "cus_…", "kind": "given", "amount_paise": 150000, "change_paise": 150000, "debit": "receivable",
/// "credit": "sales_on_credit", "occurred_on": "2026-01-31", "due_on": "2026-02-15", "method": "upi", "note": "…", "reason": "…",
/// "reverses_id": "led_…", "reversed_by_id": "led_…", "actor": "person", "actor_id": "usr_…", "recorded_at": "…"}`; what is not known is
/// absent. One that was made says `balance_paise`, those of a list `running_balance_paise`.
enum LedgerEntryOutput {
    static func write(
        _ entry: LedgerEntry, balancePaise: Int? = nil, runningPaise: Int? = nil, to json: inout JSONWriter
    ) {
        json.object { json in
            json.member("id", entry.id)
            json.member("customer_id", entry.customer)
            json.member("kind", entry.kind.rawValue)
            // Of an adjustment as it was said: less when negative.
            json.member("amount_paise", entry.kind == .adjusted ? entry.changePaise : entry.amountPaise)
            json.member("change_paise", entry.changePaise)
            json.member("debit", entry.debit.rawValue)
            json.member("credit", entry.credit.rawValue)
            json.member("occurred_on", entry.occurredOn.description)
            json.member("due_on", entry.dueOn?.description)
            json.member("method", entry.method?.rawValue)
            json.member("note", entry.note)
            json.member("reason", entry.reason)
            json.member("reverses_id", entry.reverses?.description)
            json.member("reversed_by_id", entry.reversedBy?.description)
            ActorOutput.write(entry.actor, entry.actorID, to: &json)
            json.member("recorded_at", entry.recordedAt)
            if let balancePaise { json.member("balance_paise", balancePaise) }
            if let runningPaise { json.member("running_balance_paise", runningPaise) }
        }
    }
}

/// `{"customer_id": "cus_…", "balance_paise": 150000, "last_entry_at": "…", "oldest_due_on": "2026-02-15", "customer": {…}}`
enum LedgerBalanceOutput {
    static func write(_ balance: LedgerBalance, _ customer: Customer?, to json: inout JSONWriter) {
        json.object { json in
            json.member("customer_id", balance.customer)
            json.member("balance_paise", balance.balancePaise)
            json.member("last_entry_at", balance.lastEntry.uuid.instant)
            json.member("oldest_due_on", balance.oldestDueOn?.description)
            if let customer { json.member("customer") { CustomerOutput.write(customer, to: &$0) } }
        }
    }
}

/// `{"customer_id": "cus_…", "balance_paise": 150000, "given_paise": 200000, "received_paise": 50000, "adjusted_paise": 0, "entries": 3,
/// "last_entry_at": "…", "oldest_due_on": "2026-02-15"}`
enum LedgerSummaryOutput {
    static func write(_ summary: LedgerSummary, to json: inout JSONWriter) {
        json.object { json in
            json.member("customer_id", summary.customer)
            json.member("balance_paise", summary.balancePaise)
            json.member("given_paise", summary.givenPaise)
            json.member("received_paise", summary.receivedPaise)
            json.member("adjusted_paise", summary.adjustedPaise)
            json.member("entries", summary.entries)
            if let last = summary.lastEntry { json.member("last_entry_at", last.uuid.instant) }
            json.member("oldest_due_on", summary.oldestDueOn?.description)
        }
    }
}

/// `{"owed_paise": 150000, "customers_owing": 1, "advance_paise": 0, "customers_ahead": 0}`
enum LedgerTotalsOutput {
    static func write(_ totals: LedgerTotals, to json: inout JSONWriter) {
        json.object { json in
            json.member("owed_paise", totals.owedPaise)
            json.member("customers_owing", totals.customersOwing)
            json.member("advance_paise", totals.advancePaise)
            json.member("customers_ahead", totals.customersAhead)
        }
    }
}

/// `{"customer_id": "cus_…", "language": "hi", "balance_paise": 150000, "text": "…", "upi_link": "upi://pay?…", "qr_svg": "<svg …",
/// "warning": "…"}`; without a UPI id of the business `no_link_because` in place of the link and its picture.
enum LedgerReminderOutput {
    static let warning =
        "A link and a QR code ask for money and prove nothing. Look into the account, then write down what has arrived."
    static let noLink = "The business has not said to which UPI id money is sent: `upi_id` of /v1/business."

    static func write(_ reminder: LedgerReminder, svg: String?, to json: inout JSONWriter) {
        json.object { json in
            json.member("customer_id", reminder.customer)
            json.member("language", reminder.language.rawValue)
            json.member("balance_paise", reminder.balancePaise)
            json.member("text", reminder.text)
            if let link = reminder.link {
                json.member("upi_link", link.text)
                json.member("qr_svg", svg)
                json.member("warning", warning)
            } else {
                json.member("no_link_because", noLink)
            }
        }
    }
}
