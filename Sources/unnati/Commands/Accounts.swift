// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import ArgumentParser
import Bootstrap
import Core
import Foundation
import JSON

struct AccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accounts", abstract: "Bring businesses in from another system.", subcommands: [Import.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Found the businesses of a file, with their owners and the hashes of their passwords.",
            discussion: """
                One JSON object a line:
                {"business_name": "Meera Tailors", "name": "Meera Shah", "phone": "9876500001", "password_hash": "$2y$10$…"}
                with "email" beside or in place of "phone". Without "password_hash" the owner signs in by codes. Hashes may be $2a$, $2b$ and \
                $2y$ up to cost 14, $argon2id$ up to 128 MiB, and passlib's $bcrypt-sha256$; each is made anew when its owner signs in.
                Needs DATABASE_URL. Safe to repeat: a number or address that is there already is left as it is.
                Exit codes: 0 when every line is in, 1 when some were left out, 78 for wrong settings.
                """)

        @OptionGroup var settings: SettingOptions

        @Argument(help: "A file, or - for standard input.")
        var file: String

        @Flag(
            help: "Nobody has proved these numbers and addresses: who does so first enters, and the password is void.")
        var unverified = false

        func run() async throws {
            try await reporting {
                var lines = try Lines(of: file)
                var reader = try await settings.reader(flags: [:])
                let room = try reader.accountImport(isVerified: !unverified)
                defer { room.close() }
                var number = 0, added = 0, leftOut = 0
                while let line = try lines.next() {
                    number += 1
                    if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { continue }
                    do {
                        _ = try await room.accounts.add(ImportedAccount(json: line))
                        added += 1
                    } catch {
                        leftOut += 1
                        FileHandle.standardError.write(Data("line \(number): \(try Self.words(for: error))\n".utf8))
                    }
                }
                print("\(added) business(es) brought in, \(leftOut) left out.")
                if leftOut > 0 { throw ExitCode(1) }
            }
        }

        /// - Throws: what has nothing to do with the line.
        private static func words(for error: any Error) throws -> String {
            switch error {
            case let error as Core.ValidationError:
                error.fields.map { "\($0.pointer): \($0.detail)" }.joined(separator: " ")
            case let error as JSONError: "\(error.pointer): \(error.detail)"
            case AccountError.identityTaken: "The phone number or e-mail address is there already."
            default: throw error
            }
        }
    }
}
