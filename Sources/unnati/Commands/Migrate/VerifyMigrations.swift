// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database

extension Migrate {
    struct VerifyMigrations: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Run the checks of the applied migrations and the rules of isolation.",
            discussion: "`unnati verify --probe` tries the border between businesses as well.")

        @OptionGroup var source: Source

        func run() async throws {
            try await reporting {
                let (outcome, findings) = try await source.migrator { migrator in
                    (try migrator.verify(), try migrator.findings())
                }
                for (file, complaint) in outcome.complaints { print("\(file.label): \(complaint)") }
                for finding in findings { print("\(finding.rule): \(finding.object) \(finding.problem)") }
                guard outcome.complaints.isEmpty, findings.isEmpty else { throw ExitCode(1) }
                print("The checks of \(outcome.checked) migration(s) and \(CatalogRule.all.count) rules hold.")
            }
        }
    }
}
