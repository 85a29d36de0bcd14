// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CPostgres
import Core
import Foundation

/// PostgreSQL's own programs, which know best how to take a database out and bring it in.
package enum PostgresTool {
    package struct Failure: Error, CustomStringConvertible, Sendable { package let description: String }

    /// Runs one of them and waits for its end. It inherits standard output and standard error.
    /// - Parameters:
    ///   - url: handed over in the environment, since anyone can read a command line.
    /// - Throws: ``Failure`` when the program is not there or says no.
    package static func run(
        _ program: String, _ arguments: [String], on url: Secret<String>, environment extra: [String: String] = [:]
    ) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = try ProcessInfo.processInfo.environment
            .merging(variables(of: url)) { $1 }.merging(extra) { $1 }
        do { try process.run() } catch { throw Failure(description: "\(program) cannot be started: \(error)") }
        process.waitUntilExit()
        switch process.terminationStatus {
        case 0: return
        case 127: throw Failure(description: "\(program) is not there. Install PostgreSQL's client programs.")
        default: throw Failure(description: "\(program) ended with \(process.terminationStatus); see above.")
        }
    }

    /// What a URL says, by the names of the environment variables that libpq knows (`PGHOST`, `PGPASSWORD`, …).
    /// - Throws: ``Failure`` when it is malformed, or says something that has no variable.
    static func variables(of url: Secret<String>) throws -> [String: String] {
        guard let options = unsafe PQconninfoParse(url.reveal(), nil) else {
            throw Failure(description: "The database's address is malformed.")
        }
        defer { unsafe PQconninfoFree(options) }
        var variables: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                guard let variable = unsafe option.pointee.envvar else {
                    throw Failure(
                        description:
                            "The database's address sets \(unsafe String(cString: keyword)), which cannot be handed on."
                    )
                }
                variables[unsafe String(cString: variable)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        return variables
    }
}
