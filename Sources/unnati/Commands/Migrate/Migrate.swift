// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring a database to this build's schema.",
        discussion: """
            Runs as unnati_owner over a direct connection, past any pooler: set DATABASE_OWNER_URL.
            Exit codes: 0 when it is done; 1 when something is wrong, with what to do about it; 2 when something that was asked \
            about is not so (status --exit-code, drift); 64 for a wrong command; 75 when another migration is running; \
            78 for wrong settings.
            """,
        subcommands: [
            New.self, Lint.self, Plan.self, Status.self, Up.self, Down.self, VerifyMigrations.self, Validate.self,
            Drift.self,
            Repair.self, Baseline.self, Log.self, Dump.self, Wait.self,
        ])

    /// Where migrations come from and go to.
    struct Source: ParsableArguments {
        @OptionGroup var settings: SettingOptions
        @Option(help: "Folder of migrations (MIGRATIONS_DIRECTORY).") var migrations: String?

        func reader() async throws -> ConfigurationReader {
            try await settings.reader(flags: ["MIGRATIONS_DIRECTORY": migrations])
        }

        func files() async throws -> [MigrationFile] {
            var reader = try await reader()
            return try MigrationFile.all(in: reader.migrationsFolder())
        }

        func migrator<Output>(_ body: (borrowing Migrator) throws -> Output) async throws -> Output {
            var reader = try await reader()
            let (url, folder) = try reader.migrations()
            return try body(Migrator(url: url, folder: folder, build: Build.version) { print($0) })
        }
    }
}

/// Which of the files that wait.
struct MigrationSelection: ParsableArguments {
    @Option(help: "Stop behind this version.") var to: Int?
    @Option(help: "Only files of this phase: expand before a deployment, contract after it. Both by default.")
    var phase: MigrationPhase?
}

/// A wait that a person can name.
func checkSeconds(_ seconds: Int, of flag: String) throws {
    guard (0...86_400).contains(seconds) else { throw ValidationError("\(flag) is a number of seconds up to 86400.") }
}

extension MigrationPhase: ExpressibleByArgument {}
