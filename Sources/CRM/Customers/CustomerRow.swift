// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

extension Customer {
    /// - Parameter row: with all columns, as a detailed ``CustomerService/page(_:by:isDescending:after:limit:isDetailed:for:_:)`` has them.
    package init(_ row: inout Row) throws { self = try CustomerRow.customer(&row) }
}

/// A customer as a row of `app.customers`.
enum CustomerRow {
    /// What lists show of each.
    static let listed: Statement =
        "id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at"

    /// All that ``customer(_:)`` reads, of `app.customers` under its own name.
    static let columns: Statement = """
        \(plainColumns), ARRAY(
            SELECT f.key || ':' || f.kind || ':' || coalesce(v.text_value, v.number::text)
            FROM app.customer_field_values v JOIN app.customer_fields f ON f.tenant_id = v.tenant_id AND f.id = v.field_id
            WHERE v.tenant_id = customers.tenant_id AND v.customer_id = customers.id) AS custom
        """

    /// The same without what they have in fields that the business has added.
    static let plainColumns: Statement = """
        id, name, phone, email, whatsapp_id, other_phones, other_emails, stage, tags, notes, address, city, state, pin_code, gstin,
        birthday, birth_year, anniversary, anniversary_year, language, source, owner_id, version, created_at, updated_at,
        deleted_at, erase_after
        """

    @Sendable static func customer(_ row: inout Row) throws -> Customer {
        var fields = CustomerFields()
        fields.name = try row.decodeIfPresent("name")
        fields.phone = try row.decodeIfPresent("phone")
        fields.email = try row.decodeIfPresent("email")
        fields.whatsAppID = try row.decodeIfPresent("whatsapp_id")
        fields.otherPhones = (try row.decode("other_phones") as TextArray).elements.map { PhoneNumber(stored: $0) }
        fields.otherEmails = (try row.decode("other_emails") as TextArray).elements.map { EmailAddress(stored: $0) }
        fields.stage = try stage(row.decode("stage"))
        fields.tags = (try row.decode("tags") as TextArray).elements
        fields.notes = try row.decodeIfPresent("notes")
        fields.address = try row.decodeIfPresent("address")
        fields.city = try row.decodeIfPresent("city")
        fields.state = try row.decodeIfPresent("state")
        fields.pinCode = (try row.decodeIfPresent("pin_code") as String?).map { PINCode(stored: $0) }
        fields.gstin = (try row.decodeIfPresent("gstin") as String?).map { GSTIN(stored: $0) }
        fields.birthday = try date(&row, "birthday", "birth_year")
        fields.anniversary = try date(&row, "anniversary", "anniversary_year")
        fields.language = (try row.decodeIfPresent("language") as String?).flatMap { Language(rawValue: $0) }
        fields.source = try row.decodeIfPresent("source")
        fields.owner = try row.decodeIfPresent("owner_id")
        fields.custom = try custom(&row)
        let deletedAt: Instant? = try row.decodeIfPresent("deleted_at")
        let eraseAfter: Instant? = try row.decodeIfPresent("erase_after")
        let deletion =
            if let deletedAt, let eraseAfter { Customer.Deletion(at: deletedAt, eraseAfter: eraseAfter) } else {
                nil as Customer.Deletion?
            }
        return try Customer(
            id: row.decode("id"), fields: fields, version: row.decode("version"), createdAt: row.decode("created_at"),
            updatedAt: row.decode("updated_at"), deletion: deletion)
    }

    private static func stage(_ text: String) throws -> CustomerStage {
        guard let stage = CustomerStage(rawValue: text) else { throw DatabaseError.decoding(column: "stage") }
        return stage
    }

    /// Both columns of every row are read: a row whose reads are those of the one before it is read faster.
    static func date(_ row: inout Row, _ day: StaticString, _ year: StaticString) throws -> PartialDate? {
        let monthDay: Int? = try row.decodeIfPresent(day), year: Int? = try row.decodeIfPresent(year)
        return monthDay.flatMap { PartialDate(monthDay: $0, year: year) }
    }

    static func custom(_ row: inout Row) throws -> [String: CustomValue] {
        var custom: [String: CustomValue] = [:]
        for element in (try row.decode("custom") as TextArray).elements {
            guard let colon = element.utf8.firstIndex(of: UInt8(ascii: ":")),
                let value = CustomValue(stored: String(element[element.utf8.index(after: colon)...]))
            else { throw DatabaseError.decoding(column: "custom") }
            custom[String(element[..<colon])] = value
        }
        return custom
    }

    // MARK: - Writing

    /// A column, how it is taken over when the row is there already, and what a row has in it.
    private struct Column: Sendable {
        let name: Statement, takenOver: Statement
        let value: @Sendable (CustomerFields) -> Statement
        let isEmpty: @Sendable (CustomerFields) -> Bool
    }

    private static func column(
        _ name: Statement, _ takenOver: Statement, isEmpty: @escaping @Sendable (CustomerFields) -> Bool,
        _ value: @escaping @Sendable (CustomerFields) -> Statement
    ) -> Column {
        Column(name: name, takenOver: takenOver, value: value, isEmpty: isEmpty)
    }

    private static let writable: [Column] = [
        column("name", "name = excluded.name", isEmpty: { _ in false }) { "\($0.name)" },
        column("name_key", "name_key = excluded.name_key", isEmpty: { _ in false }) { "\($0.name?.searchKey)" },
        column("phone", "phone = excluded.phone", isEmpty: { _ in false }) { "\($0.phone)" },
        column("email", "email = excluded.email", isEmpty: { _ in false }) { "\($0.email)" },
        column("whatsapp_id", "whatsapp_id = excluded.whatsapp_id", isEmpty: { $0.whatsAppID == nil }) {
            "\($0.whatsAppID)"
        },
        column("other_phones", "other_phones = excluded.other_phones", isEmpty: \.otherPhones.isEmpty) {
            "\(TextArray($0.otherPhones.map(\.e164)))"
        },
        column("other_emails", "other_emails = excluded.other_emails", isEmpty: \.otherEmails.isEmpty) {
            "\(TextArray($0.otherEmails.map(\.address)))"
        },
        column("stage", "stage = excluded.stage", isEmpty: { _ in false }) { "\($0.stage.rawValue)" },
        column("tags", "tags = excluded.tags", isEmpty: { _ in false }) { "\(TextArray($0.tags))" },
        column("notes", "notes = excluded.notes", isEmpty: { _ in false }) { "\($0.notes)" },
        column("address", "address = excluded.address", isEmpty: { $0.address == nil }) { "\($0.address)" },
        column("city", "city = excluded.city", isEmpty: { $0.city == nil }) { "\($0.city)" },
        column("state", "state = excluded.state", isEmpty: { $0.state == nil }) { "\($0.state)" },
        column("pin_code", "pin_code = excluded.pin_code", isEmpty: { $0.pinCode == nil }) { "\($0.pinCode?.value)" },
        column("gstin", "gstin = excluded.gstin", isEmpty: { $0.gstin == nil }) { "\($0.gstin?.value)" },
        column("birthday", "birthday = excluded.birthday", isEmpty: { $0.birthday == nil }) {
            "\($0.birthday?.monthDay)"
        },
        column("birth_year", "birth_year = excluded.birth_year", isEmpty: { $0.birthday == nil }) {
            "\($0.birthday?.year)"
        },
        column("anniversary", "anniversary = excluded.anniversary", isEmpty: { $0.anniversary == nil }) {
            "\($0.anniversary?.monthDay)"
        },
        column("anniversary_year", "anniversary_year = excluded.anniversary_year", isEmpty: { $0.anniversary == nil }) {
            "\($0.anniversary?.year)"
        },
        column("language", "language = excluded.language", isEmpty: { $0.language == nil }) {
            "\($0.language?.rawValue)"
        },
        column("source", "source = excluded.source", isEmpty: { $0.source == nil }) { "\($0.source)" },
        column("owner_id", "owner_id = excluded.owner_id", isEmpty: { $0.owner == nil }) { "\($0.owner)" },
    ]

    /// An INSERT of many rows. Columns that all of them leave empty are left out: most files fill five of twenty.
    /// - Parameters:
    ///   - takingOver: of rows that are there already: the fields that those become, empty or not.
    static func insertion(
        of customers: [(id: Customer.ID, fields: CustomerFields)], takingOver: Bool, in tx: borrowing TenantTransaction
    ) -> Statement {
        let columns =
            takingOver ? writable : writable.filter { column in !customers.allSatisfy { column.isEmpty($0.fields) } }
        var statement: Statement = "INSERT INTO app.customers (tenant_id, id"
        for column in columns { statement += ", \(column.name)" }
        statement += ") VALUES "
        for (index, (id, fields)) in customers.enumerated() {
            statement += index > 0 ? ", (\(tx.tenantID), \(id)" : "(\(tx.tenantID), \(id)"
            for column in columns { statement += ", \(column.value(fields))" }
            statement += ")"
        }
        if takingOver {
            statement +=
                " ON CONFLICT (tenant_id, id) DO UPDATE SET version = customers.version + 1, updated_at = now()"
            for column in columns { statement += ", \(column.takenOver)" }
        }
        statement.isPrepared = false
        return statement
    }
}
