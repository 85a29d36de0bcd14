// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution
import Glibc

/// Brings a database to the schema that a folder of files describes, and back.
///
/// It runs as `unnati_owner` over a direct connection. One migrator works at a time: a session-level advisory lock is
/// *polled*, since one that waits inside PostgreSQL holds a snapshot and deadlocks with CREATE INDEX CONCURRENTLY.
package struct Migrator: ~Copyable {
    /// What PostgreSQL knows the lock by: the bytes of "unnati".
    private static let lockKey = 0x756E_6E61_7469
    /// The role that owns the schema, by which its policies call it.
    private static let owner = "unnati_owner"

    let connection: AdminConnection
    let files: [MigrationFile]
    /// Recorded beside what it does.
    let build: String
    /// For the person who watches.
    let report: (String) -> Void

    /// - Parameters:
    ///   - build: this build's version, recorded with what is applied.
    ///   - report: is given a line before and after each step.
    /// - Throws: `MigrationError.unreadable` or `.pooled`, `StartupCheck.Refusal` for a PostgreSQL that is too old,
    ///   `AdminError`.
    package init(
        url: Secret<String>, folder: String, build: String = "", report: @escaping (String) -> Void = { _ in }
    ) throws {
        let files = try MigrationFile.all(in: folder)
        let connection = try AdminConnection(url: url)
        try StartupCheck.checkVersion(connection.serverVersion)
        // A pooler gives out a number of its own.
        guard try connection.value("SELECT pg_catalog.pg_backend_pid()") == String(connection.backendID) else {
            throw MigrationError.pooled
        }
        // When this process is killed, PostgreSQL notices also while it waits for a lock, and lets go of ours.
        try connection.run(
            "SET client_connection_check_interval = '1s'; SET idle_in_transaction_session_timeout = '60s'")
        self.connection = connection
        self.files = files
        self.build = build
        self.report = report
    }

    // MARK: - Looking

    package enum State: String, Sendable {
        case applied, waits
        /// Begun without a transaction and stopped.
        case halfApplied = "half_applied"
    }

    package struct Status: Sendable {
        package let file: MigrationFile, state: State
        package let appliedAt: String?
    }

    /// Every file with the record of its application.
    /// - Throws: `MigrationError.changed`, `.renamed`, `.outOfOrder` or `.unknown`, `AdminError`.
    package borrowing func status() throws -> [Status] {
        let applied = try MigrationRecord.applied(on: connection)
        try Self.check(files, against: applied)
        return files.map { file in
            let record = applied.first { $0.version == file.version }
            let state = record.map { $0.isComplete ? State.applied : .halfApplied } ?? .waits
            return Status(file: file, state: state, appliedAt: record?.appliedAt)
        }
    }

    /// What was ever done, newest last.
    package borrowing func events() throws -> [MigrationRecord.Event] { try MigrationRecord.events(on: connection) }

    /// Compares files with what a database says was applied. Order counts within a phase: an expand file may come in before
    /// a contract file of a lower number.
    package static func check(_ files: [MigrationFile], against applied: [MigrationRecord.Applied])
        throws(MigrationError)
    {
        for record in applied where !files.contains(where: { $0.version == record.version }) {
            throw .unknown(version: record.version, name: record.name)
        }
        try checkKnown(files, against: applied)
    }

    /// The same without minding records of files that are not there.
    static func checkKnown(_ files: [MigrationFile], against applied: [MigrationRecord.Applied])
        throws(MigrationError)
    {
        for file in files {
            let phase = file.directives.phase
            if let record = applied.first(where: { $0.version == file.version }) {
                guard record.checksum == file.checksum else { throw .changed(file) }
                guard record.name == file.name else { throw .renamed(file, from: record.name) }
            } else if let latest = applied.filter({ $0.phase == phase }).map(\.version).max(), file.version < latest {
                throw .outOfOrder(file, behind: latest)
            }
        }
    }

    /// The schema as it is beside what it was when a migration last ended; nil when that was never written down.
    package borrowing func drift() throws -> [SchemaFingerprint.Difference]? {
        guard let recorded = try SchemaFingerprint.recorded(on: connection) else { return nil }
        return try fingerprint().differences(from: recorded)
    }

    /// What the rules of isolation find.
    package borrowing func findings() throws -> [CatalogRule.Finding] { try CatalogRule.findings(on: connection) }

    package borrowing func fingerprint() throws -> SchemaFingerprint { try SchemaFingerprint.take(of: connection) }

    // MARK: - Working alone

    /// Runs `body` as the only migrator, as the schema's owner, with a record to write to.
    /// - Parameter wait: how long to stand by for another one.
    /// - Throws: `MigrationError.locked` or `.wrongRole`, and what `body` throws.
    borrowing func alone<Output>(wait: Duration, _ body: () throws -> Output) throws -> Output {
        try checkRole()
        try lock(.after(wait))
        defer { _ = try? connection.run("SELECT pg_advisory_unlock(\(Self.lockKey))") }
        if try !MigrationRecord.isCurrent(on: connection) { try MigrationRecord.create(on: connection) }
        return try body()
    }

    private borrowing func checkRole() throws {
        let me = try connection.value("SELECT current_user") ?? ""
        guard me == Self.owner else {
            throw MigrationError.wrongRole(me, reason: "and what it made would not belong to \(Self.owner)")
        }
        let may = try connection.value(
            """
            SELECT CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
                        ELSE pg_has_role(n.nspowner, 'USAGE') END
            FROM (VALUES (to_regnamespace('app'))) AS app (oid) LEFT JOIN pg_namespace n ON n.oid = app.oid
            """)
        guard may == "t" else {
            throw MigrationError.wrongRole(me, reason: "who may not make or change schema app in this database")
        }
    }

    private borrowing func lock(_ deadline: Deadline) throws {
        var hasReported = false
        while try connection.value("SELECT pg_try_advisory_lock(\(Self.lockKey))") != "t" {
            guard !deadline.hasPassed else { throw MigrationError.locked }
            if !hasReported { report("Another migration is running; waiting for it.") }
            hasReported = true
            usleep(200_000)
        }
    }

    borrowing func add(_ kind: String, _ version: Int? = nil, _ name: String? = nil, _ detail: String = "") throws {
        try MigrationRecord.add(kind, version, name, detail, build, on: connection)
    }

    /// Whether a file has been applied or taken back since what the schema looks like was written down.
    borrowing func isFingerprintOld() throws -> Bool {
        try connection.value(
            """
            SELECT EXISTS (
                SELECT FROM app.schema_migration_events
                WHERE kind IN ('applied', 'reverted', 'baselined')
                  AND at > coalesce((SELECT max(taken_at) FROM app.schema_fingerprints), '-infinity'))
            """) == "t"
    }

    /// Writes down what the schema looks like, for ``drift()``.
    borrowing func recordFingerprint() throws {
        let lines = try fingerprint().lines.joined(separator: "\n")
        try connection.run("INSERT INTO app.schema_fingerprints (lines) VALUES ($1)", [lines])
    }
}
