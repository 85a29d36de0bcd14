// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database
import JSON

extension Migrate {
    struct Plan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what `up` would do: each statement, the locks it takes, and what lint says of it.",
            discussion: "Reads the database's record and executes nothing.")

        @OptionGroup var source: Source
        @OptionGroup var selection: MigrationSelection
        @Flag(help: "Print it as JSON.") var json = false

        func run() async throws {
            try await reporting {
                let waiting = try await source.migrator { try $0.status() }.filter { $0.state != .applied }.map(\.file)
                let files = waiting.filter {
                    $0.version <= selection.to ?? .max && $0.directives.phase == selection.phase ?? $0.directives.phase
                }
                print(
                    json
                        ? Self.document(files)
                        : files.isEmpty
                            ? "There is nothing to apply." : files.map(Self.report).joined(separator: "\n\n"))
            }
        }

        private static func report(_ file: MigrationFile) -> String {
            let transaction = file.directives.isTransactional ? "in one transaction" : "without a transaction"
            let findings = MigrationLint.findings(in: file)
            return
                (["== \(file.label), \(file.directives.phase.rawValue), \(transaction)"]
                + file.statements.map { statement in
                    ([statement.text + ";"]
                        + TableLock.of(statement).map { "    -> \($0.mode.name) on \($0.table): \($0.mode.effect)" }
                        + findings.filter { $0.line == statement.line }.map {
                            "    !! \($0.severity.rawValue) \($0.rule): \($0.problem)"
                        })
                        .joined(separator: "\n")
                }).joined(separator: "\n")
        }

        /// `[{"version": 6, "name": "…", "phase": "expand", "is_transactional": true, "statements": [{"line": 3, "sql": "…",
        /// "locks": [{"mode": "SHARE", "table": "app.…"}], "findings": [{"rule": "…", "severity": "…", "problem": "…"}]}]}]`
        private static func document(_ files: [MigrationFile]) -> String {
            var json = JSONWriter()
            json.array { json in
                for file in files {
                    let findings = MigrationLint.findings(in: file)
                    json.object { json in
                        json.member("version", file.version)
                        json.member("name", file.name)
                        json.member("phase", file.directives.phase.rawValue)
                        json.member("is_transactional", file.directives.isTransactional)
                        json.member("statements") { json in
                            json.array { json in
                                for statement in file.statements {
                                    write(statement, findings.filter { $0.line == statement.line }, to: &json)
                                }
                            }
                        }
                    }
                }
            }
            return String(decoding: json.bytes, as: UTF8.self)
        }

        private static func write(
            _ statement: SQLStatement, _ findings: [MigrationLint.Finding], to json: inout JSONWriter
        ) {
            json.object { json in
                json.member("line", statement.line)
                json.member("sql", statement.text)
                json.member("locks") { json in
                    json.array { json in
                        for lock in TableLock.of(statement) {
                            json.object { json in
                                json.member("mode", lock.mode.name)
                                json.member("table", lock.table)
                            }
                        }
                    }
                }
                json.member("findings") { json in
                    json.array { json in for finding in findings { Lint.write(finding, to: &json) } }
                }
            }
        }
    }
}
