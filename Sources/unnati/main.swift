// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap

struct Unnati: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unnati",
        abstract: "A growth platform for very small businesses: the server and its tools.",
        discussion:
            "Settings come from flags, then the environment, then the file named by --config; the README lists them.",
        version: Build.version,
        subcommands: [
            Serve.self, Work.self, Jobs.self, AccountsCommand.self, Mail.self, Migrate.self, Verify.self, BackUp.self,
            Restore.self,
            Privacy.self, AuditCommand.self, Keys.self, Search.self,
            Libraries.self,
        ])
}

/// Top-level code would choose the synchronous `main`, which cannot run asynchronous commands.
func start() async { await Unnati.main() }

await start()
