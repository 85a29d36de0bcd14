// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Foundation

/// One versioned SQL file, `NNNN_name.up.sql`. psql can read and run it too.
package struct MigrationFile: Sendable, Equatable {
    /// 1 to 9999, from the file's name.
    package let version: Int
    package let name: String
    package let text: String
    /// SHA-256 of the file's bytes, 64 hexadecimal digits.
    package let checksum: String

    /// Every migration of a folder in order of version.
    /// - Throws: ``MigrationError`` when the folder cannot be read, a name is malformed or a version appears twice.
    package static func all(in folder: String) throws -> [MigrationFile] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw MigrationError.unreadable(
                "There is no migrations folder at \(folder). Name it with --migrations or MIGRATIONS_DIRECTORY.")
        }
        let files = try names.filter { $0.hasSuffix(".up.sql") }.map { try MigrationFile(named: $0, in: folder) }.sorted
        { $0.version < $1.version }
        for (earlier, later) in zip(files, files.dropFirst()) where earlier.version == later.version {
            throw MigrationError.unreadable(
                "Two migrations have version \(earlier.version): \(earlier.name) and \(later.name).")
        }
        return files
    }

    /// Begins a new file, numbered behind all that are there.
    /// - Parameter name: lower-case letters, digits and underscores.
    /// - Returns: its path.
    /// - Throws: `MigrationError.unreadable`.
    package static func create(_ name: String, in folder: String) throws -> String {
        guard (1...60).contains(name.utf8.count), name.utf8.allSatisfy(isNameByte) else {
            throw MigrationError.unreadable("A migration is named in lower-case letters, digits and underscores.")
        }
        let version = (try all(in: folder).last?.version ?? 0) + 1
        guard version <= 9_999 else { throw MigrationError.unreadable("There is no number above 9999.") }
        let path = folder + "/" + label(version, name) + ".up.sql"
        do { try Data(template.utf8).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting) } catch {
            throw MigrationError.unreadable("\(path) cannot be written: \(error.localizedDescription)")
        }
        return path
    }

    private static let template = """
        -- What this is for.
        SET LOCAL lock_timeout = '2s';
        SET LOCAL statement_timeout = '60s';


        """

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "_")
    }

    private init(named fileName: String, in folder: String) throws {
        let stem = fileName.dropLast(".up.sql".count)
        guard stem.count > 5, let version = Int(stem.prefix(4)), version > 0, stem.dropFirst(4).first == "_" else {
            throw MigrationError.unreadable("\(fileName) is not named like 0001_name.up.sql.")
        }
        guard let data = FileManager.default.contents(atPath: folder + "/" + fileName),
            let text = String(validating: data, as: UTF8.self)
        else {
            throw MigrationError.unreadable("\(fileName) cannot be read as UTF-8.")
        }
        self.version = version
        name = String(stem.dropFirst(5))
        self.text = text
        checksum = Hex.encode(SHA256.hash(data: data))
    }

    /// `0003_customers`
    package var label: String { Self.label(version, name) }

    private static func label(_ version: Int, _ name: String) -> String {
        String(repeating: "0", count: max(0, 4 - String(version).count)) + "\(version)_\(name)"
    }
}

/// Why migrating stopped. The text says what to do.
package enum MigrationError: Error, CustomStringConvertible, Sendable {
    case unreadable(String)
    case changed(MigrationFile)
    case outOfOrder(MigrationFile, behind: Int)
    case unknown(version: Int, name: String)
    case noSuchVersion(Int)
    case locked
    case failed(MigrationFile, AdminError)

    package var description: String {
        switch self {
        case .unreadable(let reason): reason
        case .changed(let file):
            "\(file.label) was changed after it had been applied. Restore the file as it was and put the change into a new migration."
        case .outOfOrder(let file, let latest):
            "\(file.label) has not been applied, but version \(latest) has. Give it a number above \(latest)."
        case .unknown(let version, let name):
            "The database has migration \(version) (\(name)), which is not among these files. Deploy a build that knows it."
        case .noSuchVersion(let version): "There is no migration \(version) among these files."
        case .locked: "Another migration is running on this database. Try again when it has ended."
        case .failed(let file, let error): "\(file.label) failed and was rolled back: \(error)"
        }
    }
}
