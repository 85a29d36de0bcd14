// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Core
import Foundation
import JSON
import Jobs

extension Jobs {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List jobs, the newest first. What is done is gone.")

        @OptionGroup var settings: SettingOptions
        @Option(help: "One of \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).") var state: String?
        @Option(help: "As `unnati jobs` shows it.") var kind: String?
        @Option(help: "How many at most.") var limit = 50
        @Flag(help: "Print them as JSON.") var json = false

        func validate() throws {
            if let state, JobState(rawValue: state) == nil { throw ValidationError("There is no state \(state).") }
            guard (1...100_000).contains(limit) else { throw ValidationError("--limit is 1 to 100000.") }
        }

        func run() async throws {
            try await settings.jobBoard { board in
                let entries = try board.list(state.flatMap { JobState(rawValue: $0) }, kind: kind, limit: limit)
                if json { return print(Self.document(entries)) }
                for entry in entries {
                    print(
                        columns(
                            [
                                "\(entry.id)", entry.kind, entry.state.rawValue,
                                "attempt \(entry.attempt) of \(entry.maximumAttempts)",
                                entry.failure ?? bar(entry.progress),
                            ], [36, 24, 9, 16]))
                }
                if entries.isEmpty { print("There are none.") }
            }
        }

        /// `[{"id": "job_…", "tenant_id": "ten_…", "kind": "customer_import", "state": "running", …}]`
        private static func document(_ entries: [JobBoard.Entry]) -> String {
            var json = JSONWriter()
            json.array { json in
                for entry in entries {
                    json.object { json in
                        json.member("id", entry.id)
                        json.member("tenant_id", entry.tenantID)
                        json.member("kind", entry.kind)
                        json.member("state", entry.state.rawValue)
                        json.member("attempt", entry.attempt)
                        json.member("maximum_attempts", entry.maximumAttempts)
                        json.member("run_at", entry.runAt)
                        json.member("created_at", entry.createdAt)
                        json.member("failure", entry.failure)
                    }
                }
            }
            return String(decoding: json.bytes, as: UTF8.self)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one job; with --watch until it has ended.")

        @OptionGroup var settings: SettingOptions
        @Argument(help: "job_ and 32 hexadecimal digits.") var id: JobID
        @Flag(help: "Follow how far it has got.") var watch = false

        func run() async throws {
            try await settings.jobBoard { board in
                let entry = try board.find(id)
                let rows = [
                    ("business", "\(entry.tenantID)"), ("kind", entry.kind), ("state", entry.state.rawValue),
                    ("attempt", "\(entry.attempt) of \(entry.maximumAttempts)"), ("asked for", entry.createdAt),
                    (entry.state == .scheduled ? "runs at" : "could run", entry.runAt), ("worker", entry.worker ?? ""),
                    ("trace", entry.trace?.traceID ?? ""), ("failure", entry.failure ?? ""),
                    ("arguments", entry.arguments),
                ]
                for (name, value) in rows where !value.isEmpty { print(columns([name, value], [10])) }
                if watch { try follow(board) } else if let progress = entry.progress { print(bar(progress)) }
            }
        }

        private func follow(_ board: borrowing JobBoard) throws {
            do {
                while true {
                    let entry = try board.find(id)
                    print("\r\(bar(entry.progress)) \(entry.state.rawValue)          ", terminator: "")
                    try? FileHandle.standardOutput.synchronize()
                    guard entry.state != .dead, entry.state != .cancelled else { return print() }
                    Thread.sleep(forTimeInterval: 0.5)
                }
            } catch JobBoard.Mistake.unknown {
                print("\r\(bar(100)) done          ")
            }
        }
    }
}

/// `[######--------------]  30 %`; empty while nothing is known.
private func bar(_ percent: Int?) -> String {
    guard let percent else { return "" }
    let full = min(max(percent, 0), 100) / 5
    return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: 20 - full) + "] \(percent) %"
}
