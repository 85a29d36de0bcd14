// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer requests until SIGTERM or SIGINT.",
        discussion: """
            Needs DATABASE_URL for the role unnati_app and a migrated database. Makes its keys on first run.
            Exit codes: 0 after a graceful stop, 78 for wrong settings, 1 when the server refuses to start and says why.
            """)

    @OptionGroup var settings: SettingOptions
    @Option(help: "IP address to listen on (HTTP_HOST).") var host: String?
    @Option(help: "Port to listen on (HTTP_PORT).") var port: Int?

    func run() async throws {
        try await reporting {
            var reader = try await settings.reader(flags: ["HTTP_HOST": host, "HTTP_PORT": port.map(String.init)])
            try await Application(reader.server()).run()
        }
    }
}
