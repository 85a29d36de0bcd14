// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation

/// A whole database in one file, and back again, by PostgreSQL's own programs. Both run as `unnati_owner`: with BYPASSRLS,
/// or pg_dump would find nothing, and as a member of the roles that own functions, or they could not be given back.
package enum Backup {
    package enum Failure: Error, CustomStringConvertible, Sendable {
        case bound, notEmpty, differs([SchemaFingerprint.Difference])

        package var description: String {
            switch self {
            case .bound:
                "DATABASE_OWNER_URL signs in as a role that row security binds: the backup would be empty. Grant unnati_owner BYPASSRLS (docker/roles.sql)."
            case .notEmpty:
                "The database has a schema already. Restore into a new one: docker/roles.sql makes it."
            case .differs(let differences):
                "The restored schema is not what was backed up:\n"
                    + differences.map { "\($0.isMissing ? "-" : "+") \($0.line)" }.joined(separator: "\n")
            }
        }
    }

    /// Writes the database as it is at this moment, compressed, for ``restore(from:to:)``.
    /// - Parameter path: a file that exists, is empty and belongs to whoever may read everything.
    package static func write(_ url: Secret<String>, to path: String) throws {
        let connection = try AdminConnection(url: url)
        guard try !connection.isBoundByRowSecurity() else { throw Failure.bound }
        try PostgresTool.run("pg_dump", ["--format=custom", "--file=\(path)"], on: url)
    }

    /// Fills an empty database that `docker/roles.sql` has made, whole or not at all, and looks whether the schema is what it
    /// was.
    package static func restore(from path: String, to url: Secret<String>) throws {
        let connection = try AdminConnection(url: url)
        guard try connection.value("SELECT to_regnamespace('app')") == nil else { throw Failure.notEmpty }
        // Whoever a function is given to must be able to create in its schema, at that moment only; so the schema comes first.
        try connection.run("CREATE SCHEMA app; GRANT CREATE ON SCHEMA app TO \(definers)")
        do {
            try pgRestore(path, url)
            try connection.run("REVOKE CREATE ON SCHEMA app FROM \(definers)")
        } catch {
            _ = try? connection.run("DROP SCHEMA app CASCADE")
            throw error
        }
        guard let recorded = try SchemaFingerprint.recorded(on: connection) else { return }
        let differences = try SchemaFingerprint.take(of: connection).differences(from: recorded)
        if !differences.isEmpty { throw Failure.differs(differences) }
        try connection.run("ANALYZE")
    }

    private static let definers = "unnati_directory, unnati_search"

    private static func pgRestore(_ path: String, _ url: Secret<String>) throws {
        let list = FileManager.default.temporaryDirectory.appendingPathComponent("unnati-restore-\(UUIDv7.next().hex)")
            .path
        defer { try? FileManager.default.removeItem(atPath: list) }
        try PostgresTool.run("pg_restore", ["--list", "--file=\(list)", path], on: url)
        // What is there already is left out of the list.
        let entries = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n")
            .filter { !$0.contains(" SCHEMA - app ") }
        try entries.joined(separator: "\n").write(toFile: list, atomically: true, encoding: .utf8)
        let database = try PostgresTool.variables(of: url)["PGDATABASE"] ?? ""
        try PostgresTool.run(
            "pg_restore",
            ["--exit-on-error", "--single-transaction", "--use-list=\(list)", "--dbname=\(database)", path], on: url)
    }
}
