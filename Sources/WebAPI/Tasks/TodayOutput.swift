// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import JSON

/// `{"date": "2026-01-31", "overdue": {"data": [{…}], "count": 1, "has_more": false}, "due_today": {…}, "birthdays": {"data":
/// [{"customer": {…}, "on": "2026-02-01", "in_days": 1, "years": 40}], …}, "anniversaries": {…}, "not_seen": {"data": [{"customer": {…},
/// "last_seen_at": "…"}], …}, "unpaid": {"data": [{"customer": {…}, "balance_paise": 125000, "last_entry_at": "…"}], …}}`
enum TodayOutput {
    static func response(_ today: Today) -> Response {
        var json = JSONWriter(capacity: 8_192)
        json.object { json in
            json.member("date", today.day.description)
            json.member("overdue") { write(today.overdue, to: &$0, FollowUpOutput.write) }
            json.member("due_today") { write(today.due, to: &$0, FollowUpOutput.write) }
            json.member("birthdays") { write(today.birthdays, to: &$0, write) }
            json.member("anniversaries") { write(today.anniversaries, to: &$0, write) }
            json.member("not_seen") { write(today.unseen, to: &$0, write) }
            if let unpaid = today.unpaid { json.member("unpaid") { write(unpaid, to: &$0, write) } }
        }
        return .json(bytes: json.bytes)
    }

    private static func write<Element>(
        _ section: Today.Section<Element>, to json: inout JSONWriter, _ write: (Element, inout JSONWriter) -> Void
    ) {
        json.object { json in
            json.member("data") { json in
                json.array { json in for element in section.elements { write(element, &json) } }
            }
            json.member("count", section.count)
            json.member("has_more", section.hasMore)
        }
    }

    private static func write(_ occasion: Occasion, to json: inout JSONWriter) {
        json.object { json in
            json.member("customer") { NamedCustomerOutput.write(occasion.customer, to: &$0) }
            json.member("on", occasion.day.description)
            json.member("in_days", occasion.daysAhead)
            if let years = occasion.years { json.member("years", years) }
        }
    }

    private static func write(_ unseen: UnseenCustomer, to json: inout JSONWriter) {
        json.object { json in
            json.member("customer") { NamedCustomerOutput.write(unseen.customer, to: &$0) }
            json.member("last_seen_at", unseen.lastSeenAt)
        }
    }

    private static func write(_ unpaid: UnpaidCustomer, to json: inout JSONWriter) {
        json.object { json in
            json.member("customer") { NamedCustomerOutput.write(unpaid.customer, to: &$0) }
            json.member("balance_paise", unpaid.balancePaise)
            json.member("last_entry_at", unpaid.lastEntryAt)
        }
    }
}
