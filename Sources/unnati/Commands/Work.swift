// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap

struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Do jobs until SIGTERM or SIGINT, without answering requests.",
        discussion: """
            A server does jobs itself unless it is told JOBS=off. Needs DATABASE_URL for the role unnati_app, DATABASE_WORKER_URL for \
            unnati_worker, and a migrated database. ADMIN_PORT answers /livez, /readyz and /metrics.
            Exit codes: 0 after a graceful stop, 78 for wrong settings, 1 when it refuses to start and says why.
            """)

    @OptionGroup var settings: SettingOptions

    func run() async throws {
        try await reporting {
            var reader = try await settings.reader(flags: ["JOBS": "on"])
            let configuration = try reader.server()
            try await WorkProcess(configuration, workerURL: reader.workerDatabase()).run()
        }
    }
}
