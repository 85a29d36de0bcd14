// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum CustomFieldQueries {
    /// All of a business, as they stand.
    static func all(of tenant: TenantID) -> Query<[CustomField]> {
        .all(
            """
            SELECT id, key, label, kind, choices, position, version FROM app.customer_fields
            WHERE tenant_id = \(tenant) ORDER BY position, key
            """, field
        ).quick
    }

    static func lock(_ id: CustomField.ID, in tx: borrowing TenantTransaction) throws -> CustomField? {
        try tx.first(
            """
            SELECT id, key, label, kind, choices, position, version FROM app.customer_fields
            WHERE tenant_id = \(tx.tenantID) AND id = \(id) FOR UPDATE
            """, field)
    }

    /// - Throws: `DatabaseError` naming `customer_fields_key` when the key is taken.
    static func insert(_ field: CustomField, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            INSERT INTO app.customer_fields (tenant_id, id, key, label, kind, choices, position)
            VALUES (\(tx.tenantID), \(field.id), \(field.key), \(field.label), \(field.kind.rawValue), \(TextArray(field.choices)),
                    \(field.position))
            """)
    }

    static func update(_ field: CustomField, in tx: borrowing TenantTransaction) throws -> CustomField {
        try tx.one(
            """
            UPDATE app.customer_fields
            SET label = \(field.label), choices = \(TextArray(field.choices)), position = \(field.position), version = version + 1,
                updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(field.id)
            RETURNING id, key, label, kind, choices, position, version
            """, Self.field)
    }

    /// What customers have in it goes as well.
    static func delete(_ id: CustomField.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute("DELETE FROM app.customer_fields WHERE tenant_id = \(tx.tenantID) AND id = \(id)")
    }

    @Sendable private static func field(_ row: inout Row) throws -> CustomField {
        guard let kind = CustomField.Kind(rawValue: try row.decode("kind")) else {
            throw DatabaseError.decoding(column: "kind")
        }
        return try CustomField(
            id: row.decode("id"), key: row.decode("key"), kind: kind, label: row.decode("label"),
            choices: (row.decode("choices") as TextArray).elements, position: row.decode("position"),
            version: row.decode("version"))
    }

    // MARK: - What customers have in them

    /// Customers' values become these and no others.
    static func put(_ customers: [(id: Customer.ID, fields: CustomerFields)], in tx: borrowing TenantTransaction) throws
    {
        guard !customers.isEmpty else { return }
        try tx.execute(
            """
            DELETE FROM app.customer_field_values
            WHERE tenant_id = \(tx.tenantID) AND customer_id = ANY (\(UUIDArray(customers.map(\.id))))
            """)
        guard customers.contains(where: { !$0.fields.custom.isEmpty }) else { return }
        let byKey = try fieldsByKey(in: tx)
        // What a field held that has gone is gone with it, also when another has its key by now.
        let values = customers.flatMap { id, fields in
            fields.custom.compactMap { key, value in
                byKey[key].flatMap { $0.kind == value.kind ? (customer: id, field: $0.id, value: value) : nil }
            }
        }
        for start in stride(from: 0, to: values.count, by: rowsPerStatement) {
            var statement: Statement = """
                INSERT INTO app.customer_field_values (tenant_id, customer_id, field_id, text_value, text_key, number) VALUES 
                """
            for (index, (customer, field, value)) in values[start...].prefix(rowsPerStatement).enumerated() {
                statement += index > 0 ? ", (" : "("
                statement += "\(tx.tenantID), \(customer), \(field), \(value.text), \(value.textKey), \(value.number))"
            }
            statement.isPrepared = false
            try tx.execute(statement)
        }
    }

    /// A statement takes 65,535 parameters at most.
    private static let rowsPerStatement = 5_000

    /// None of them goes until the transaction ends.
    private static func fieldsByKey(in tx: borrowing TenantTransaction) throws -> [String: CustomField] {
        let fields = try tx.all(
            """
            SELECT id, key, label, kind, choices, position, version FROM app.customer_fields
            WHERE tenant_id = \(tx.tenantID) FOR KEY SHARE
            """, field)
        return Dictionary(uniqueKeysWithValues: fields.map { ($0.key, $0) })
    }
}

extension CustomCondition {
    /// Those of whom it holds.
    func holders(of tenant: TenantID) -> Statement {
        "SELECT customer_id FROM app.customer_field_values WHERE tenant_id = \(tenant) AND field_id = \(field) AND \(test.sql)"
    }
}

extension CustomCondition.Test {
    fileprivate var sql: Statement {
        switch self {
        case .anything(let kind): kind.isText ? "text_key IS NOT NULL" : "number IS NOT NULL"
        case .equal(let value):
            switch value.content {
            case .text(let text): "text_key = \(CustomValue.key(of: text)) AND text_value = \(text)"
            case .number(let number): "number = \(number)"
            }
        case .atLeast(let value): "number >= \(value.number)"
        case .atMost(let value): "number <= \(value.number)"
        case .beginning(let text): CustomerConditions.begins(with: CustomValue.key(of: text), "text_key")
        }
    }
}
