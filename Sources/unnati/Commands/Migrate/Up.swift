// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database

extension Migrate {
    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply what waits, in order.",
            discussion: "Each file is applied whole or not at all. Run it again after whatever has stopped it.")

        @OptionGroup var source: Source
        @OptionGroup var selection: MigrationSelection
        @Option(help: "Stand by for another migration at most so many seconds.") var wait = 60
        @Flag(help: "Say what would be applied, and change nothing.") var dryRun = false

        func validate() throws { try checkSeconds(wait, of: "--wait") }

        func run() async throws {
            try await reporting {
                if dryRun {
                    let files = try await source.migrator { try $0.pending(to: selection.to, phase: selection.phase) }
                    print(
                        files.isEmpty
                            ? "There is nothing to apply."
                            : files.map { "would apply \($0.label)" }.joined(separator: "\n"))
                    return
                }
                let count = try await source.migrator {
                    try $0.up(to: selection.to, phase: selection.phase, lockWait: .seconds(wait))
                }
                print(count == 0 ? "There is nothing to apply." : "\(count) migration(s) applied.")
            }
        }
    }
}
