// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database

extension Migrate {
    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Begin a new migration, numbered behind the others.")

        @OptionGroup var source: Source
        @Option(help: "expand, applied before a deployment, or contract, applied when no earlier build runs any more.")
        var phase = MigrationPhase.expand
        @Argument(help: "Its name: lower-case letters, digits and underscores.") var name: String

        func run() async throws {
            try await reporting {
                var reader = try await source.reader()
                print(try MigrationFile.create(name, phase: phase, in: reader.migrationsFolder()))
            }
        }
    }
}
