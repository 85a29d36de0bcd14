// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound

/// Hands mail in, all of it from one sender.
package struct MailSender: Sendable {
    private let client: OutboundClient
    private let server: MailServer
    private let sender: MailMessage.Mailbox

    package init(client: OutboundClient, server: MailServer, sender: MailMessage.Mailbox) {
        self.client = client
        self.server = server
        self.sender = sender
    }

    /// - Parameter id: the same whenever the same message is sent again.
    /// - Throws: ``SendFailure``, `OutboundError`, `CancellationError`.
    package func send(id: UUIDv7, to recipient: EmailAddress, subject: String, text: String) async throws {
        let message: MailMessage
        do {
            message = try MailMessage(
                id: id, from: sender, to: MailMessage.Mailbox(recipient), subject: subject, text: text)
        } catch { throw SendFailure.final(reason: "It cannot be written as mail.") }
        do { try await client.deliver(message, through: server) } catch let refusal as MailRefusal {
            throw !refusal.isTransient
                ? SendFailure.final(reason: "The mail server refused it with \(refusal.status).")
                : SendFailure.passing(after: nil, reason: "The mail server put it off with \(refusal.status).")
        }
    }
}
