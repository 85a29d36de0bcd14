// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Configuration
import Admission
import Core
import Database
import Foundation
import HTTPMessage
import HTTPTransport
import Jobs
import Passwords
import Privacy
import SystemPackage
import Tokens

/// Reads the configuration once: flags win over the environment, the environment over a file, the file over defaults.
/// All mistakes are found before any is reported.
package struct ConfigurationReader {
    /// Every mistake, one a line, each with what to do.
    package struct Mistakes: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    private let reader: ConfigReader
    var mistakes: [String] = []

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
        var doesJobs = true
        read("JOBS", into: &doesJobs)
        if doesJobs {
            configuration.workerURL = optionalSecret("DATABASE_WORKER_URL")
            if configuration.workerURL == nil {
                mistakes.append(
                    "DATABASE_WORKER_URL is missing. Set it to something like postgresql:///unnati?user=unnati_worker, or set JOBS=off where `unnati work` does the jobs."
                )
            }
        }
        read("JOBS_CONCURRENCY", 1...1_000, into: &configuration.jobs.concurrency)
        configuration.database.replicaURL = optionalSecret("DATABASE_REPLICA_URL")
        read("DATABASE_REPLICA_AGE_MS", 100...60_000, into: &configuration.database.replicaAge)
        read("DATABASE_CONNECTIONS", 1...64, into: &configuration.database.connections)
        read("DATABASE_WAITERS", 0...100_000, into: &configuration.database.waiters)
        read("DATABASE_LEASE_TIMEOUT_MS", 1...60_000, into: &configuration.database.leaseTimeout)
        read("DATABASE_TRANSACTION_TIMEOUT_MS", 1...600_000, into: &configuration.database.transactionTimeout)
        read("DATABASE_CONNECT_TIMEOUT_MS", 1...60_000, into: &configuration.database.connectTimeout)
        read("DATABASE_IDLE_TIMEOUT_MS", 1_000...86_400_000, into: &configuration.database.idleTimeout)
        read("DATABASE_CONNECTION_LIFETIME_MS", 1_000...86_400_000, into: &configuration.database.lifetime)
        read("DATABASE_PREPARED_STATEMENTS", into: &configuration.database.usesPreparedStatements)
        read("HTTP_HOST", into: &configuration.http.host)
        read("HTTP_PORT", 0...65_535, into: &configuration.http.port)
        read("HTTP_CONNECTIONS", 1...1_000_000, into: &configuration.http.connections)
        configuration.loops = max(1, min(64, ProcessInfo.processInfo.activeProcessorCount))
        read("HTTP_REQUESTS_IN_FLIGHT", 1...1_000_000, into: &configuration.http.inFlight)
        read("HTTP_CONNECTIONS_PER_ADDRESS", 1...1_000_000, into: &configuration.http.connectionsPerAddress)
        read("HTTP_LOOPS", 1...64, into: &configuration.loops)
        for setting in HTTPLimits.settings {
            read(setting.name, setting.range, into: &configuration.http.limits[setting])
        }
        readInheritedSockets(into: &configuration)
        readTLS(into: &configuration)
        read("ADMIN_HOST", into: &configuration.admin.host)
        read("ADMIN_PORT", 0...65_535, into: &configuration.admin.port)
        read("SHUTDOWN_GRACE_MS", 0...600_000, into: &configuration.http.grace)
        readList("TRUSTED_PROXIES", "a network such as 10.0.0.0/8", into: &configuration.http.proxies.networks) {
            NetworkRange($0)
        }
        if let folder = text("WEB_DIRECTORY"), !folder.isEmpty { configuration.webDirectory = folder }
        read("STREAMS_PER_TENANT", 1...10_000, into: &configuration.streamsPerTenant)
        read("PROXY_PROTOCOL", into: &configuration.http.readsProxyHeader)
        if configuration.http.readsProxyHeader, configuration.http.proxies.networks.isEmpty {
            mistakes.append("PROXY_PROTOCOL is on; name the proxies that speak it in TRUSTED_PROXIES.")
        }
        read("FORWARDED_HEADER", into: &configuration.http.proxies.header)
        readList("CORS_ORIGINS", "an origin such as https://app.example.in", into: &configuration.origins, Self.origin)
        read("RATE_LIMIT_ADDRESS", into: &configuration.rates.address)
        read("RATE_LIMIT_SIGN_IN", into: &configuration.rates.signIn)
        read("RATE_LIMIT_IDENTITY", into: &configuration.rates.identity)
        read("RATE_LIMIT_CODES", into: &configuration.rates.codes)
        read("RATE_LIMIT_CODES_DAY", into: &configuration.rates.codesDay)
        read("RATE_LIMIT_CODES_ADDRESS", into: &configuration.rates.codesAddress)
        read("RATE_LIMIT_CODES_TOTAL", into: &configuration.rates.codesTotal)
        read("RATE_LIMIT_PERSON", into: &configuration.rates.person)
        read("RATE_LIMIT_TENANT", into: &configuration.rates.tenant)
        read("RATE_LIMIT_IMPORTS", into: &configuration.rates.imports)
        read("RATE_LIMIT_EXPORTS", into: &configuration.rates.exports)
        read("RATE_LIMITS_SHARED", into: &configuration.rates.areShared)
        read("PASSWORD_COST", 10...14, into: &configuration.passwords.cost)
        read("PASSWORD_LANES", 1...64, into: &configuration.passwords.lanes)
        read("PASSWORD_WAITERS", 0...1_000, into: &configuration.passwords.waiters)
        read("PASSWORD_GUESS_DELAYS", into: &configuration.passwords.delaysGuesses)
        var accessSeconds = 600, sessionDays = 90, idleDays = 30
        read("ACCESS_TOKEN_LIFETIME_S", 60...3_600, into: &accessSeconds)
        read("SESSION_LIFETIME_DAYS", 1...365, into: &sessionDays)
        read("SESSION_IDLE_DAYS", 1...365, into: &idleDays)
        configuration.tokens.accessLifetime = .seconds(accessSeconds)
        configuration.tokens.sessionLifetime = .seconds(sessionDays * 86_400)
        configuration.tokens.idleLifetime = .seconds(idleDays * 86_400)
        read("KEYS_DIRECTORY", into: &configuration.keysDirectory)
        configuration.messages = try messages()
        configuration.promotionHours = promotionHours()
        configuration.outbound = outbound()
        configuration.google = google()
        read("MIGRATIONS_DIRECTORY", into: &configuration.migrationsDirectory)
        read("ACCESS_LOG", into: &configuration.writesAccessLog)
        try finish()
        return configuration
    }

    /// The database as those come to it who claim jobs.
    /// - Throws: ``Mistakes``.
    package mutating func workerDatabase() throws -> Secret<String> {
        let url = secret("DATABASE_WORKER_URL", example: "postgresql:///unnati?user=unnati_worker")
        try finish()
        return Secret(url)
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

    /// What seals copies of customers who are erased; nil when none are to be kept.
    package mutating func erasedCopyKey() -> ErasedCopySealingKey? {
        guard let text = text("ERASED_COPY_KEY"), !text.isEmpty else { return nil }
        let key = ErasedCopySealingKey(text)
        if key == nil { mistakes.append("ERASED_COPY_KEY is not what `unnati privacy make-key` prints.") }
        return key
    }

    /// Where migrations are.
    /// - Throws: ``Mistakes``.
    package mutating func migrationsFolder() throws -> String {
        var folder = "sql"
        read("MIGRATIONS_DIRECTORY", into: &folder)
        try finish()
        return folder
    }

    /// Where the server's own keys are.
    /// - Throws: ``Mistakes``.
    package mutating func keysFolder() throws -> String {
        var folder = ".local/keys"
        read("KEYS_DIRECTORY", into: &folder)
        try finish()
        return folder
    }

    /// The database as the server comes to it.
    /// - Throws: ``Mistakes``.
    package mutating func servingDatabase() throws -> Secret<String> {
        let url = secret("DATABASE_URL", example: "postgresql:///unnati?user=unnati_app")
        try finish()
        return Secret(url)
    }

    /// The database over the owner's connection, or the server's where there is no other.
    /// - Throws: ``Mistakes``.
    package mutating func anyDatabase() throws -> Secret<String> {
        let hasOwner = ["DATABASE_OWNER_URL", "DATABASE_OWNER_URL_FILE"].contains {
            !(text($0, isSecret: true) ?? "").isEmpty
        }
        return hasOwner ? try migrations().url : try servingDatabase()
    }

    func finish() throws(Mistakes) {
        if !mistakes.isEmpty { throw Mistakes(description: mistakes.joined(separator: "\n")) }
    }

    // MARK: - Values

    func text(_ name: String, isSecret: Bool = false) -> String? {
        reader.string(forKey: ConfigKey(name.lowercased().split(separator: "_").map(String.init)), isSecret: isSecret)
    }

    /// Nil when neither the value nor a file with it is named.
    mutating func optionalSecret(_ name: String) -> Secret<String>? {
        let isNamed = [name, name + "_FILE"].contains { !(text($0, isSecret: true) ?? "").isEmpty }
        return isNamed ? Secret(secret(name, example: "")) : nil
    }

    /// The value itself, or the content of the file that `NAME_FILE` points at, as container platforms hand secrets over.
    mutating func secret(_ name: String, example: String) -> String {
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

    /// `LISTEN_FDS` sockets from descriptor 3 on, meant for the process `LISTEN_PID` (systemd, "sd_listen_fds"):
    /// `LISTEN_FDNAMES` says which is `http` and which is `admin`; without names they come in this order.
    private mutating func readInheritedSockets(into configuration: inout Configuration) {
        var count = 0, process = 0
        read("LISTEN_FDS", 0...64, into: &count)
        read("LISTEN_PID", 1...Int(Int32.max), into: &process)
        guard count > 0, process == Int(ProcessInfo.processInfo.processIdentifier) else { return }
        let names = text("LISTEN_FDNAMES")?.split(separator: ":").map(String.init) ?? ["http", "admin"]
        for (index, name) in names.prefix(count).enumerated() {
            let descriptor = Int32(3 + index)
            switch name {
            case "http": configuration.http.inherited = descriptor
            case "admin": configuration.admin.inherited = descriptor
            default: mistakes.append("LISTEN_FDNAMES holds \(name); sockets are named http and admin.")
            }
        }
    }

    private mutating func readTLS(into configuration: inout Configuration) {
        switch (text("TLS_CERTIFICATE"), text("TLS_KEY")) {
        case (let certificate?, let key?):
            configuration.http.tls = TLSConfiguration(
                certificate: certificate, key: key, clientAuthorities: text("TLS_CLIENT_CA"))
        case (nil, nil): break
        default: mistakes.append("TLS_CERTIFICATE and TLS_KEY go together: give both files, or neither.")
        }
    }

    /// Values with commas between.
    mutating func readList<Value>(
        _ name: String, _ expected: String, into values: inout [Value], _ parse: (String) -> Value?
    ) {
        guard let text = text(name) else { return }
        values = []
        for element in text.split(separator: ",").map(\.trimmingWhitespace) where !element.isEmpty {
            guard let value = parse(element) else {
                mistakes.append("\(name) holds \(element), which is not \(expected).")
                continue
            }
            values.append(value)
        }
    }

    /// Scheme, host and port, nothing behind: what a browser sends in Origin.
    private static func origin(_ text: String) -> String? {
        guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else { return nil }
        let authority = text.dropFirst(scheme.count)
        return authority.isEmpty || authority.contains { "/*?# ".contains($0) } ? nil : text
    }

    mutating func read<Choice: RawRepresentable & CaseIterable>(_ name: String, into value: inout Choice)
    where Choice.RawValue == String {
        guard let text = text(name) else { return }
        guard let choice = Choice(rawValue: text.lowercased()) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            mistakes.append("\(name) is \(text); use one of \(choices).")
            return
        }
        value = choice
    }

    /// `600/60` is six hundred requests a minute; `off` is no limit.
    mutating func read(_ name: String, into policy: inout RatePolicy?) {
        guard let text = text(name), let kind = policy?.name else { return }
        guard text.lowercased() != "off" else {
            policy = nil
            return
        }
        let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let quota = numbers[0], let seconds = numbers[1], (1...100_000_000).contains(quota),
            (1...86_400).contains(seconds)
        else {
            mistakes.append("\(name) is \(text); use REQUESTS/SECONDS such as 600/60, or off.")
            return
        }
        policy = RatePolicy(kind, quota, per: .seconds(seconds))
    }

    mutating func read(_ name: String, into value: inout String) {
        if let text = text(name) { value = text }
    }

    mutating func read(_ name: String, into value: inout Bool) {
        guard let text = text(name) else { return }
        switch text.lowercased() {
        case "on", "true", "yes", "1": value = true
        case "off", "false", "no", "0": value = false
        default: mistakes.append("\(name) is \(text); use on or off.")
        }
    }

    mutating func read<Integer: FixedWidthInteger>(
        _ name: String, _ range: ClosedRange<Int>, into value: inout Integer
    ) {
        guard let text = text(name) else { return }
        guard let number = Int(text), range.contains(number), let exact = Integer(exactly: number) else {
            mistakes.append("\(name) is \(text); use a whole number from \(range.lowerBound) to \(range.upperBound).")
            return
        }
        value = exact
    }

    mutating func read(_ name: String, _ milliseconds: ClosedRange<Int>, into value: inout Duration) {
        var number = Int(value / .milliseconds(1))
        read(name, milliseconds, into: &number)
        value = .milliseconds(number)
    }
}
