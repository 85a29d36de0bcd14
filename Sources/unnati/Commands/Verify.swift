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
            rests on, over DATABASE_OWNER_URL. A server asks the same before it starts.
            With --probe it also tries, over DATABASE_URL, every way in which one business could reach another's rows: two are \
            made up in a transaction that is rolled back. Nothing is changed.
            Exit codes: 0 when everything holds, 1 when something does not or the database cannot be asked, 78 for wrong settings.
            """)

    @OptionGroup var settings: SettingOptions
    @Flag(help: "Try the border as well.") var probe = false
    @Flag(help: "Print findings as JSON.") var json = false

    func run() async throws {
        try await reporting {
            var reader = try await settings.reader(flags: [:])
            let findings = try CatalogRule.findings(on: AdminConnection(url: reader.migrations().url))
            let results = probe ? try IsolationProbe.run(url: reader.servingDatabase()) : nil
            print(json ? Self.document(findings, results) : Self.report(findings, results))
            let isBroken = results?.contains { $0.outcome.problem != nil } ?? false
            if !findings.isEmpty || isBroken { throw ExitCode(1) }
        }
    }

    // MARK: - For people

    private static func report(_ findings: [CatalogRule.Finding], _ results: [IsolationProbe.Result]?) -> String {
        let rules = findings.isEmpty ? "All \(CatalogRule.all.count) rules hold." : report(findings)
        return [rules, results.map(report)].compactMap { $0 }.joined(separator: "\n\n")
    }

    private static func report(_ findings: [CatalogRule.Finding]) -> String {
        CatalogRule.all.compactMap { rule in
            let found = findings.filter { $0.rule == rule.name }
            guard !found.isEmpty else { return nil }
            return "\(rule.name): \(rule.promise)\n"
                + found.map { "  \($0.object) \($0.problem)" }.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// A line for each table, a column for each attempt, and what is wrong below.
    private static func report(_ results: [IsolationProbe.Result]) -> String {
        let tables = Set(results.map(\.table)).sorted(), attempts = IsolationProbe.Attempt.allCases
        let width = (tables.map(\.count).max() ?? 0) + 2
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        let header = padded("", width) + attempts.map { padded($0.rawValue, 10) }.joined()
        let lines = tables.map { table in
            padded(table, width)
                + attempts.map { attempt in
                    let outcomes = results.filter { $0.table == table && $0.attempt == attempt }.map(\.outcome)
                    return padded(mark(outcomes), 10)
                }.joined()
        }
        let broken = results.compactMap { result in
            result.outcome.problem.map { "\(result.table), \(result.attempt.rawValue): \($0)" }
        }
        let verdict = broken.isEmpty ? ["No way across was found."] : broken
        return ([header] + lines + ["", "✓ held   - may not even try   ✗ broken", ""] + verdict).joined(separator: "\n")
    }

    private static func mark(_ outcomes: [IsolationProbe.Outcome]) -> String {
        if outcomes.contains(where: { $0.problem != nil }) { return "✗" }
        if outcomes.contains(.held) { return "✓" }
        return outcomes.contains(.notGranted) ? "-" : ""
    }

    // MARK: - For scripts

    /// `{"rules": 23, "findings": [{"rule": "…", "object": "…", "problem": "…"}], "probe": [{"table": "…", "attempt": "…",
    /// "outcome": "held", "problem": "…"}]}`
    private static func document(_ findings: [CatalogRule.Finding], _ results: [IsolationProbe.Result]?) -> String {
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
            guard let results else { return }
            json.member("probe") { json in
                json.array { json in
                    for result in results {
                        json.object { json in
                            json.member("table", result.table)
                            json.member("attempt", result.attempt.rawValue)
                            json.member("outcome", result.outcome.name)
                            json.member("problem", result.outcome.problem)
                        }
                    }
                }
            }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

extension IsolationProbe.Outcome {
    fileprivate var problem: String? { if case .broken(let problem) = self { problem } else { nil } }

    fileprivate var name: String {
        switch self {
        case .held: "held"
        case .notGranted: "not_granted"
        case .notApplicable: "not_applicable"
        case .broken: "broken"
        }
    }
}
