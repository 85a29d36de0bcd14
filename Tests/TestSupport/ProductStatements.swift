// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database
import Foundation

/// Every SQL statement, and every fragment of one, that stands in the sources of the server's rooms, found by reading them:
/// a new one is looked at by being there.
package struct ProductStatement: Sendable {
    /// From the repository's top.
    package let file: String
    /// With `$1` where a value is put in.
    package let text: String
    /// As ``SQLStatement`` has them.
    package let words: [String]

    /// Administration speaks to PostgreSQL in other ways, and is not what answers requests.
    private static let others = [
        "Database/Migrations", "Database/Isolation", "Database/Backup", "Database/SQLText", "Privacy",
        "Audit/Administration", "Accounts/Administration", "CRM/Administration", "unnati/",
    ]

    private static let beginnings: Set = [
        "select", "insert", "update", "delete", "with", "merge", "copy", "set", "begin", "and", "values", "on", "order",
        "create", "alter", "drop", "lock", "explain",
    ]

    package static func all() throws -> [ProductStatement] {
        let sources = Contract.repository + "/Sources"
        guard let files = FileManager.default.enumerator(atPath: sources) else { return [] }
        return try files.compactMap { $0 as? String }.sorted()
            .filter { file in file.hasSuffix(".swift") && !others.contains { file.hasPrefix($0) } }
            .flatMap { file in
                try literals(in: String(contentsOfFile: sources + "/" + file, encoding: .utf8)).flatMap { text in
                    SQLStatement.all(in: text).filter(isSQL).map {
                        ProductStatement(file: file, text: $0.text, words: $0.words)
                    }
                }
            }
    }

    /// Messages for people are sentences; SQL names a table or is written in capitals.
    private static func isSQL(_ statement: SQLStatement) -> Bool {
        guard let first = statement.words.first, beginnings.contains(first) else { return false }
        return statement.text.hasPrefix(first.uppercased())
    }

    /// The string literals of a Swift source, with `$1` for each interpolation.
    private static func literals(in source: String) -> [String] {
        var literals: [String] = [], rest = Substring(source)
        while let quote = rest.firstIndex(of: "\"") {
            // A comment's quotes are no literal.
            let line = rest[..<quote].split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
            if line.contains("//") {
                rest = rest[(rest[quote...].firstIndex(of: "\n") ?? rest.endIndex)...]
                continue
            }
            let delimiter = rest[quote...].hasPrefix("\"\"\"") ? "\"\"\"" : "\""
            rest = rest[quote...].dropFirst(delimiter.count)
            var literal = ""
            while !rest.isEmpty, !rest.hasPrefix(delimiter) {
                if rest.hasPrefix("\\(") {
                    skipInterpolation(&rest)
                    literal += "$1"
                } else if rest.hasPrefix("\\") {
                    literal += rest.dropFirst().prefix(1)
                    rest = rest.dropFirst(2)
                } else {
                    literal.append(rest.removeFirst())
                }
            }
            rest = rest.dropFirst(delimiter.count)
            literals.append(literal)
        }
        return literals
    }

    private static func skipInterpolation(_ rest: inout Substring) {
        rest = rest.dropFirst(2)
        var depth = 1
        while depth > 0, let character = rest.popFirst() {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
        }
    }
}
