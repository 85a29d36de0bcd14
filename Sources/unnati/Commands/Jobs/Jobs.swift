// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Core
import Jobs

struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See what waits, runs and has gone wrong, and have it done, cancelled or paused.",
        discussion: "Runs as unnati_worker: set DATABASE_WORKER_URL. docs/jobs.md tells how work flows.",
        subcommands: [Overview.self, List.self, Show.self, Retry.self, Cancel.self, Pause.self, Resume.self],
        defaultSubcommand: Overview.self)

    struct Overview: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How many jobs there are of each kind, and who works.")

        @OptionGroup var settings: SettingOptions

        func run() async throws {
            try await settings.jobBoard { board in
                let (counts, paused) = try board.overview()
                for entry in counts { print(columns([entry.kind, entry.state.rawValue, "\(entry.count)"], [32, 10])) }
                if counts.isEmpty { print("Nothing waits, nothing runs, nothing has gone wrong.") }
                for kind in paused { print("\(kind) is paused; go on with: unnati jobs resume \(kind)") }
                let workers = try board.workers()
                for worker in workers {
                    print("Worker \(worker.name): \(worker.jobs) job(s) in hand, heard of \(worker.seen) ago")
                }
                if workers.isEmpty { print("Nobody works. Start `unnati serve` or `unnati work`.") }
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin no more jobs of a kind, on any worker; those under way end.")

        @OptionGroup var settings: SettingOptions
        @Argument(help: "As `unnati jobs` shows it.") var kind: String

        func run() async throws {
            try await settings.jobBoard { board in
                try board.pause(kind)
                print("No more of \(kind) is begun, within two seconds. Go on with: unnati jobs resume \(kind)")
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Go on with a kind that is paused.")

        @OptionGroup var settings: SettingOptions
        @Argument(help: "As `unnati jobs` shows it.") var kind: String

        func run() async throws {
            try await settings.jobBoard { board in print("\(try board.resume(kind)) job(s) go on.") }
        }
    }
}

/// A job on the command line.
extension Identifier: ExpressibleByArgument where Kind == JobIDKind {
    package init?(argument: String) { self.init(argument) }
}

extension SettingOptions {
    func jobBoard(_ body: (borrowing JobBoard) throws -> Void) async throws {
        try await reporting {
            var reader = try await reader(flags: [:])
            try body(JobBoard(url: reader.workerDatabase()))
        }
    }
}

/// Texts side by side, each but the last padded to a width.
func columns(_ texts: [String], _ widths: [Int]) -> String {
    zip(texts, widths + [0]).map { text, width in text + String(repeating: " ", count: max(0, width - text.count)) }
        .joined(separator: "  ")
}
