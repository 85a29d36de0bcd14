// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Configuration
import Core
import Database
import Foundation
import HTTPTransport
import Passwords
import SystemPackage
import Tokens

/// Reads the configuration once: flags win over the environment, the environment over a file, the file over defaults.
/// All mistakes are found before any is reported.
package struct ConfigurationReader: ~Copyable {
    /// Every mistake, one a line, each with what to do.
    package struct Mistakes: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    private let reader: ConfigReader
    private var mistakes: [String] = []

    /// - Parameters:
    ///   - flags: what the command line says, by the names of the environment.
    ///   - file: a file of `NAME=value` lines, if one was named.
    /// - Throws: ``Mistakes`` when the file cannot be read.
    package init(flags: [String: String] = [:], file: String? = nil) async throws {
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(environmentVariables: flags), EnvironmentVariablesProvider(),
        ]
        if let file {
            guard FileManager.default.isReadableFile(atPath: file) else {
                throw Mistakes(description: "The configuration file \(file) cannot be read.")
            }
            providers.append(try await EnvironmentVariablesProvider(environmentFilePath: FilePath(file)))
        }
        reader = ConfigReader(providers: providers)
    }

    /// - Throws: ``Mistakes``.
    package mutating func server() throws -> Configuration {
        var configuration = Configuration(
            database: DatabaseConfiguration(
                url: Secret(secret("DATABASE_URL", example: "postgresql:///unnati?user=unnati_app"))))
        read("DATABASE_CONNECTIONS", 1...64, into: &configuration.database.connections)
        read("DATABASE_WAITERS", 0...100_000, into: &configuration.database.waiters)
        read("DATABASE_LEASE_TIMEOUT_MS", 1...60_000, into: &configuration.database.leaseTimeout)
        read("DATABASE_TRANSACTION_TIMEOUT_MS", 1...600_000, into: &configuration.database.transactionTimeout)
        read("DATABASE_CONNECT_TIMEOUT_MS", 1...60_000, into: &configuration.database.connectTimeout)
        read("DATABASE_PREPARED_STATEMENTS", into: &configuration.database.usesPreparedStatements)
        read("HTTP_HOST", into: &configuration.http.host)
        read("HTTP_PORT", 0...65_535, into: &configuration.http.port)
        read("HTTP_CONNECTIONS", 1...1_000_000, into: &configuration.http.connections)
        configuration.http.loops = max(1, min(64, ProcessInfo.processInfo.activeProcessorCount))
        read("HTTP_LOOPS", 1...64, into: &configuration.http.loops)
        read("ADMIN_HOST", into: &configuration.admin.host)
        read("ADMIN_PORT", 0...65_535, into: &configuration.admin.port)
        read("SHUTDOWN_GRACE_MS", 0...600_000, into: &configuration.http.grace)
        read("PASSWORD_COST", 10...14, into: &configuration.passwords.cost)
        read("PASSWORD_LANES", 1...64, into: &configuration.passwords.lanes)
        read("PASSWORD_WAITERS", 0...1_000, into: &configuration.passwords.waiters)
        var accessSeconds = 600, sessionDays = 90
        read("ACCESS_TOKEN_LIFETIME_S", 60...3_600, into: &accessSeconds)
        read("SESSION_LIFETIME_DAYS", 1...365, into: &sessionDays)
        configuration.tokens.accessLifetime = .seconds(accessSeconds)
        configuration.tokens.sessionLifetime = .seconds(sessionDays * 86_400)
        read("KEYS_DIRECTORY", into: &configuration.keysDirectory)
        read("MIGRATIONS_DIRECTORY", into: &configuration.migrationsDirectory)
        read("ACCESS_LOG", into: &configuration.writesAccessLog)
        try finish()
        return configuration
    }

    /// Where migrations are and what to apply them to.
    /// - Throws: ``Mistakes``.
    package mutating func migrations() throws -> (url: Secret<String>, folder: String) {
        let url = secret("DATABASE_OWNER_URL", example: "postgresql:///unnati?user=unnati_owner")
        var folder = "sql"
        read("MIGRATIONS_DIRECTORY", into: &folder)
        try finish()
        return (Secret(url), folder)
    }

    private func finish() throws(Mistakes) {
        if !mistakes.isEmpty { throw Mistakes(description: mistakes.joined(separator: "\n")) }
    }

    // MARK: - Values

    private func text(_ name: String, isSecret: Bool = false) -> String? {
        reader.string(forKey: ConfigKey(name.lowercased().split(separator: "_").map(String.init)), isSecret: isSecret)
    }

    /// The value itself, or the content of the file that `NAME_FILE` points at, as container platforms hand secrets over.
    private mutating func secret(_ name: String, example: String) -> String {
        if let value = text(name, isSecret: true), !value.isEmpty { return value }
        guard let path = text(name + "_FILE") else {
            mistakes.append(
                "\(name) is missing. Set it to something like \(example), or \(name)_FILE to a file that holds it.")
            return ""
        }
        guard let content = try? String(contentsOfFile: path, encoding: .utf8) else {
            mistakes.append("\(name)_FILE names \(path), which cannot be read.")
            return ""
        }
        return content.trimmingWhitespace
    }

    private mutating func read(_ name: String, into value: inout String) {
        if let text = text(name) { value = text }
    }

    private mutating func read(_ name: String, into value: inout Bool) {
        guard let text = text(name) else { return }
        switch text.lowercased() {
        case "on", "true", "yes", "1": value = true
        case "off", "false", "no", "0": value = false
        default: mistakes.append("\(name) is \(text); use on or off.")
        }
    }

    private mutating func read<Integer: FixedWidthInteger>(
        _ name: String, _ range: ClosedRange<Int>, into value: inout Integer
    ) {
        guard let text = text(name) else { return }
        guard let number = Int(text), range.contains(number), let exact = Integer(exactly: number) else {
            mistakes.append("\(name) is \(text); use a whole number from \(range.lowerBound) to \(range.upperBound).")
            return
        }
        value = exact
    }

    private mutating func read(_ name: String, _ milliseconds: ClosedRange<Int>, into value: inout Duration) {
        var number = Int(value / .milliseconds(1))
        read(name, milliseconds, into: &number)
        value = .milliseconds(number)
    }
}
