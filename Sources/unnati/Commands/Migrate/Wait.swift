// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database
import Core

extension Migrate {
    struct Wait: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wait until the database answers, and with --schema until it has what this build needs.",
            discussion: "Comes over DATABASE_OWNER_URL, or over DATABASE_URL where that is not set.")

        @OptionGroup var source: Source
        @Option(help: "Give up after so many seconds.") var timeout = 60
        @Flag(help: "Wait for the migrations of this build as well.") var schema = false

        func validate() throws { try checkSeconds(timeout, of: "--timeout") }

        func run() async throws {
            try await reporting {
                var reader = try await source.reader()
                let url = try reader.anyDatabase(), files = schema ? try await source.files() : []
                let end = ContinuousClock.now + .seconds(timeout)
                while true {
                    do {
                        let connection = try AdminConnection(url: url)
                        if schema { try StartupCheck.checkMigrations(connection, files) }
                        print(schema ? "The database is ready for this build." : "The database answers.")
                        return
                    } catch  where ContinuousClock.now < end {
                        try await Task.sleep(for: .milliseconds(500))
                    }
                }
            }
        }
    }
}
