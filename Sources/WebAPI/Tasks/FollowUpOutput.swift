// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// `{"id": "fup_…", "title": "…", "note": "…", "customer_id": "cus_…", "customer": {…}, "assignee_id": "usr_…", "due_at": "…",
/// "due_on": "2026-01-31", "all_day": false, "repeat": {"frequency": "monthly", "interval": 1}, "snoozed_until": "…", "state": "done",
/// "done_at": "…", "done_by": "usr_…", "created_by": "usr_…", "version": 1, "created_at": "…", "updated_at": "…"}`; what is not there
/// is absent.
enum FollowUpOutput {
    static func write(_ followUp: FollowUp, to json: inout JSONWriter) {
        let fields = followUp.fields
        json.object { json in
            json.member("id", followUp.id)
            json.member("title", fields.title)
            json.member("note", fields.note)
            NamedCustomerOutput.writeMembers(followUp.customer, to: &json)
            json.member("assignee_id", fields.assignee)
            json.member("due_at", fields.due.at)
            json.member("due_on", fields.due.day.description)
            json.member("all_day", fields.due.isAllDay)
            if let repetition = fields.repetition { json.member("repeat") { write(repetition, to: &$0) } }
            if let time = followUp.snoozedUntil { json.member("snoozed_until", time) }
            json.member("state", followUp.state.rawValue)
            if let done = followUp.done {
                json.member("done_at", done.at)
                json.member("done_by", id(done.by))
            }
            json.member("created_by", id(followUp.creator))
            json.member("version", followUp.version)
            json.member("created_at", followUp.createdAt)
            json.member("updated_at", followUp.updatedAt)
        }
    }

    private static func write(_ repetition: Repetition, to json: inout JSONWriter) {
        json.object { json in
            json.member("frequency", repetition.frequency.rawValue)
            json.member("interval", repetition.interval)
            json.member("until", repetition.until?.description)
        }
    }

    /// `usr_…` or `key_…`; nobody when the system did it by itself.
    private static func id(_ doer: Doer) -> String? {
        switch (doer.kind, doer.id) {
        case ("person", let id?): UserID(id).description
        case ("api_key", let id?): APIKeyID(id).description
        default: nil
        }
    }

    static func response(_ followUp: FollowUp, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter()
        write(followUp, to: &json)
        return .json(bytes: json.bytes, status: status).ofVersion(followUp.version)
    }
}

/// Beside what is theirs: `"customer_id": "cus_…", "customer": {"id": "cus_…", "name": "…", "phone": "+91…"}`.
enum NamedCustomerOutput {
    static func writeMembers(_ customer: NamedCustomer?, to json: inout JSONWriter) {
        guard let customer else { return }
        json.member("customer_id", customer.id)
        json.member("customer") { write(customer, to: &$0) }
    }

    static func write(_ customer: NamedCustomer, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", customer.id)
            json.member("name", customer.name)
            json.member("phone", customer.phone?.e164)
        }
    }
}
