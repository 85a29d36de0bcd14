// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// `{"id": "del_…", "pipeline_id": "pip_…", "stage_id": "stg_…", "state": "lost", "title": "…", "note": "…", "customer_id": "cus_…",
/// "customer": {…}, "owner_id": "usr_…", "value_paise": 125000, "expected_on": "2026-01-31", "lost_reason": "…", "closed_at": "…",
/// "version": 1, "created_at": "…", "updated_at": "…", "moved_at": "…"}`; what is not there is absent.
enum DealOutput {
    static func write(_ deal: Deal, to json: inout JSONWriter) {
        let fields = deal.fields
        json.object { json in
            json.member("id", deal.id)
            json.member("pipeline_id", deal.pipeline)
            json.member("stage_id", deal.stage)
            json.member("state", deal.state.rawValue)
            json.member("title", fields.title)
            json.member("note", fields.note)
            NamedCustomerOutput.writeMembers(deal.customer, to: &json)
            if let owner = fields.owner { json.member("owner_id", owner) }
            if let value = fields.valuePaise { json.member("value_paise", value) }
            json.member("expected_on", fields.expectedOn?.description)
            if let closing = deal.closing {
                json.member("lost_reason", closing.lostReason)
                json.member("won_note", closing.wonNote)
                json.member("closed_at", closing.at)
            }
            json.member("version", deal.version)
            json.member("created_at", deal.createdAt)
            json.member("updated_at", deal.updatedAt)
            json.member("moved_at", deal.movedAt)
        }
    }

    static func response(_ deal: Deal, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter()
        write(deal, to: &json)
        return .json(bytes: json.bytes, status: status).ofVersion(deal.version)
    }
}
