// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database

extension Migrate {
    struct Repair: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drop half-made indexes, and settle a record that no longer fits its files.",
            discussion: "Does nothing but what it is asked, and writes each step into the log (`unnati migrate log`).")

        @OptionGroup var source: Source
        @Option(
            help: ArgumentHelp(
                "Take an applied file as it is now, though it was changed or renamed.", valueName: "version"))
        var accept: [Int] = []
        @Option(help: ArgumentHelp("Take a file that is gone for good out of the record.", valueName: "version"))
        var forget: [Int] = []
        @Flag(help: "Say what would be done, and change nothing.") var dryRun = false

        func run() async throws {
            try await reporting {
                let done = try await source.migrator {
                    try $0.repair(accepting: accept, forgetting: forget, isTrial: dryRun)
                }
                print(done.isEmpty ? "There is nothing to repair." : done.joined(separator: "\n"))
            }
        }
    }

    struct Baseline: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a schema that was made with psql for what the files up to a version make.",
            discussion: "Runs none of them. `unnati migrate verify` afterwards looks whether it is so.")

        @OptionGroup var source: Source
        @Option(name: .customLong("version"), help: "The last file that the schema has.") var last: Int

        func run() async throws {
            try await reporting {
                let count = try await source.migrator { try $0.baseline(at: last) }
                print("\(count) migration(s) recorded as applied. Now run `unnati migrate verify`.")
            }
        }
    }
}
