// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Audit
import Bootstrap

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Look after the audit log.", subcommands: [Maintain.self])

    struct Maintain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the partitions of the months to come, and drop those that were kept for long enough.",
            discussion: """
                Runs as unnati_owner: set DATABASE_OWNER_URL. Have it done every week; doing it again does nothing. An event whose month has \
                no partition is kept in audit_events_other, and `unnati migrate verify` says so.
                """)

        @OptionGroup var settings: SettingOptions

        @Option(help: "Months to come that have a partition, 1 to 24.")
        var ahead = 3

        @Option(help: "Whole months that are kept, at least 13: a year, and the one that is running out.")
        var keep = AuditPartitions.leastMonths

        func validate() throws {
            guard (1...24).contains(ahead) else { throw ValidationError("--ahead is 1 to 24.") }
            guard (AuditPartitions.leastMonths...1_200).contains(keep) else {
                throw ValidationError(
                    "--keep is \(AuditPartitions.leastMonths) or more: logs are kept for a year by law.")
            }
        }

        func run() async throws {
            try await reporting {
                var reader = try await settings.reader(flags: [:])
                let (made, dropped) = try AuditPartitions(url: try reader.migrations().url).maintain(
                    ahead: ahead, kept: keep)
                for name in made { print("made \(name)") }
                for name in dropped { print("dropped \(name)") }
                if made.isEmpty && dropped.isEmpty { print("There is nothing to do.") }
            }
        }
    }
}
