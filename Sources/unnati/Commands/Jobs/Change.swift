// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Core
import Jobs

extension Jobs {
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a dead or cancelled job done anew, with all its attempts, or one that waits done now.")

        @OptionGroup var settings: SettingOptions
        @Argument(help: "job_ and 32 hexadecimal digits, one or more.") var ids: [JobID] = []
        @Flag(help: "All that are dead.") var dead = false
        @Option(help: "With --dead: of this kind only.") var kind: String?

        func validate() throws {
            guard ids.isEmpty == dead else { throw ValidationError("Name jobs, or say --dead for all that are dead.") }
            guard kind == nil || dead else { throw ValidationError("--kind goes with --dead.") }
        }

        func run() async throws {
            try await settings.jobBoard { board in
                if dead { return print("\(try board.retryDead(kind: kind)) job(s) are done anew.") }
                for id in ids {
                    try board.retry(id)
                    print("\(id) is done anew.")
                }
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel jobs that wait, and tell those that run to stop.")

        @OptionGroup var settings: SettingOptions
        @Argument(help: "job_ and 32 hexadecimal digits, one or more.") var ids: [JobID]

        func run() async throws {
            try await settings.jobBoard { board in
                for id in ids {
                    print(
                        try board.cancel(id)
                            ? "\(id) is cancelled." : "\(id) runs and is told to stop, within two seconds.")
                }
            }
        }
    }
}
