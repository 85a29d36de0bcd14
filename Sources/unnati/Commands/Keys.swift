// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Core
import Tokens

struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look after the server's own keys.", subcommands: [Rotate.self])

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin to use a new key.", subcommands: [Signing.self])

        struct Signing: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Sign access tokens with a new key, without signing anybody out.",
                discussion: """
                    Makes a key in KEYS_DIRECTORY that signs from two minutes on. Servers read the folder every 20 seconds, and publish the key at \
                    /.well-known/jwks.json before it signs; where servers do not share the folder, copy the new file to each of them within a \
                    minute. Keys that signed before go on verifying and are taken away by a later rotation, a day after their last token.
                    """)

            @OptionGroup var settings: SettingOptions

            func run() async throws {
                try await reporting {
                    var reader = try await settings.reader(flags: [:])
                    let (activeFrom, dropped) = try KeyStore.rotateSigningKey(
                        in: try reader.keysFolder(), delay: Application.signingKeyDelay, keeping: .seconds(86_400))
                    print("A new key signs from \(activeFrom) on. Old keys taken away: \(dropped).")
                }
            }
        }
    }
}
