// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution

/// What a server makes sure of before it answers anyone: a wrong answer here would show one business another's rows.
package enum StartupCheck {
    /// A reason not to start, with what to do about it.
    package struct Refusal: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    /// The first minor release of each major one that closes the known ways past row security
    /// (PostgreSQL release notes of November 2026, CVE-2026-120154).
    private static let patchedMinors: [Int: Int] = [15: 20, 16: 16, 17: 12, 18: 7]

    /// - Parameter serverVersion: as libpq gives it, 150020 for 15.20.
    package static func checkVersion(_ serverVersion: Int) throws(Refusal) {
        let major = serverVersion / 10_000, minor = serverVersion % 10_000
        if let needed = patchedMinors[major] {
            guard minor >= needed else {
                throw Refusal(
                    description:
                        "PostgreSQL \(major).\(minor) lets a client read past row security. Update it to \(major).\(needed) or later."
                )
            }
        } else if major < 15 {
            throw Refusal(description: "PostgreSQL \(major) is too old. Use 15.20, 16.16, 17.12, 18.7 or later.")
        }
    }

    /// Runs every check as the role that will serve.
    /// - Throws: ``Refusal``, or `AdminError` when the database cannot be asked.
    package static func run(url: Secret<String>, migrations folder: String) throws {
        let connection = try AdminConnection(url: url)
        try checkVersion(connection.serverVersion)
        try checkEncoding(connection)
        try checkRole(connection, meant: "unnati_app")
        try checkMigrations(connection, MigrationFile.all(in: folder))
        try checkCatalog(connection)
    }

    /// Looks at the role that will claim jobs; the schema has been looked at by ``run(url:migrations:)``.
    /// - Throws: ``Refusal``, or `AdminError` when the database cannot be asked.
    package static func runForWorker(url: Secret<String>) throws {
        let connection = try AdminConnection(url: url)
        try checkRole(connection, meant: "unnati_worker")
        let mayClaim = try connection.value(
            "SELECT coalesce(has_table_privilege(to_regclass('app.jobs'), 'UPDATE'), true)")
        guard mayClaim == "t" else {
            throw Refusal(
                description: "DATABASE_WORKER_URL names a role that may not claim jobs. Connect as unnati_worker.")
        }
    }

    private static func checkCatalog(_ connection: borrowing AdminConnection) throws {
        let findings = try CatalogRule.findings(of: CatalogRule.all.filter(\.isRequiredToServe), on: connection)
        guard let first = findings.first else { return }
        let others = findings.count == 1 ? "" : ", and \(findings.count - 1) more"
        throw Refusal(
            description:
                "The database may not keep businesses apart: \(first.object) \(first.problem)\(others). Run `unnati verify`."
        )
    }

    private static func checkEncoding(_ connection: borrowing AdminConnection) throws {
        guard try connection.run("SHOW server_encoding").first?.first == "UTF8" else {
            throw Refusal(
                description:
                    "The database's encoding is not UTF8. Create it with ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0."
            )
        }
        // What begins alike must stand together, in an order of code points: lists by name and prefixes rest on it.
        let collation =
            try connection.run(
                "SELECT datlocprovider, datcollate FROM pg_catalog.pg_database WHERE datname = current_database()"
            ).first ?? []
        let isByCodePoint =
            collation.first == "b"
            || collation.first == "c" && ["C", "POSIX", "C.UTF-8", "C.utf8"].contains(collation.last)
        guard isByCodePoint else {
            throw Refusal(
                description:
                    "The database sorts by the rules of a language. Create it with ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0."
            )
        }
    }

    /// The role may not bypass row security by any path: its own attributes, those of a role it can become (membership
    /// counts even where it is not inherited, since SET ROLE reaches it), or owning what it reads.
    private static func checkRole(_ connection: borrowing AdminConnection, meant: String) throws {
        let dangerous = try connection.run(
            """
            SELECT r.rolname,
                   CASE WHEN r.rolsuper THEN 'is a superuser'
                        WHEN r.rolbypassrls THEN 'has BYPASSRLS'
                        ELSE 'owns tables in schema app' END
            FROM pg_catalog.pg_roles r
            WHERE pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')
              AND (r.rolsuper OR r.rolbypassrls
                   OR EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                              WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relowner = r.oid))
            ORDER BY r.rolname = current_user DESC LIMIT 1
            """)
        let me = try connection.run("SELECT current_user").first?.first.flatMap { $0 } ?? "?"
        guard let row = dangerous.first, let name = row[0], let why = row[1] else { return }
        throw Refusal(
            description: name == me
                ? "The server would run as \(me), which \(why) and so could pass row security. Connect as \(meant) (docker/roles.sql makes it)."
                : "The server would run as \(me), a member of \(name), which \(why). Run REVOKE \(name) FROM \(me), or connect as \(meant)."
        )
    }

    /// What this build needs must have been added, and nothing that it needs taken away. What a newer build has added, and
    /// what may be taken away when no earlier one runs any more, does not concern it.
    package static func checkMigrations(_ connection: borrowing AdminConnection, _ files: [MigrationFile]) throws {
        let applied: [MigrationRecord.Applied]
        do { applied = try MigrationRecord.applied(on: connection) } catch let error as AdminError
            where ["42P01", "3F000", "42501"].contains(error.sqlState)
        { applied = [] }
        guard !applied.isEmpty else {
            throw Refusal(description: "The database has no schema yet. Run `unnati migrate up` as unnati_owner first.")
        }
        if let taken = applied.first(where: { record in
            record.phase == .contract && !files.contains { $0.version == record.version }
        }) {
            throw Refusal(
                description:
                    "\(taken.label) has taken away something that this build may need: it is a contract that this build does not know. Deploy a newer build."
            )
        }
        do { try Migrator.checkKnown(files, against: applied) } catch { throw Refusal(description: error.description) }
        let missing = files.filter { file in
            file.directives.phase == .expand && !applied.contains { $0.version == file.version && $0.isComplete }
        }
        if let first = missing.first {
            throw Refusal(
                description:
                    "\(missing.count) migration(s) have not been applied, beginning with \(first.label). Run `unnati migrate up --phase expand` first."
            )
        }
    }
}
