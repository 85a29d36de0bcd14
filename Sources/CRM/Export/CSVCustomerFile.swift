// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A customer in each row, written so that importing the file gives the same customers again: its columns are called what
/// ``ImportColumnNames`` knows them by, its tags are taken apart by ``ListCell``, and what a business has added is in
/// `custom.` and the field's key. What no import can say, such as an id, stands at the end.
struct CSVCustomerFile: CustomerFile {
    /// Which columns of a customer a column of the file holds.
    private enum Content {
        case text(StaticString)
        /// Numbers or addresses, none of which holds a semicolon.
        case list(StaticString)
        case tags(StaticString)
        case day(StaticString, year: StaticString)
    }

    /// `whatsapp_id` is what some programs call a number, so ours is called what it is.
    private static let columns: [(name: String, content: Content)] = [
        ("name", .text("name")), ("phone", .text("phone")), ("other_phones", .list("other_phones")),
        ("email", .text("email")), ("other_emails", .list("other_emails")),
        ("whatsapp_user_id", .text("whatsapp_id")), ("stage", .text("stage")), ("tags", .tags("tags")),
        ("notes", .text("notes")), ("address", .text("address")), ("city", .text("city")), ("state", .text("state")),
        ("pin_code", .text("pin_code")), ("gstin", .text("gstin")),
        ("birthday", .day("birthday", year: "birth_year")),
        ("anniversary", .day("anniversary", year: "anniversary_year")), ("language", .text("language")),
        ("source", .text("source")),
    ]
    private static let lastColumns = ["owner_id", "id", "created_at", "updated_at"]

    private let fields: [CustomField]

    init(_ fields: [CustomField]) { self.fields = fields }

    var hasCustomFields: Bool { !fields.isEmpty }

    var head: [UInt8] {
        var csv = CSVWriter()
        for (name, _) in Self.columns { csv.cell(name) }
        for field in fields { csv.cell("custom." + field.key) }
        for name in Self.lastColumns { csv.cell(name) }
        csv.endRow()
        return CSVWriter.byteOrderMark + csv.bytes
    }

    func write(_ rows: borrowing Rows) throws -> [UInt8] {
        var csv = CSVWriter(capacity: rows.count * 256)
        try rows.forEach { row in
            for (_, content) in Self.columns {
                switch content {
                case .text(let column): try csv.text(column, of: &row)
                case .list(let column): try csv.list(column, of: &row)
                case .tags(let column): try csv.tags(column, of: &row)
                case .day(let day, let year): csv.cell(try CustomerRow.date(&row, day, year)?.description ?? "")
                }
            }
            if !fields.isEmpty {
                let custom = try CustomerRow.custom(&row)
                for field in fields { csv.cell(custom[field.key]?.typed ?? "") }
            }
            csv.cell((try row.decodeIfPresent("owner_id") as UserID?)?.description ?? "")
            csv.cell((try row.decode("id") as Customer.ID).description)
            csv.cell((try row.decode("created_at") as Instant).description)
            csv.cell((try row.decode("updated_at") as Instant).description)
            csv.endRow()
        }
        return csv.bytes
    }
}

extension CSVWriter {
    /// NULL is an empty cell.
    fileprivate mutating func text(_ column: StaticString, of row: inout Row) throws {
        if let text = unsafe try row.utf8(column) { unsafe cell(text.span) } else { cell("") }
    }

    fileprivate mutating func list(_ column: StaticString, of row: inout Row) throws {
        var list: [UInt8] = []
        try row.withTexts(column) { text in
            if !list.isEmpty { list.append(UInt8(ascii: ";")) }
            for index in text.indices { list.append(text[index]) }
        }
        cell(list.span)
    }

    fileprivate mutating func tags(_ column: StaticString, of row: inout Row) throws {
        var list: [UInt8] = []
        try row.withTexts(column) { text in ListCell.append(text, to: &list) }
        cell(list.span)
    }
}
