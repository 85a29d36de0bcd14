// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Foundation

/// One versioned change of the schema: `NNNN_name.up.sql`, and beside it, where there is one, the way back
/// (`NNNN_name.down.sql`) and a check of its own (`NNNN_name.verify.sql`). psql can read and run all three.
package struct MigrationFile: Sendable, Equatable {
    /// 1 to 9999, from the file's name.
    package let version: Int
    package let name: String
    package let text: String
    package let directives: MigrationDirectives
    package let statements: [SQLStatement]
    /// SHA-256 of the file's bytes, 64 hexadecimal digits.
    package let checksum: String
    /// The way back; nil when there is none.
    package let down: String?
    /// Queries of which each row is a complaint.
    package let verify: String?

    /// Every migration of a folder in order of version.
    /// - Throws: ``MigrationError`` when the folder cannot be read, a name is malformed, a version appears twice or a
    ///   companion stands alone.
    package static func all(in folder: String) throws -> [MigrationFile] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw MigrationError.unreadable(
                "There is no migrations folder at \(folder). Name it with --migrations or MIGRATIONS_DIRECTORY.")
        }
        for name in names {
            for suffix in companions where name.hasSuffix(suffix) {
                let stem = name.dropLast(suffix.count)
                guard names.contains(String(stem) + up) else {
                    throw MigrationError.unreadable("\(name) belongs to \(stem).up.sql, which is not there.")
                }
            }
        }
        let files = try names.filter { $0.hasSuffix(up) }.map { try MigrationFile(named: $0, in: folder) }.sorted {
            $0.version < $1.version
        }
        for (earlier, later) in zip(files, files.dropFirst()) where earlier.version == later.version {
            throw MigrationError.unreadable(
                "Two migrations have version \(earlier.version): \(earlier.name) and \(later.name).")
        }
        return files
    }

    private static let up = ".up.sql", companions = [".down.sql", ".verify.sql"]

    private init(named fileName: String, in folder: String) throws {
        let stem = fileName.dropLast(Self.up.count)
        guard stem.count > 5, let version = Int(stem.prefix(4)), version > 0, stem.dropFirst(4).first == "_" else {
            throw MigrationError.unreadable("\(fileName) is not named like 0001_name.up.sql.")
        }
        let data = try Self.read(fileName, in: folder)
        text = data.text
        checksum = Hex.encode(SHA256.hash(data: data.bytes))
        self.version = version
        name = String(stem.dropFirst(5))
        do { directives = try MigrationDirectives(of: text) } catch {
            throw MigrationError.unreadable("\(fileName), line \(error.line): \(error.reason).")
        }
        statements = SQLStatement.all(in: text)
        let others = Self.companions.map { String(stem) + $0 }
        let exists = others.map { FileManager.default.fileExists(atPath: folder + "/" + $0) }
        down = exists[0] ? try Self.read(others[0], in: folder).text : nil
        verify = exists[1] ? try Self.read(others[1], in: folder).text : nil
    }

    private static func read(_ fileName: String, in folder: String) throws -> (bytes: Data, text: String) {
        guard let bytes = FileManager.default.contents(atPath: folder + "/" + fileName),
            let text = String(validating: bytes, as: UTF8.self), !text.contains("\0")
        else {
            throw MigrationError.unreadable("\(fileName) cannot be read as UTF-8.")
        }
        return (bytes, text)
    }

    /// `0003_customers`
    package var label: String { Self.label(version, name) }

    static func label(_ version: Int, _ name: String) -> String {
        String(repeating: "0", count: max(0, 4 - String(version).count)) + "\(version)_\(name)"
    }
}

extension MigrationFile {
    /// Begins a new file, numbered behind all that are there.
    /// - Parameter name: lower-case letters, digits and underscores.
    /// - Returns: its path.
    /// - Throws: `MigrationError.unreadable`.
    package static func create(_ name: String, phase: MigrationPhase = .expand, in folder: String) throws -> String {
        guard (1...60).contains(name.utf8.count), name.utf8.allSatisfy(isNameByte) else {
            throw MigrationError.unreadable("A migration is named in lower-case letters, digits and underscores.")
        }
        let version = (try all(in: folder).last?.version ?? 0) + 1
        guard version <= 9_999 else { throw MigrationError.unreadable("There is no number above 9999.") }
        let path = folder + "/" + label(version, name) + up
        let text = """
            -- What this is for.
            -- phase: \(phase.rawValue)
            SET LOCAL lock_timeout = '2s';
            SET LOCAL statement_timeout = '60s';


            """
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting) } catch {
            throw MigrationError.unreadable("\(path) cannot be written: \(error.localizedDescription)")
        }
        return path
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "_")
    }
}
