// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database
import JSON

extension Migrate {
    struct Lint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look through the files for what locks, breaks or loses something. Needs no database.",
            discussion: """
                An error stops `up`; a warning does not. A file that breaks a rule knowingly says so above its first statement: \
                -- allow: index_locks
                Exit codes: 0 when there are no errors, 1 when there are; with --strict a warning counts as an error.
                """)

        @OptionGroup var source: Source
        @Flag(help: "Print it as JSON.") var json = false
        @Flag(help: "Take warnings for errors.") var strict = false

        func run() async throws {
            try await reporting {
                let files = try await source.files()
                let all = files.map { (file: $0, findings: MigrationLint.findings(in: $0)) }
                let findings = all.flatMap(\.findings)
                print(json ? Self.document(all) : Self.report(all))
                if findings.contains(where: { strict || $0.severity == .error }) { throw ExitCode(1) }
            }
        }

        private static func report(_ all: [(file: MigrationFile, findings: [MigrationLint.Finding])]) -> String {
            let lines = all.flatMap { file, findings in
                findings.map { "\(file.label).up.sql:\($0.line): \($0.severity.rawValue) \($0.rule): \($0.problem)" }
            }
            return lines.isEmpty ? "\(all.count) file(s), nothing found." : lines.joined(separator: "\n")
        }

        /// `[{"file": "0006_x.up.sql", "line": 4, "rule": "index_locks", "severity": "warning", "problem": "…"}]`
        private static func document(_ all: [(file: MigrationFile, findings: [MigrationLint.Finding])]) -> String {
            var json = JSONWriter()
            json.array { json in
                for (file, findings) in all {
                    for finding in findings { write(finding, in: file.label + ".up.sql", to: &json) }
                }
            }
            return String(decoding: json.bytes, as: UTF8.self)
        }

        static func write(_ finding: MigrationLint.Finding, in file: String? = nil, to json: inout JSONWriter) {
            json.object { json in
                json.member("file", file)
                json.member("line", finding.line)
                json.member("rule", finding.rule)
                json.member("severity", finding.severity.rawValue)
                json.member("problem", finding.problem)
            }
        }
    }
}
