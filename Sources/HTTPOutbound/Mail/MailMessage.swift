// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A message to one person. What is in it cannot end a header line: such text is refused when the message is made.
package struct MailMessage: Sendable {
    package struct Mailbox: Sendable, Equatable {
        /// As it is shown; may be in any script.
        package let name: String?
        package let address: EmailAddress

        package init(name: String? = nil, _ address: EmailAddress) {
            self.name = name
            self.address = address
        }
    }

    /// How somebody who gets many of these says "no more" with one click (RFC 8058).
    package struct Unsubscribing: Sendable {
        package let url: OutboundURL
        package let address: EmailAddress?

        package init(url: OutboundURL, address: EmailAddress? = nil) {
            self.url = url
            self.address = address
        }
    }

    package enum Invalid: Error, Sendable, Equatable {
        /// A control character in the subject or a name.
        case controlCharacter
        case tooLong
    }

    /// The same whenever the same message is sent again, so that it is recognised: letters, digits and `.-_`.
    package let id: String
    package let sender: Mailbox, recipient: Mailbox
    package let replyTo: Mailbox?
    package let subject: String
    package let text: String
    /// The same in HTML, for those who read that.
    package let html: String?
    package let unsubscribing: Unsubscribing?
    package let date: Instant

    static let maximumSubjectBytes = 900, maximumBodyBytes = 256 << 10, maximumURLBytes = 800

    /// - Throws: ``Invalid``.
    package init(
        id: UUIDv7, from sender: Mailbox, to recipient: Mailbox, replyTo: Mailbox? = nil, subject: String, text: String,
        html: String? = nil, unsubscribing: Unsubscribing? = nil, date: Instant = .now()
    ) throws(Invalid) {
        for line in [subject, sender.name ?? "", recipient.name ?? "", replyTo?.name ?? ""] {
            guard !line.unicodeScalars.contains(where: Self.breaksLines) else { throw .controlCharacter }
            guard line.utf8.count <= Self.maximumSubjectBytes else { throw .tooLong }
        }
        guard text.utf8.count <= Self.maximumBodyBytes, html?.utf8.count ?? 0 <= Self.maximumBodyBytes,
            unsubscribing?.url.text.utf8.count ?? 0 <= Self.maximumURLBytes
        else { throw .tooLong }
        self.id = id.hex
        self.sender = sender
        self.recipient = recipient
        self.replyTo = replyTo
        self.subject = subject
        self.text = text
        self.html = html
        self.unsubscribing = unsubscribing
        self.date = date
    }

    private static func breaksLines(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
