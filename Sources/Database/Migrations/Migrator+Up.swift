// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution
import Glibc

extension Migrator {
    /// What waits, in the order in which ``up(to:phase:lockWait:)`` would apply it.
    /// - Parameters:
    ///   - last: the version to stop at; nil for all.
    ///   - phase: nil for both, by number.
    /// - Throws: as ``status()``; `MigrationError.noSuchVersion`, `.contractBeforeExpand`, `.refusedByLint`, `.blind`.
    package borrowing func pending(to last: Int? = nil, phase: MigrationPhase? = nil) throws -> [MigrationFile] {
        if let last, !files.contains(where: { $0.version == last }) { throw MigrationError.noSuchVersion(last) }
        let waiting = try status().filter { $0.state != .applied }.map(\.file)
        let chosen = waiting.filter {
            $0.version <= last ?? .max && $0.directives.phase == phase ?? $0.directives.phase
        }
        for file in chosen where phase == .contract {
            let missing = waiting.first { $0.version < file.version && $0.directives.phase == .expand }
            if let missing { throw MigrationError.contractBeforeExpand(file, waiting: missing) }
        }
        // The whole of it is looked at before any of it is applied.
        let isBound = try connection.isBoundByRowSecurity()
        for file in chosen {
            if let finding = MigrationLint.findings(in: file).first(where: { $0.severity == .error }) {
                throw MigrationError.refusedByLint(file, finding)
            }
            if isBound, !file.directives.liftsRowSecurity, file.statements.contains(where: Self.minds) {
                throw MigrationError.blind(file)
            }
        }
        return chosen
    }

    /// Whether a statement means to see rows.
    private static func minds(_ statement: SQLStatement) -> Bool {
        let words = statement.words
        let isNewConstraint = words.starts(with: ["alter", "table"]) && words.contains("references")
        return ["update", "delete", "merge"].contains(words.first) || words.contains(inARow: "validate", "constraint")
            || isNewConstraint && !words.contains(inARow: "not", "valid")
    }

    /// Applies what waits, in order of number.
    /// - Parameter lockWait: how long to stand by for another migrator.
    /// - Returns: how many files were applied.
    /// - Throws: as ``pending(to:phase:)``, `MigrationError.locked`, `.failed`, `.stopped`, `.complaint`, `.invalidIndex`.
    @discardableResult
    package borrowing func up(
        to last: Int? = nil, phase: MigrationPhase? = nil, lockWait: Duration = .seconds(60)
    ) throws -> Int {
        // Looked at before anything is locked or made.
        _ = try pending(to: last, phase: phase)
        return try alone(wait: lockWait) {
            let pending = try pending(to: last, phase: phase)
            for (index, file) in pending.enumerated() {
                let start = ContinuousClock.now
                if file.directives.isTransactional { try apply(file, started: start) } else { try applyInSteps(file) }
                let milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
                report("[\(index + 1)/\(pending.count)] \(file.label) applied in \(milliseconds) ms")
            }
            // Also when there is nothing to apply: whoever did the last of it may have been killed before this.
            if try isFingerprintOld() { try recordFingerprint() }
            return pending.count
        }
    }

    // MARK: - Whole or not at all

    /// How often a file is tried that does not get its locks, and how long it rests between, growing to a second.
    private static let attempts = 12, firstRest = 0.1

    /// One file and its record in one transaction: both or neither. Where a lock cannot be had in time the transaction ends,
    /// so that those who queue behind it get their turn, and it is tried again after a rest of random length.
    private borrowing func apply(_ file: MigrationFile, started: ContinuousClock.Instant) throws {
        for attempt in 1... {
            do { return try applyOnce(file, started: started) } catch let error as AdminError {
                _ = try? connection.run("ROLLBACK")
                guard error.sqlState == "55P03", attempt < Self.attempts else {
                    _ = try? add("failed", file.version, file.name, "\(error.sqlState): \(error)")
                    throw MigrationError.failed(file, error)
                }
                report("\(file.label) did not get its locks; trying again (\(attempt + 1) of \(Self.attempts))")
                let longest = min(1, Self.firstRest * Double(1 << min(attempt, 10)))
                usleep(UInt32(Double.random(in: 0.5...1) * longest * 1_000_000))
            } catch {
                _ = try? connection.run("ROLLBACK")
                throw error
            }
        }
    }

    private borrowing func applyOnce(_ file: MigrationFile, started: ContinuousClock.Instant) throws {
        try connection.run("BEGIN")
        try connection.run(
            """
            SET LOCAL lock_timeout = '\(file.directives.lockTimeout ?? "2s")';
            SET LOCAL statement_timeout = '\(file.directives.statementTimeout ?? "60s")';
            SET LOCAL idle_in_transaction_session_timeout = '60s'
            """)
        let lifted = file.directives.liftsRowSecurity ? try liftRowSecurity() : []
        try connection.run(file.text)
        for table in lifted {
            // What the file itself has dropped needs no guard.
            try connection.run(
                """
                DO $$ BEGIN
                    IF to_regclass('\(table)') IS NOT NULL THEN ALTER TABLE \(table) FORCE ROW LEVEL SECURITY; END IF;
                END $$
                """)
        }
        try complain(file)
        let milliseconds = Int((ContinuousClock.now - started) / .milliseconds(1))
        try record(file, milliseconds, isComplete: true)
        try add("applied", file.version, file.name)
        try connection.run("COMMIT")
    }

    /// Lets an owner without BYPASSRLS see its rows until the transaction ends.
    /// - Returns: the tables, quoted, to be forced again.
    private borrowing func liftRowSecurity() throws -> [String] {
        guard try connection.isBoundByRowSecurity() else { return [] }
        let tables = try connection.run(
            """
            SELECT format('app.%I', relname) FROM pg_class
            WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') AND relforcerowsecurity ORDER BY relname
            """
        ).compactMap { $0.first ?? nil }
        for table in tables { try connection.run("ALTER TABLE \(table) NO FORCE ROW LEVEL SECURITY") }
        return tables
    }

    private borrowing func complain(_ file: MigrationFile) throws {
        if let complaint = try complaints(of: file).first { throw MigrationError.complaint(file, complaint) }
    }

    private borrowing func record(_ file: MigrationFile, _ milliseconds: Int, isComplete: Bool) throws {
        try connection.run(
            """
            INSERT INTO app.schema_migrations (version, name, checksum, duration_ms, phase, is_complete, app_version)
            VALUES ($1::integer, $2, $3, $4::bigint, $5, $6::boolean, $7)
            ON CONFLICT (version) DO UPDATE
            SET duration_ms = excluded.duration_ms, is_complete = excluded.is_complete, applied_at = now()
            """,
            [
                String(file.version), file.name, file.checksum, String(milliseconds), file.directives.phase.rawValue,
                isComplete ? "t" : "f", build,
            ])
    }

    // MARK: - In steps

    /// A file that no transaction can hold. It is written down as begun, so that nobody takes it for done if this process
    /// ends half-way; begun again, it first drops what CREATE INDEX CONCURRENTLY has left half-made.
    private borrowing func applyInSteps(_ file: MigrationFile) throws {
        let start = ContinuousClock.now
        try record(file, 0, isComplete: false)
        do {
            try connection.run(
                """
                SET lock_timeout = '\(file.directives.lockTimeout ?? "0")';
                SET statement_timeout = '\(file.directives.statementTimeout ?? "0")'
                """)
            for index in try invalidIndexes() { try drop(index) }
            for statement in file.statements { try connection.run(statement.text) }
            try connection.run("RESET lock_timeout; RESET statement_timeout")
        } catch let error as AdminError {
            _ = try? connection.run("RESET lock_timeout; RESET statement_timeout")
            _ = try? add("failed", file.version, file.name, "\(error.sqlState): \(error)")
            throw MigrationError.stopped(file, error)
        }
        if let index = try invalidIndexes().first { throw MigrationError.invalidIndex(file, index) }
        try complain(file)
        try record(file, Int((ContinuousClock.now - start) / .milliseconds(1)), isComplete: true)
        try add("applied", file.version, file.name)
    }

    /// Indexes that stand in the way of writers and help nobody, quoted.
    package borrowing func invalidIndexes() throws -> [String] {
        try connection.run(
            """
            SELECT format('app.%I', c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE c.relnamespace = to_regnamespace('app') AND NOT i.indisvalid ORDER BY 1
            """
        ).compactMap { $0.first ?? nil }
    }

    borrowing func drop(_ index: String) throws {
        report("Dropping the half-made index \(index)")
        try connection.run("DROP INDEX CONCURRENTLY IF EXISTS \(index)")
        try add("repaired", nil, nil, "dropped the half-made index \(index)")
    }

    // MARK: - Checks of the files' own

    /// What a file's `.verify.sql` complains of: each row of each of its queries, as text.
    /// - Throws: `AdminError` when a query fails.
    package borrowing func complaints(of file: MigrationFile) throws -> [String] {
        try SQLStatement.all(in: file.verify ?? "").flatMap { statement in
            try connection.run(statement.text).map { row in row.map { $0 ?? "NULL" }.joined(separator: ", ") }
        }
    }

    /// The checks of every file that was applied.
    /// - Returns: how many files have one, and what was complained of.
    package borrowing func verify() throws -> (checked: Int, complaints: [(file: MigrationFile, complaint: String)]) {
        let checked = try status().filter { $0.state == .applied && $0.file.verify != nil }.map(\.file)
        var complaints: [(file: MigrationFile, complaint: String)] = []
        for file in checked {
            try connection.run("BEGIN READ ONLY")
            defer { _ = try? connection.run("ROLLBACK") }
            do { complaints += try self.complaints(of: file).map { (file, $0) } } catch let error as AdminError {
                complaints.append((file, "\(error)"))
            }
        }
        return (checked.count, complaints)
    }
}
