// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution

extension Migrator {
    // MARK: - Back

    /// The files that ``down(to:)`` would take back, newest first.
    /// - Throws: as ``status()``; `MigrationError.noSuchVersion`, `.noWayBack`.
    package borrowing func reverting(to last: Int) throws -> [MigrationFile] {
        guard last == 0 || files.contains(where: { $0.version == last }) else {
            throw MigrationError.noSuchVersion(last)
        }
        let chosen = try status().filter { $0.state != .waits && $0.file.version > last }.map(\.file).reversed()
        if let file = chosen.first(where: { $0.down == nil }) { throw MigrationError.noWayBack(file.label) }
        return Array(chosen)
    }

    /// Takes back every file above a version, newest first, each with its record in one transaction. Nothing is done unless
    /// all of them have a way back.
    /// - Returns: how many files were taken back.
    @discardableResult
    package borrowing func down(to last: Int, lockWait: Duration = .seconds(60)) throws -> Int {
        _ = try reverting(to: last)
        return try alone(wait: lockWait) {
            let chosen = try reverting(to: last)
            for (index, file) in chosen.enumerated() {
                try revert(file)
                report("[\(index + 1)/\(chosen.count)] \(file.label) taken back")
            }
            if try isFingerprintOld() { try recordFingerprint() }
            return chosen.count
        }
    }

    private borrowing func revert(_ file: MigrationFile) throws {
        do {
            try connection.run("BEGIN; SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '60s'")
            try connection.run(file.down ?? "")
            try connection.run("DELETE FROM app.schema_migrations WHERE version = $1::integer", [String(file.version)])
            try add("reverted", file.version, file.name)
            try connection.run("COMMIT")
        } catch let error as AdminError {
            _ = try? connection.run("ROLLBACK")
            throw MigrationError.failed(file, error)
        }
    }

    // MARK: - Repair

    /// One thing that is wrong with the record, or with an index, and can be settled.
    private enum Fault {
        case halfMade(index: String)
        case changed(MigrationFile, from: MigrationRecord.Applied)
        case lost(MigrationRecord.Applied)
    }

    /// Drops half-made indexes, takes the files named by `accepted` as they are now, and takes `forgotten` out of the
    /// record. Each step is written into the events.
    /// - Parameter isTrial: whether only to tell.
    /// - Returns: what was done, or would be, a line for each.
    package borrowing func repair(
        accepting accepted: [Int] = [], forgetting forgotten: [Int] = [], isTrial: Bool = false
    ) throws -> [String] {
        for version in accepted where !files.contains(where: { $0.version == version }) {
            throw MigrationError.noSuchVersion(version)
        }
        if isTrial { return try faults(accepted, forgotten).map(Self.line) }
        return try alone(wait: .seconds(60)) {
            try faults(accepted, forgotten).map { fault in
                try settle(fault)
                return Self.line(fault)
            }
        }
    }

    private borrowing func faults(_ accepted: [Int], _ forgotten: [Int]) throws -> [Fault] {
        let records = try MigrationRecord.applied(on: connection)
        let changed = files.filter { accepted.contains($0.version) }.compactMap { file -> Fault? in
            guard let record = records.first(where: { $0.version == file.version }) else { return nil }
            return record.checksum == file.checksum && record.name == file.name ? nil : .changed(file, from: record)
        }
        let lost = records.filter { record in
            forgotten.contains(record.version) && !files.contains { $0.version == record.version }
        }
        return try invalidIndexes().map { .halfMade(index: $0) } + changed + lost.map { .lost($0) }
    }

    private static func line(_ fault: Fault) -> String {
        switch fault {
        case .halfMade(let index): "The half-made index \(index) is dropped."
        case .changed(let file, _): "\(file.label) is accepted as it is."
        case .lost(let record): "\(record.label) is taken out of the record."
        }
    }

    private borrowing func settle(_ fault: Fault) throws {
        switch fault {
        case .halfMade(let index): try drop(index)
        case .changed(let file, let record):
            try connection.run(
                "UPDATE app.schema_migrations SET checksum = $2, name = $3 WHERE version = $1::integer",
                [String(file.version), file.checksum, file.name])
            try add("repaired", file.version, file.name, "accepted as it is; was \(record.name), \(record.checksum)")
        case .lost(let record):
            try connection.run(
                "DELETE FROM app.schema_migrations WHERE version = $1::integer", [String(record.version)])
            try add("repaired", record.version, record.name, "taken out of the record; was \(record.checksum)")
        }
    }

    // MARK: - A schema that is there already

    /// Takes a schema that psql has made for what the files up to a version make, without running them.
    /// - Returns: how many files were recorded.
    /// - Throws: `MigrationError.noSuchVersion`, `.notEmpty`.
    @discardableResult
    package borrowing func baseline(at last: Int) throws -> Int {
        guard files.contains(where: { $0.version == last }) else { throw MigrationError.noSuchVersion(last) }
        return try alone(wait: .seconds(60)) {
            guard try MigrationRecord.applied(on: connection).isEmpty else { throw MigrationError.notEmpty }
            let chosen = files.filter { $0.version <= last }
            try connection.run("BEGIN")
            do {
                for file in chosen {
                    try connection.run(
                        """
                        INSERT INTO app.schema_migrations (version, name, checksum, duration_ms, phase, app_version)
                        VALUES ($1::integer, $2, $3, 0, $4, $5)
                        """,
                        [String(file.version), file.name, file.checksum, file.directives.phase.rawValue, build])
                    try add("baselined", file.version, file.name)
                }
                try connection.run("COMMIT")
            } catch {
                _ = try? connection.run("ROLLBACK")
                throw error
            }
            try recordFingerprint()
            return chosen.count
        }
    }
}
