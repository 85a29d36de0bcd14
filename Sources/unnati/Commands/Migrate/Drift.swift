// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database
import JSON

extension Migrate {
    struct Drift: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show where the schema is not what the last migration left.",
            discussion: """
                Compares tables, columns, indexes, constraints, policies, grants, functions and the like with what was written down \
                then: a line with - is missing, one with + is new.
                Exit codes: 0 when nothing differs, 2 when something does.
                """)

        @OptionGroup var source: Source
        @Flag(help: "Print it as JSON.") var json = false
        @Flag(help: "Print the schema as it is, a line for each thing, and compare nothing.") var show = false

        func run() async throws {
            try await reporting {
                if show {
                    print(try await source.migrator { try $0.fingerprint() }.lines.joined(separator: "\n"))
                    return
                }
                guard let differences = try await source.migrator({ try $0.drift() }) else {
                    print("Nothing was written down to compare with. `unnati migrate up` or `baseline` does.")
                    throw ExitCode(1)
                }
                print(json ? Self.document(differences) : Self.report(differences))
                if !differences.isEmpty { throw ExitCode(2) }
            }
        }

        private static func report(_ differences: [SchemaFingerprint.Difference]) -> String {
            guard !differences.isEmpty else { return "The schema is what the last migration left." }
            return differences.map { "\($0.isMissing ? "-" : "+") \($0.line)" }.joined(separator: "\n")
        }

        /// `[{"change": "missing", "line": "index …"}, {"change": "new", "line": "…"}]`
        private static func document(_ differences: [SchemaFingerprint.Difference]) -> String {
            var json = JSONWriter()
            json.array { json in
                for difference in differences {
                    json.object { json in
                        json.member("change", difference.isMissing ? "missing" : "new")
                        json.member("line", difference.line)
                    }
                }
            }
            return String(decoding: json.bytes, as: UTF8.self)
        }
    }
}
