// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database

extension Migrate {
    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take back every migration above a version.",
            discussion: """
                Runs the .down.sql files, newest first. Nothing is done unless each has one. What was written into a table that \
                goes away is lost: look with --dry-run first.
                """)

        @OptionGroup var source: Source
        @Option(help: "The version to go back to; 0 for an empty schema.") var to: Int
        @Flag(help: "Say what would be taken back, and change nothing.") var dryRun = false

        func run() async throws {
            try await reporting {
                if dryRun {
                    let files = try await source.migrator { try $0.reverting(to: to) }
                    print(
                        files.isEmpty
                            ? "There is nothing to take back."
                            : files.map { "would take back \($0.label)" }.joined(separator: "\n"))
                    return
                }
                let count = try await source.migrator { try $0.down(to: to) }
                print(count == 0 ? "There is nothing to take back." : "\(count) migration(s) taken back.")
            }
        }
    }
}
