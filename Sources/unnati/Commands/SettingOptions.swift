// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Database
import Foundation

/// The options that every command with settings has.
struct SettingOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("A file of NAME=value lines.", valueName: "file"))
    var file: String?

    func reader(flags: [String: String?]) async throws -> ConfigurationReader {
        try await ConfigurationReader(flags: flags.compactMapValues { $0 }, file: file)
    }
}

/// Runs a command's body; what it throws is one plain message on standard error and an exit code of sysexits(3).
func reporting(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let mistakes as ConfigurationReader.Mistakes {
        complain(mistakes.description)
        throw ExitCode(78)
    } catch let code as ExitCode {
        throw code
    } catch let error as MigrationError {
        complain(error.description)
        if case .locked = error { throw ExitCode(75) }
        throw ExitCode(1)
    } catch {
        complain("\(error)")
        throw ExitCode(1)
    }
}

private func complain(_ message: String) {
    FileHandle.standardError.write(Data((message + "\n").utf8))
}
