// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPTypes

/// Where mail is handed in: always over TLS, from the first byte (`smtps`) or by STARTTLS (`smtp`).
package struct MailServer: Sendable {
    let url: OutboundURL
    let credential: Secret<(user: String, password: String)>?

    /// - Parameters:
    ///   - url: `smtp://mail.example.in:587` or `smtps://mail.example.in:465`.
    ///   - credential: nil where the server knows us by our address.
    /// - Returns: nil for another kind of address, or one with a path.
    package init?(_ url: OutboundURL, credential: Secret<(user: String, password: String)>?) {
        guard url.scheme == "smtp" || url.scheme == "smtps", !url.hasPathOrQuery else { return nil }
        self.url = url
        self.credential = credential
    }
}

extension OutboundClient {
    /// Hands a message in. It is done again by itself only as long as nothing of it has been sent.
    /// - Throws: ``MailRefusal`` for what the server does not want, `OutboundError`, `CancellationError`.
    package func deliver(_ message: MailMessage, through server: MailServer) async throws {
        var limits = OutboundLimits()
        limits.total = .seconds(120)
        let peer = OutboundPeer("mail"), sender = message.sender.address.address
        let bytes = MIMEWriter(message).bytes
        let domain = sender.split(separator: "@").last ?? "localhost"
        try await repeating(CallRules(limits: limits, isRepeatable: false, isUserGiven: false), peer) { deadline in
            let exchange = try enter(bytes)
            driver.start(
                CurlOrder(
                    kind: .smtp(
                        sender: sender, recipients: [message.recipient.address.address], credential: server.credential),
                    // The path is how we introduce ourselves.
                    url: server.url.appending("/\(domain)"), pool: "mail", bodyLength: bytes.count, limits: limits,
                    deadline: deadline, mayReuse: true), exchange)
            while try await exchange.nextPiece() != nil {}
            return ((), OutboundHead(status: 250, fields: HTTPFields()))
        }
    }
}
