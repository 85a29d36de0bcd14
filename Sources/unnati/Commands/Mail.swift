// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Core

struct Mail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See whether mail can be sent.", subcommands: [Trial.self])

    struct Trial: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Send one message, to see whether the settings for mail are right.",
            discussion: """
                Needs MAIL_URL and MAIL_FROM, and MAIL_USER with MAIL_PASSWORD where the server wants them. Mail goes over TLS or not at all.
                Exit codes: 0 when the server has taken the message in, 78 for wrong settings, 1 for anything else.
                """)

        @OptionGroup var settings: SettingOptions

        @Argument(help: "Whom to write to.")
        var address: String

        func run() async throws {
            guard let recipient = EmailAddress(address) else {
                throw ValidationError("\(address) is no e-mail address.")
            }
            try await reporting {
                var reader = try await settings.reader(flags: [:])
                let (mail, outbound) = try reader.mail()
                try await mail.sendTrial(to: recipient, outbound)
                print("The mail server has taken the message for \(recipient) in.")
            }
        }
    }
}
