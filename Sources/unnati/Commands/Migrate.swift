// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database
import JSON

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring a database to this build's schema.",
        discussion: """
            Runs as unnati_owner over a direct connection: set DATABASE_OWNER_URL.
            Exit codes: 0 when it is done, 1 when something is wrong, with what to do about it, 78 for wrong settings.
            """,
        subcommands: [New.self, Status.self, Validate.self, Up.self])

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Begin a new migration, numbered behind the others.")

        @OptionGroup var source: Source
        @Argument(help: "Its name: lower-case letters, digits and underscores.") var name: String

        func run() async throws {
            try await reporting {
                var reader = try await source.reader()
                print(try MigrationFile.create(name, in: reader.migrationsFolder()))
            }
        }
    }

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Apply every migration that waits, in order.")

        @OptionGroup var source: Source
        @Option(help: "Stop behind this version.") var to: Int?

        func run() async throws {
            try await reporting {
                let count = try await source.migrator { try $0.up(to: to) { print($0) } }
                print(count == 0 ? "There is nothing to apply." : "\(count) migration(s) applied.")
            }
        }
    }

    struct Validate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look whether what was applied is what the files say.",
            discussion:
                "Compares the files' checksums, names and order with the database's record, and changes nothing.")

        @OptionGroup var source: Source

        func run() async throws {
            try await reporting {
                let applied = try await source.migrator { try $0.status() }.filter { $0.applied != nil }
                print("\(applied.count) applied migration(s) are what their files say.")
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show which migrations were applied and which wait.",
            discussion: "With --exit-code the exit code is 2 when one waits.")

        @OptionGroup var source: Source
        @Flag(help: "Print it as JSON.") var json = false
        @Flag(help: "Exit with 2 when a migration waits.") var exitCode = false

        func run() async throws {
            try await reporting {
                let all = try await source.migrator { try $0.status() }
                print(json ? Self.document(all) : all.map(Self.line).joined(separator: "\n"))
                if exitCode, all.contains(where: { $0.applied == nil }) { throw ExitCode(2) }
            }
        }

        private static func line(_ status: Migrator.Status) -> String {
            "\(status.applied.map { "applied \($0.appliedAt)" } ?? "waits                       ")  \(status.file.label)"
        }

        /// `[{"version": 1, "name": "foundation", "state": "applied", "applied_at": "…"}, {…, "state": "waits"}]`
        private static func document(_ all: [Migrator.Status]) -> String {
            var json = JSONWriter()
            json.array { json in
                for status in all {
                    json.object { json in
                        json.member("version", status.file.version)
                        json.member("name", status.file.name)
                        json.member("state", status.applied == nil ? "waits" : "applied")
                        json.member("applied_at", status.applied?.appliedAt)
                    }
                }
            }
            return String(decoding: json.bytes, as: UTF8.self)
        }
    }

    /// Where migrations come from and go to.
    struct Source: ParsableArguments {
        @OptionGroup var settings: SettingOptions
        @Option(help: "Folder of migrations (MIGRATIONS_DIRECTORY).") var migrations: String?

        func reader() async throws -> ConfigurationReader {
            try await settings.reader(flags: ["MIGRATIONS_DIRECTORY": migrations])
        }

        func migrator<Output>(_ body: (borrowing Migrator) throws -> Output) async throws -> Output {
            var reader = try await reader()
            let (url, folder) = try reader.migrations()
            return try body(Migrator(url: url, folder: folder))
        }
    }
}
