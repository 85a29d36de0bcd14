// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Database
import HTTPMessage
import HTTPTypes
import JSON

/// `{"id": "cus_…", "name": "…", "phone": "+91…", "email": "…", "stage": "lead", "tags": [], "notes": "…", "owner_id": "usr_…", "version": 1,
/// "created_at": "…", "updated_at": "…"}`; what is not known is absent.
enum CustomerOutput {
    static func write(_ customer: Customer, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", customer.id)
            json.member("name", customer.name)
            json.member("phone", customer.phone?.e164)
            json.member("email", customer.email?.address)
            json.member("stage", customer.stage.rawValue)
            json.member("tags", customer.tags)
            json.member("notes", customer.notes)
            if let owner = customer.owner { json.member("owner_id", owner) }
            json.member("version", customer.version)
            json.member("created_at", customer.createdAt)
            json.member("updated_at", customer.updatedAt)
        }
    }

    /// The same from a row, where it stands.
    static func write(_ row: inout Row, to json: inout JSONWriter) throws {
        try json.object { json in
            json.member("id", try row.decode("id") as Customer.ID)
            try json.text("name", of: &row)
            try json.text("phone", of: &row)
            try json.text("email", of: &row)
            try json.text("stage", of: &row)
            try json.texts("tags", of: &row)
            try json.text("notes", of: &row)
            if let owner = try row.decodeIfPresent("owner_id") as UserID? { json.member("owner_id", owner) }
            json.member("version", try row.decode("version") as Int)
            json.member("created_at", try row.decode("created_at") as Instant)
            json.member("updated_at", try row.decode("updated_at") as Instant)
        }
    }

    static func response(_ customer: Customer, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter()
        write(customer, to: &json)
        return .json(bytes: json.bytes, status: status).ofVersion(customer.version)
    }
}
