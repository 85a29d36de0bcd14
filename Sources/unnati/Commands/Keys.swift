// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import ArgumentParser
import Bootstrap
import Core
import Tokens

struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look after the server's own keys.", subcommands: [Rotate.self, Reseal.self])

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin to use a new key.", subcommands: [Signing.self, Sealing.self])

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
                    let folder = try reader.keysFolder()
                    let activeFrom = try KeyStore.addKey(.signing, in: folder, delay: Application.newKeyDelay)
                    let dropped = try KeyStore.dropKeys(.signing, in: folder, keeping: .seconds(86_400))
                    print("A new key signs from \(activeFrom) on. Old keys taken away: \(dropped).")
                }
            }
        }

        struct Sealing: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Seal secrets in the database with a new key.",
                discussion: """
                    Makes a key in KEYS_DIRECTORY that seals from two minutes on; where servers do not share the folder, copy the new file to \
                    each of them within a minute. What older keys have sealed is still opened by them. Then `unnati keys reseal` seals it anew.
                    """)

            @OptionGroup var settings: SettingOptions

            func run() async throws {
                try await reporting {
                    var reader = try await settings.reader(flags: [:])
                    let activeFrom = try KeyStore.addKey(
                        .sealing, in: try reader.keysFolder(), delay: Application.newKeyDelay)
                    print("A new key seals from \(activeFrom) on. Run `unnati keys reseal` after that.")
                }
            }
        }
    }

    struct Reseal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal anew what older keys have sealed, and take those away.",
            discussion: """
                Runs as unnati_owner: set DATABASE_OWNER_URL. A key is taken away a day after another took its place, by a run that finds \
                nothing more that it has sealed. So run it once after the new key seals, and again a day later.
                """)

        @OptionGroup var settings: SettingOptions

        func run() async throws {
            try await reporting {
                var reader = try await settings.reader(flags: [:])
                let folder = try reader.keysFolder(), url = try reader.migrations().url
                let seal = SecretSeal(keys: try KeyStore.sealingKeys(in: folder))
                let outcome = try SealedSecrets(url: url, seal: seal).renew()
                print("\(outcome.renewed) secret(s) sealed anew.")
                if outcome.lost > 0 {
                    print("\(outcome.lost) open with none of the keys in \(folder): their people set up the app again.")
                }
                // Whoever still seals with an old key would be seen by what it has sealed.
                guard outcome == SealedSecrets.Outcome() else { return print("Old keys stay until a day after this.") }
                let dropped = try KeyStore.dropKeys(.sealing, in: folder, keeping: .seconds(86_400))
                print("Old keys taken away: \(dropped).")
            }
        }
    }
}
