// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import JSON

/// The keys that customers are found by, for all businesses at once. Servers keep them up; what was there before there were keys, or
/// has another way of making them, gets its own here. It runs as `unnati_owner`, since it is many businesses' customers.
package struct SearchIndex: ~Copyable {
    private let connection: AdminConnection
    private static let rowsAtOnce = 500

    /// - Throws: `AdminError`.
    package init(url: Secret<String>) throws { connection = try AdminConnection(url: url) }

    /// Makes the keys of those who have none.
    /// - Parameters:
    ///   - isWhole: first drops all keys there are; meanwhile some customers are not found.
    ///   - progress: called with how many there are by now.
    /// - Returns: how many were made.
    /// - Throws: `AdminError`.
    package borrowing func build(isWhole: Bool, _ progress: (Int) -> Void) throws -> Int {
        if isWhole { try connection.run("DELETE FROM app.customer_search_keys") }
        var made = 0
        var last = (tenant: UUIDv7.least.hex, id: UUIDv7.least.hex)
        while true {
            let rows = try connection.run(
                """
                SELECT replace(c.tenant_id::text, '-', ''), replace(c.id::text, '-', ''),
                       jsonb_build_object(
                           'name', c.name, 'phone', c.phone, 'other_phones', c.other_phones, 'email', c.email,
                           'other_emails', c.other_emails, 'whatsapp_id', c.whatsapp_id, 'city', c.city, 'tags', c.tags, 'notes', c.notes)
                FROM app.customers c LEFT JOIN app.customer_search_keys k ON k.tenant_id = c.tenant_id AND k.customer_id = c.id
                WHERE (c.tenant_id, c.id) > ($1::uuid, $2::uuid) AND (c.deleted_at IS NULL OR c.merged_into IS NOT NULL) AND k.customer_id IS NULL
                ORDER BY c.tenant_id, c.id LIMIT \(Self.rowsAtOnce)
                """, [last.tenant, last.id])
            guard let end = rows.last, let tenant = end[0], let id = end[1] else { return made }
            last = (tenant, id)
            try connection.run("BEGIN")
            for row in rows {
                guard let tenant = row[0], let id = row[1], let json = row[2] else { continue }
                try insert(SearchKey(try Self.fields(json)), id, tenant)
            }
            try connection.run("COMMIT")
            made += rows.count
            progress(made)
        }
    }

    private borrowing func insert(_ key: SearchKey, _ id: String, _ tenant: String) throws {
        var words = JSONWriter()
        words.array { json in for word in key.noteWords { json.string(word) } }
        // Whoever is deleted or changed meanwhile is seen to by the server.
        try connection.run(
            """
            INSERT INTO app.customer_search_keys (tenant_id, customer_id, owner_id, key, names, sound, note_words)
            SELECT c.tenant_id, c.id, s.owner_id, $3, $4, $5, array_to_tsvector(ARRAY(SELECT jsonb_array_elements_text($6::jsonb)))
            FROM app.customers c JOIN app.customers s ON s.tenant_id = c.tenant_id AND s.id = coalesce(c.merged_into, c.id)
            WHERE c.tenant_id = $1::uuid AND c.id = $2::uuid AND (c.deleted_at IS NULL OR c.merged_into IS NOT NULL) FOR SHARE
            ON CONFLICT DO NOTHING
            """, [tenant, id, key.key, key.names, key.sound, String(decoding: words.bytes, as: UTF8.self)])
    }

    private static func fields(_ json: String) throws -> CustomerFields {
        let row = try JSONReader.parse(Array(json.utf8))
        func text(_ name: String) -> String? { row[name]?.text }
        func texts(_ name: String) -> [String] {
            guard case .array(let elements)? = row[name] else { return [] }
            return elements.compactMap(\.text)
        }
        var fields = CustomerFields()
        fields.name = text("name")
        fields.phone = text("phone").map { PhoneNumber(stored: $0) }
        fields.otherPhones = texts("other_phones").map { PhoneNumber(stored: $0) }
        fields.email = text("email").map { EmailAddress(stored: $0) }
        fields.otherEmails = texts("other_emails").map { EmailAddress(stored: $0) }
        fields.whatsAppID = text("whatsapp_id")
        fields.city = text("city")
        fields.tags = texts("tags")
        fields.notes = text("notes")
        return fields
    }
}
