// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation

/// A folder of migrations for one test.
package enum MigrationFolder {
    package static let real = Contract.repository + "/sql"

    /// - Parameters:
    ///   - files: texts by name, written over what is there.
    ///   - missing: names that are taken away.
    ///   - isCopy: whether the folder begins as a copy of this build's.
    package static func run<Output>(
        _ files: [String: String] = [:], without missing: [String] = [], isCopy: Bool = false,
        _ body: (String) throws -> Output
    ) throws -> Output {
        let folder = NSTemporaryDirectory() + "unnati-sql-\(UUIDv7.next().hex)"
        if isCopy {
            try FileManager.default.copyItem(atPath: real, toPath: folder)
        } else {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in missing { try FileManager.default.removeItem(atPath: folder + "/" + name) }
        for (name, text) in files { try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8) }
        return try body(folder)
    }
}
