// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// When a file may run beside servers that are at work.
package enum MigrationPhase: String, Sendable, CaseIterable {
    /// Adds what the next build needs; the running one goes on as before. Applied before a deployment.
    case expand
    /// Takes away what only earlier builds needed. Applied when none of them runs any more.
    case contract
}

/// What a migration says of itself in the comments above its first statement, one to a line:
///
///     -- phase: contract
///     -- no-transaction
///     -- lock-timeout: 5s
///     -- statement-timeout: 10min
///     -- rls: off
///     -- allow: index_locks, whole_table_write
package struct MigrationDirectives: Sendable, Equatable {
    package var phase = MigrationPhase.expand
    /// False for what PostgreSQL refuses inside a transaction, such as CREATE INDEX CONCURRENTLY: each statement then
    /// stands alone, and must bear to be run again.
    package var isTransactional = true
    /// As PostgreSQL writes them, such as `2s`; nil for the migrator's own.
    package var lockTimeout: String?, statementTimeout: String?
    /// Whether FORCE ROW LEVEL SECURITY is lifted for the length of the file, where the owner has no BYPASSRLS.
    package var liftsRowSecurity = false
    /// Rules of ``MigrationLint`` that the file breaks knowingly.
    package var allowed: [String] = []

    /// - Throws: the reason why a directive cannot be followed.
    init(of text: String) throws(Mistake) {
        var isHeader = true
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingWhitespace
            guard line.hasPrefix("--") else {
                if !line.isEmpty { isHeader = false }
                continue
            }
            let parts = line.dropFirst(2).split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0]).trimmingWhitespace
            guard Self.names.contains(name) else { continue }
            let value = parts.count == 2 ? String(parts[1]).trimmingWhitespace : ""
            let isGood = try follow(name, value)
            guard isGood else {
                throw Mistake(line: number + 1, reason: "`\(line)` is not a value that \(name) can have")
            }
            guard isHeader else {
                throw Mistake(line: number + 1, reason: "`\(line)` stands below a statement: put it above the first")
            }
        }
        if liftsRowSecurity, !isTransactional {
            throw Mistake(line: 1, reason: "`rls: off` needs a transaction, so that it ends with the file")
        }
    }

    package struct Mistake: Error, Sendable { package let line: Int, reason: String }

    private static let names = ["phase", "no-transaction", "lock-timeout", "statement-timeout", "rls", "allow"]

    private mutating func follow(_ name: String, _ value: String) throws(Mistake) -> Bool {
        switch name {
        case "phase":
            guard let phase = MigrationPhase(rawValue: value) else { return false }
            self.phase = phase
        case "no-transaction":
            isTransactional = false
            return value.isEmpty
        case "lock-timeout":
            lockTimeout = value
            return Self.isDuration(value)
        case "statement-timeout":
            statementTimeout = value
            return Self.isDuration(value)
        case "rls":
            liftsRowSecurity = true
            return value == "off"
        default:
            allowed += value.split(separator: ",").map { String($0).trimmingWhitespace }
            return !allowed.isEmpty && allowed.allSatisfy(MigrationLint.ruleNames.contains)
        }
        return true
    }

    private static func isDuration(_ text: String) -> Bool {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (1...9).contains(digits.count) && ["ms", "s", "min", "h"].contains(text.dropFirst(digits.count))
    }
}
