// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Looks for what goes wrong when a migration meets servers at work and tables full of rows, before it does.
package enum MigrationLint {
    package enum Severity: String, Sendable {
        /// `up` refuses the file.
        case error
        case warning
    }

    package struct Finding: Sendable, Equatable {
        package let rule: String, severity: Severity
        /// In the file, counted from 1.
        package let line: Int
        /// What happens, and what to write.
        package let problem: String
    }

    /// One statement beside what the file has made before it: new tables hold no rows and no server knows them.
    struct Situation {
        let statement: SQLStatement, directives: MigrationDirectives
        /// Whether no statement stands above it.
        let isFirst: Bool
        let created: Set<String>

        var words: [String] { statement.words }

        /// The table of an ALTER TABLE that was there before, and what is done to it.
        var alteration: (table: String, actions: [[String]])? {
            var words = WordCursor(words)
            guard words.take("alter", "table") else { return nil }
            words.take("if", "exists")
            words.take("only")
            guard let table = words.takeName(), !created.contains(table) else { return nil }
            return (table, words.list())
        }
    }

    struct Rule: Sendable {
        let name: String, severity: Severity
        /// The problem that a statement has; nil when it has none.
        let check: @Sendable (Situation) -> String?
    }

    static let rules = transactionRules + phaseRules + costRules

    package static let ruleNames = Set(rules.map(\.name))

    /// - Returns: in order of line.
    package static func findings(in file: MigrationFile) -> [Finding] {
        let rules = rules.filter { !file.directives.allowed.contains($0.name) }
        var created: Set<String> = []
        return file.statements.flatMap { statement -> [Finding] in
            let situation = Situation(
                statement: statement, directives: file.directives, isFirst: statement == file.statements.first,
                created: created)
            created.formUnion(Self.created(by: statement))
            return rules.compactMap { rule in
                rule.check(situation).map {
                    Finding(rule: rule.name, severity: rule.severity, line: statement.line, problem: $0)
                }
            }
        }
    }

    /// Names of tables, functions and the like that come to be with a statement.
    private static func created(by statement: SQLStatement) -> [String] {
        var words = WordCursor(statement.words)
        guard words.take("create") else { return [] }
        words.take("or", "replace")
        words.take("unlogged")
        guard words.takeAny(of: ["table", "function", "procedure", "view", "type", "schema"]) != nil else { return [] }
        words.take("if", "not", "exists")
        return words.takeName().map { [$0] } ?? []
    }
}
