// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database
import JSON

extension Migrate {
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show which migrations were applied and which wait.",
            discussion: "With --exit-code the exit code is 2 when one waits.")

        @OptionGroup var source: Source
        @Flag(help: "Print it as JSON.") var json = false
        @Flag(help: "Exit with 2 when a migration waits.") var exitCode = false

        func run() async throws {
            try await reporting {
                let all = try await source.migrator { try $0.status() }
                print(json ? Self.document(all) : all.map(Self.line).joined(separator: "\n"))
                if exitCode, all.contains(where: { $0.state != .applied }) { throw ExitCode(2) }
            }
        }

        private static func line(_ status: Migrator.Status) -> String {
            let state =
                switch status.state {
                case .applied: "applied \(status.appliedAt ?? "")"
                case .waits: "waits                       "
                case .halfApplied: "half applied                "
                }
            return
                "\(state)  \(status.file.directives.phase == .expand ? "expand  " : "contract")  \(status.file.label)"
        }

        /// `[{"version": 1, "name": "foundation", "phase": "expand", "state": "applied", "applied_at": "…"}, {…, "state": "waits"}]`
        private static func document(_ all: [Migrator.Status]) -> String {
            var json = JSONWriter()
            json.array { json in
                for status in all {
                    json.object { json in
                        json.member("version", status.file.version)
                        json.member("name", status.file.name)
                        json.member("phase", status.file.directives.phase.rawValue)
                        json.member("state", status.state.rawValue)
                        json.member("applied_at", status.state == .applied ? status.appliedAt : nil)
                    }
                }
            }
            return String(decoding: json.bytes, as: UTF8.self)
        }
    }

    struct Validate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look whether what was applied is what the files say.",
            discussion:
                "Compares the files' checksums, names and order with the database's record, and changes nothing.")

        @OptionGroup var source: Source

        func run() async throws {
            try await reporting {
                let applied = try await source.migrator { try $0.status() }.filter { $0.state == .applied }
                print("\(applied.count) applied migration(s) are what their files say.")
            }
        }
    }

    struct Log: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show all that was ever done to the schema, and by whom.")

        @OptionGroup var source: Source

        func run() async throws {
            try await reporting {
                for event in try await source.migrator({ try $0.events() }) {
                    print(
                        [event.at, event.kind, event.label, event.by, event.detail].filter { !$0.isEmpty }.joined(
                            separator: "  "))
                }
            }
        }
    }
}
