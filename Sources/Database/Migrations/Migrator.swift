// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution
import Glibc

/// Applies the files of `sql/` to a database, each once and each whole.
///
/// It runs as `unnati_owner` over a direct connection. One migrator works at a time: a session-level advisory lock is
/// *polled*, since one that waits inside PostgreSQL holds a snapshot and deadlocks with CREATE INDEX CONCURRENTLY.
package struct Migrator: ~Copyable {
    /// What PostgreSQL knows the lock by: the bytes of "unnati".
    private static let lockKey = 0x756E_6E61_7469

    private let connection: AdminConnection
    private let files: [MigrationFile]

    /// - Throws: `MigrationError.unreadable`, `AdminError`.
    package init(url: Secret<String>, folder: String) throws {
        let files = try MigrationFile.all(in: folder)
        self.connection = try AdminConnection(url: url)
        self.files = files
    }

    package struct Applied: Sendable, Equatable {
        package let version: Int, name: String, checksum: String, appliedAt: String
    }

    package struct Status: Sendable {
        package let file: MigrationFile
        /// Nil while the file waits to be applied.
        package let applied: Applied?
    }

    /// Every file with the record of its application.
    /// - Throws: `MigrationError.changed`, `.outOfOrder` or `.unknown`, `AdminError`.
    package borrowing func status() throws -> [Status] {
        let applied = try applied()
        try Self.check(files, against: applied)
        return files.map { file in Status(file: file, applied: applied.first { $0.version == file.version }) }
    }

    /// Applies what waits, in order.
    /// - Parameters:
    ///   - last: the version to stop at; nil for all.
    ///   - lockWait: how long to stand by for another migrator.
    ///   - report: called before and after each file with a line for the person watching.
    /// - Returns: how many files were applied.
    /// - Throws: as ``status()``, `MigrationError.noSuchVersion`, `.locked`, `.failed`.
    @discardableResult
    package borrowing func up(
        to last: Int? = nil, lockWait: Duration = .seconds(60), report: (String) -> Void = { _ in }
    ) throws -> Int {
        if let last, !files.contains(where: { $0.version == last }) { throw MigrationError.noSuchVersion(last) }
        try lock(.after(lockWait), report)
        defer { _ = try? connection.run("SELECT pg_advisory_unlock(\(Self.lockKey))") }
        try createRecord()
        let pending = try status().filter { $0.applied == nil }.map(\.file).filter { $0.version <= last ?? .max }
        for (index, file) in pending.enumerated() {
            let start = ContinuousClock.now
            try apply(file, started: start)
            let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
            report("[\(index + 1)/\(pending.count)] \(file.label) applied in \(Int(milliseconds)) ms")
        }
        return pending.count
    }

    /// Compares files with what a database says was applied.
    package static func check(_ files: [MigrationFile], against applied: [Applied]) throws(MigrationError) {
        let latest = applied.map(\.version).max() ?? 0
        for record in applied where !files.contains(where: { $0.version == record.version }) {
            throw .unknown(version: record.version, name: record.name)
        }
        for file in files {
            if let record = applied.first(where: { $0.version == file.version }) {
                guard record.checksum == file.checksum else { throw .changed(file) }
            } else if file.version < latest {
                throw .outOfOrder(file, behind: latest)
            }
        }
    }

    private borrowing func applied() throws -> [Applied] {
        guard try connection.run("SELECT to_regclass('app.schema_migrations')").first?.first ?? nil != nil else {
            return []
        }
        let rows = try connection.run(
            """
            SELECT version, name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            FROM app.schema_migrations ORDER BY version
            """)
        return rows.compactMap { row in
            guard row.count == 4, let version = row[0].flatMap({ Int($0) }), let name = row[1], let checksum = row[2],
                let at = row[3]
            else {
                return nil
            }
            return Applied(version: version, name: name, checksum: checksum, appliedAt: at)
        }
    }

    private borrowing func lock(_ deadline: Deadline, _ report: (String) -> Void) throws {
        var hasReported = false
        while try connection.run("SELECT pg_try_advisory_lock(\(Self.lockKey))").first?.first != "t" {
            guard !deadline.hasPassed else { throw MigrationError.locked }
            if !hasReported { report("Another migration is running; waiting for it.") }
            hasReported = true
            usleep(200_000)
        }
    }

    /// The table that remembers, created before the first file because every file is recorded in it.
    private borrowing func createRecord() throws {
        try connection.run(
            """
            BEGIN;
            SET LOCAL lock_timeout = '2s';
            SET LOCAL client_min_messages = warning;
            CREATE SCHEMA IF NOT EXISTS app;
            CREATE TABLE IF NOT EXISTS app.schema_migrations (
                version     integer     NOT NULL CONSTRAINT schema_migrations_pkey PRIMARY KEY,
                name        text        NOT NULL,
                checksum    text        NOT NULL,
                applied_at  timestamptz NOT NULL DEFAULT now(),
                applied_by  text        NOT NULL DEFAULT current_user,
                duration_ms bigint      NOT NULL
            );
            COMMENT ON TABLE app.schema_migrations IS 'operational: which migration files were applied';
            COMMIT
            """)
    }

    /// One file and its record in one transaction: both or neither.
    private borrowing func apply(_ file: MigrationFile, started: ContinuousClock.Instant) throws {
        do {
            try connection.run("BEGIN")
            try connection.run(
                "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '60s'; SET LOCAL idle_in_transaction_session_timeout = '60s'"
            )
            try connection.run(file.text)
            let milliseconds = Int((ContinuousClock.now - started) / .milliseconds(1))
            try connection.run(
                "INSERT INTO app.schema_migrations (version, name, checksum, duration_ms) VALUES ($1::integer, $2, $3, $4::bigint)",
                [String(file.version), file.name, file.checksum, String(milliseconds)])
            try connection.run("COMMIT")
        } catch let error as AdminError {
            _ = try? connection.run("ROLLBACK")
            throw MigrationError.failed(file, error)
        }
    }
}
