// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database
import Foundation

struct BackUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write the whole database into one file, by way of pg_dump.",
        discussion: """
            Runs as unnati_owner: set DATABASE_OWNER_URL. The file holds everything of everybody: keep it as safe as the database. \
            The keys of KEYS_DIRECTORY are not in it, and passwords of roles are not.
            """)

    @OptionGroup var settings: SettingOptions
    @Argument(help: "A file that does not exist yet.") var file: String

    func run() async throws {
        try await reporting {
            var reader = try await settings.reader(flags: [:])
            let url = try reader.migrations().url
            let output = try PrivateFile(creating: file), start = ContinuousClock.now
            print("Backing up")
            do { try Backup.write(url, to: file) } catch {
                output.remove()
                throw error
            }
            let bytes = try output.handle.seekToEnd(), seconds = (ContinuousClock.now - start) / .seconds(1)
            print("\(file): \(bytes / 1_024) KiB in \(Int(seconds.rounded(.up))) s")
        }
    }
}

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill a new database from a backup, whole or not at all.",
        discussion: """
            Runs as unnati_owner: set DATABASE_OWNER_URL to a database that docker/roles.sql has made and nobody has migrated. Ends \
            with a comparison of the schema with what it was.
            """)

    @OptionGroup var settings: SettingOptions
    @Argument(help: "What `unnati backup` has written.") var file: String

    func run() async throws {
        try await reporting {
            var reader = try await settings.reader(flags: [:])
            print("Restoring")
            try Backup.restore(from: file, to: reader.migrations().url)
            print("The database is what it was. Now run `unnati verify`.")
        }
    }
}
