// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Database
import HTTPMessage
import HTTPTypes
import JSON

/// `{"id": "cus_…", "name": "…", "phone": "+91…", "email": "…", "stage": "lead", "tags": [], "notes": "…", "version": 1,
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
            json.member("version", try row.decode("version") as Int)
            json.member("created_at", try row.decode("created_at") as Instant)
            json.member("updated_at", try row.decode("updated_at") as Instant)
        }
    }

    static func response(_ customer: Customer, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter()
        write(customer, to: &json)
        var response = Response.json(bytes: json.bytes, status: status)
        response.fields[.eTag] = tag(customer)
        return response
    }

    static func tag(_ customer: Customer) -> String { "\"\(customer.version)\"" }
}

/// The precondition of a change (RFC 9110 §13.1.1). Tags are version numbers in quotes.
struct IfMatch {
    /// Nil for `*`: whatever is there.
    let expected: Int?

    /// Nil without the header.
    /// - Throws: `CustomerError.changed` when no tag of it can be one of ours.
    init?(_ request: Request) throws {
        guard request.head.fields.contains(.ifMatch) else { return nil }
        guard let value = request.head.fields.only(.ifMatch) else { throw CustomerError.changed }
        if value == "*" {
            expected = nil
            return
        }
        guard value.count >= 3, value.first == "\"", value.last == "\"", let version = Int(value.dropFirst().dropLast())
        else {
            throw CustomerError.changed
        }
        expected = version
    }
}
