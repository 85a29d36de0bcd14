// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// The tables of a database with their rules, children before those that they refer to. What is not in the code cannot be
/// forgotten there: a new table is covered by its comment.
struct PrivacyCatalog: Sendable {
    struct Table: Sendable {
        /// Quoted, with its schema.
        let name: String
        let rules: [PrivacyRule]
        let hasTenant: Bool
        /// Columns that may hold an identifier, quoted.
        let identifiers: [String]

        func rule(for kind: PrivacySubject.Kind) -> PrivacyRule? { rules.first { $0.subject == kind } }

        /// The columns that name such a subject, any of which makes a row theirs.
        func columns(for kind: PrivacySubject.Kind) -> [String] {
            rules.filter { $0.subject == kind && $0.action == rule(for: kind)?.action }.map(\.column)
        }
    }

    let tables: [Table]

    /// - Throws: ``PrivacyError/noRule(_:)`` for a table whose comment cannot be followed, `AdminError`.
    init(of connection: borrowing AdminConnection) throws {
        let rows = try connection.run(
            """
            SELECT c.oid, format('app.%I', c.relname), coalesce(obj_description(c.oid, 'pg_class'), ''),
                   EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped),
                   (SELECT string_agg(quote_ident(a.attname), ' ' ORDER BY a.attnum) FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'uuid'::regtype)
            FROM pg_class c WHERE c.relnamespace = to_regnamespace('app') AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
            """)
        var waiting: [(oid: String, table: Table)] = try rows.map { row in
            guard let rules = PrivacyRule.all(in: row[2] ?? "") else { throw PrivacyError.noRule(row[1] ?? "") }
            let identifiers = (row[4] ?? "").split(separator: " ").map { String($0) }
            return (
                row[0] ?? "",
                Table(name: row[1] ?? "", rules: rules, hasTenant: row[3] == "t", identifiers: identifiers)
            )
        }
        let references = try connection.run(
            "SELECT conrelid, confrelid FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid"
        ).map { (child: $0[0] ?? "", parent: $0[1] ?? "") }
        var ordered: [Table] = []
        while !waiting.isEmpty {
            let left = Set(waiting.map(\.oid))
            let free = waiting.filter { entry in
                !references.contains { $0.parent == entry.oid && left.contains($0.child) }
            }
            guard !free.isEmpty else { throw PrivacyError.circle(waiting.map(\.table.name)) }
            ordered += free.map(\.table)
            waiting.removeAll { entry in free.contains { $0.oid == entry.oid } }
        }
        tables = ordered
    }
}

/// Why nothing was exported or erased.
package enum PrivacyError: Error, CustomStringConvertible, Sendable {
    case noRule(String)
    case circle([String])
    case bound
    case unknown
    case lastOwner([String])
    case left(table: String, column: String, rows: Int)
    /// Somebody has taken it back in the last moment.
    case reopened
    /// A sealed copy was made for another key, or is not whole.
    case notOpened

    package var description: String {
        switch self {
        case .noRule(let table):
            "\(table) does not say what becomes of its rows. Add a line `privacy: …` to its comment (docs/database.md)."
        case .circle(let tables):
            "\(tables.joined(separator: ", ")) refer to one another in a circle: none can go first."
        case .bound:
            "DATABASE_OWNER_URL signs in as a role that row security binds, and would find nothing. Grant unnati_owner BYPASSRLS (docker/roles.sql)."
        case .unknown: "There is nobody with this id. Nothing was done."
        case .lastOwner(let tenants):
            "This person is the only owner of \(tenants.joined(separator: ", ")). Erase the business first, or give it another owner."
        case .notOpened: "The copy opens with another key, or is not whole. Nothing was read."
        case .reopened: "It is open again. Nothing was done."
        case .left(let table, let column, let rows):
            "Nothing was erased: \(rows) row(s) of \(table) would still name the subject in \(column). Say in the table's comment what becomes of them."
        }
    }
}
