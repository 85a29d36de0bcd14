// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import CRM
import Core
import Database

struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look after what customers are found by.", subcommands: [Index.self])

    struct Index: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the keys of customers who have none.",
            discussion: """
                Runs as unnati_owner: set DATABASE_OWNER_URL. Servers keep the keys up; run it once after the migration that brings them, \
                and with --whole when a new build makes them otherwise. Safe to repeat, and while servers are at work.
                """)

        @OptionGroup var settings: SettingOptions
        @Flag(help: "Drop all keys first; until they are made, customers are not found.") var whole = false

        func run() async throws {
            try await reporting {
                var reader = try await settings.reader(flags: [:])
                let index = try SearchIndex(url: reader.migrations().url)
                let made = try index.build(isWhole: whole) { made in
                    if made % 50_000 == 0 { print("\(made) so far") }
                }
                print("\(made) key(s) made.")
            }
        }
    }
}
