// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Which column of a file is which field, found by the names in its first row.
package struct ImportHeader: Equatable {
    private let columns: [Column?]
    package let ignoredColumns: [String]

    enum Column: String, CaseIterable { case name, phone, email, tags, notes }

    /// What people call the columns, in lower case, without spaces, dashes and underscores.
    private static let names: [String: Column] = [
        "name": .name, "customername": .name, "fullname": .name, "नाम": .name,
        "phone": .phone, "phonenumber": .phone, "mobile": .phone, "mobilenumber": .phone, "whatsapp": .phone,
        "फोन": .phone, "मोबाइल": .phone,
        "email": .email, "emailaddress": .email, "ईमेल": .email,
        "tags": .tags, "tag": .tags, "notes": .notes, "note": .notes,
    ]

    /// - Throws: `CustomerImportError.unusable`.
    package init(_ fields: [String]) throws(CustomerImportError) {
        var columns: [Column?] = [], ignored: [String] = []
        for field in fields {
            let key = field.normalizedNFC.lowercased().filter { !" -_\u{A0}".contains($0) }
            let column = Self.names[key]
            if let column, columns.contains(column) {
                throw .unusable(
                    code: "csv_repeated_column",
                    detail: "Two columns are named \(column.rawValue). Rename or remove one.")
            }
            if column == nil, !field.isEmpty { ignored.append(Self.shown(field)) }
            columns.append(column)
        }
        guard [.name, .phone, .email].contains(where: { columns.contains($0) }) else {
            throw .unusable(
                code: "csv_missing_columns",
                detail: "The first row must name at least one of the columns name, phone and email.")
        }
        self.columns = columns
        ignoredColumns = Array(ignored.prefix(50))
    }

    var count: Int { columns.count }

    /// A name as it is told again: its beginning, without what cannot be seen.
    private static func shown(_ name: String) -> String {
        let visible = name.unicodeScalars.lazy.filter { $0.value >= 0x20 && $0.value != 0x7F }
        return String(String.UnicodeScalarView(visible.prefix(64)))
    }

    /// Reads a record as the fields of a customer; an empty cell leaves its field alone.
    /// - Throws: `FieldError`, whose pointer names the column.
    package func fields(_ record: [String]) throws(FieldError) -> CustomerFields {
        guard record.count <= columns.count || record[columns.count...].allSatisfy(\.isEmpty) else {
            throw FieldError(
                "", "too_many_columns", "The row has \(record.count) columns, the header \(columns.count).")
        }
        var fields = CustomerFields()
        for (column, cell) in zip(columns, record) {
            guard let column, case let text = Self.unguarded(cell).trimmingWhitespace, !text.isEmpty else { continue }
            switch column {
            case .name: fields.name = try CustomerFields.name(text)
            case .phone: fields.phone = try PhoneNumber(text, at: "/phone")
            case .email: fields.email = try EmailAddress(text, at: "/email")
            case .notes: fields.notes = try CustomerFields.notes(text)
            case .tags:
                let tags = text.split { ",;|".contains($0) }.map(\.trimmingWhitespace).filter { !$0.isEmpty }
                fields.tags = try CustomerFields.tags(tags)
            }
        }
        guard fields.isKnownBySomething else { throw CustomerFields.unknownByAnything }
        return fields
    }

    /// Exports put an apostrophe before cells that a spreadsheet would take for a formula, such as `+91…`; it comes off again.
    private static func unguarded(_ cell: String) -> Substring {
        guard cell.first == "'", let second = cell.dropFirst().first, "=+-@＝＋－＠".contains(second) else {
            return cell[...]
        }
        return cell.dropFirst()
    }
}
