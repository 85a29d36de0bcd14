// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database
import JSON

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look whether a database keeps every tenant's rows apart.",
        discussion: """
            Asks PostgreSQL's catalog whether tables, keys, policies, functions, grants and roles obey the rules that isolation \
            rests on, and changes nothing. A server asks the same before it starts.
            Runs over DATABASE_OWNER_URL. Exit codes: 0 when every rule holds, 1 when one does not or the database cannot be asked.
            """)

    @OptionGroup var settings: SettingOptions
    @Flag(help: "Print findings as JSON.") var json = false

    func run() async throws {
        try await reporting {
            var reader = try await settings.reader(flags: [:])
            let findings = try CatalogRule.findings(on: AdminConnection(url: reader.migrations().url))
            print(json ? Self.document(findings) : Self.report(findings))
            if !findings.isEmpty { throw ExitCode(1) }
        }
    }

    private static func report(_ findings: [CatalogRule.Finding]) -> String {
        guard !findings.isEmpty else { return "All \(CatalogRule.all.count) rules hold." }
        return CatalogRule.all.compactMap { rule in
            let found = findings.filter { $0.rule == rule.name }
            guard !found.isEmpty else { return nil }
            return "\(rule.name): \(rule.promise)\n"
                + found.map { "  \($0.object) \($0.problem)" }.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// `{"rules": 20, "findings": [{"rule": "…", "object": "…", "problem": "…"}]}`
    private static func document(_ findings: [CatalogRule.Finding]) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("rules", CatalogRule.all.count)
            json.member("findings") { json in
                json.array { json in
                    for finding in findings {
                        json.object { json in
                            json.member("rule", finding.rule)
                            json.member("object", finding.object)
                            json.member("problem", finding.problem)
                        }
                    }
                }
            }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
