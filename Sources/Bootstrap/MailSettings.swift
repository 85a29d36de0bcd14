// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound
import Metrics

/// How mail is handed in, and from whom it comes.
package struct MailSettings: Sendable {
    let outbound: OutboundConfiguration
    let server: MailServer
    let sender: MailMessage.Mailbox

    /// Sends a message that says that it arrives.
    /// - Throws: `OutboundError`, `MailRefusal`, `ConfigurationReader.Mistakes`.
    package func sendTrial(to recipient: EmailAddress) async throws {
        let client: OutboundClient
        do { client = try OutboundClient(outbound, metrics: NOOPMetricsHandler.instance) } catch {
            throw ConfigurationReader.Mistakes(description: error.description)
        }
        defer { client.close() }
        let message = try MailMessage(
            id: .next(), from: sender, to: MailMessage.Mailbox(recipient), subject: "Unnati can send mail",
            text: "This message was sent to see whether the settings for mail are right. They are.\n")
        try await client.deliver(message, through: server)
    }
}
