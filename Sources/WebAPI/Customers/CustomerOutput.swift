// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Database
import HTTPMessage
import HTTPTypes
import JSON

/// `{"id": "cus_…", "name": "…", "phone": "+91…", "email": "…", "stage": "lead", "tags": [], "notes": "…", "owner_id": "usr_…", "version": 1,
/// "created_at": "…", "updated_at": "…", "city": "…", …}`; what is not known is absent. Lists leave the details out unless asked.
enum CustomerOutput {
    static func write(_ customer: Customer, to json: inout JSONWriter) {
        json.object { json in writeMembers(customer, to: &json) }
    }

    static func writeMembers(_ customer: Customer, to json: inout JSONWriter) {
        let fields = customer.fields
        json.member("id", customer.id)
        json.member("name", fields.name)
        json.member("phone", fields.phone?.e164)
        json.member("email", fields.email?.address)
        json.member("whatsapp_id", fields.whatsAppID)
        if !fields.otherPhones.isEmpty { json.member("other_phones", fields.otherPhones.map(\.e164)) }
        if !fields.otherEmails.isEmpty { json.member("other_emails", fields.otherEmails.map(\.address)) }
        json.member("stage", fields.stage.rawValue)
        json.member("tags", fields.tags)
        json.member("notes", fields.notes)
        json.member("address", fields.address)
        json.member("city", fields.city)
        json.member("state", fields.state)
        json.member("pin_code", fields.pinCode?.value)
        json.member("gstin", fields.gstin?.value)
        json.member("birthday", fields.birthday?.description)
        json.member("anniversary", fields.anniversary?.description)
        json.member("language", fields.language?.rawValue)
        json.member("source", fields.source)
        if let owner = fields.owner { json.member("owner_id", owner) }
        if !fields.custom.isEmpty { json.member("custom_fields") { writeCustom(fields.custom, to: &$0) } }
        json.member("version", customer.version)
        json.member("created_at", customer.createdAt)
        json.member("updated_at", customer.updatedAt)
        if let deletion = customer.deletion {
            json.member("deleted_at", deletion.at)
            json.member("erase_after", deletion.eraseAfter)
        }
    }

    private static func writeCustom(_ custom: [String: CustomValue], to json: inout JSONWriter) {
        json.object { json in
            for (key, value) in custom.sorted(by: { $0.key < $1.key }) {
                json.member(dynamic: key) { CustomValueOutput.write(value, to: &$0) }
            }
        }
    }

    /// What lists show, from a row where it stands.
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

    /// A page of a list.
    /// - Parameter isDetailed: whether rows have all that is known.
    static func write(_ rows: borrowing Rows, _ limit: Int, isDetailed: Bool, to json: inout JSONWriter) throws {
        try rows.forEach(limit) { row in
            if isDetailed { write(try Customer(&row), to: &json) } else { try write(&row, to: &json) }
        }
    }

    static func response(_ customer: Customer, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter()
        write(customer, to: &json)
        return .json(bytes: json.bytes, status: status).ofVersion(customer.version)
    }
}

/// What stands in a field that the business has added, as its kind has it in JSON.
enum CustomValueOutput {
    static func write(_ value: CustomValue, to json: inout JSONWriter) {
        switch (value.content, value.kind) {
        case (.text(let text), _): json.string(text)
        case (.number(let number), .yesNo): json.bool(number != 0)
        case (.number(let number), .date): json.string(day(number))
        case (.number(let number), .number): json.decimal(number, digits: 4)
        case (.number(let number), _): json.number(number)
        }
    }

    private static func day(_ number: Int) -> String {
        PartialDate(year: number / 10_000, month: number / 100 % 100, day: number % 100)?.description ?? ""
    }
}
