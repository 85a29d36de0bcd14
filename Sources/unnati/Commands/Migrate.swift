// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring a database to this build's schema.",
        discussion: "Runs as unnati_owner over a direct connection: set DATABASE_OWNER_URL.",
        subcommands: [Up.self, Status.self])

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Apply every migration that waits, in order.")

        @OptionGroup var settings: SettingOptions
        @Option(help: "Folder of migrations (MIGRATIONS_DIRECTORY).") var migrations: String?

        func run() async throws {
            try await reporting {
                let count = try await migrator(settings, migrations) { try $0.up { print($0) } }
                print(count == 0 ? "The schema is up to date." : "\(count) migration(s) applied.")
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show which migrations were applied and which wait.")

        @OptionGroup var settings: SettingOptions
        @Option(help: "Folder of migrations (MIGRATIONS_DIRECTORY).") var migrations: String?

        func run() async throws {
            try await reporting {
                for status in try await migrator(settings, migrations, { try $0.status() }) {
                    print(
                        "\(status.applied.map { "applied \($0.appliedAt)" } ?? "waits                       ")  \(status.file.label)"
                    )
                }
            }
        }
    }
}

private func migrator<Output>(
    _ settings: SettingOptions, _ folder: String?, _ body: (borrowing Migrator) throws -> Output
) async throws -> Output {
    var reader = try await settings.reader(flags: ["MIGRATIONS_DIRECTORY": folder])
    let (url, folder) = try reader.migrations()
    return try body(Migrator(url: url, folder: folder))
}
