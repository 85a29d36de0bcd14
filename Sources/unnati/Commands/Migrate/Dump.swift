// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database

extension Migrate {
    struct Dump: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the schema as SQL, by way of pg_dump.",
            discussion: "For reading and comparing. A backup with its rows is made by `unnati backup`.")

        @OptionGroup var source: Source

        func run() async throws {
            try await reporting {
                var reader = try await source.reader()
                let url = try reader.migrations().url
                try PostgresTool.run("pg_dump", ["--schema-only", "--schema=app"], on: url)
            }
        }
    }
}
