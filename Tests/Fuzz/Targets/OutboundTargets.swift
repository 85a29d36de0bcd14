// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound

/// What goes out to others and was made of what a stranger wrote.
enum OutboundTargets {
    /// What a user names is HTTPS to a name on a port for it, and reads the same when it is read again.
    static func url(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = RetryAfter.parse(text)
        if let url = try? OutboundURL.configured(text) {
            precondition(url.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        }
        guard let url = try? OutboundURL.given(text) else { return }
        precondition(url.text.hasPrefix("https://\(url.host)"))
        precondition(url.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        precondition(NetworkAddress(url.host) == nil && [443, 8_443].contains(url.port))
        guard let again = try? OutboundURL.given(url.text) else {
            preconditionFailure("what was read is not read again: \(url.text)")
        }
        precondition(again == url)
    }

    /// Whatever is in it: lines of ASCII that CRLF ends, none too long, and as many headers as there are.
    static func mail(_ bytes: [UInt8]) {
        let pieces = bytes.split(separator: 0xFF, maxSplits: 3, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard let address = EmailAddress("shop@example.in"),
            let message = try? MailMessage(
                id: .least, from: MailMessage.Mailbox(name: pieces.first, address), to: MailMessage.Mailbox(address),
                subject: pieces.count > 1 ? pieces[1] : "", text: pieces.count > 2 ? pieces[2] : "",
                html: pieces.count > 3 ? pieces[3] : nil, date: Instant(microseconds: 0))
        else { return }
        let written = MIMEWriter(message).bytes
        var lines = 0, headers = 0, length = 0, isHead = true
        for (index, byte) in written.enumerated() {
            precondition(byte == 13 || byte == 10 || (0x20...0x7E).contains(byte))
            precondition((byte == 13) == (index + 1 < written.count && written[index + 1] == 10) || byte == 10)
            guard byte == 10 else {
                if byte != 13 { length += 1 }
                continue
            }
            precondition(index > 0 && written[index - 1] == 13 && length <= 998)
            let start = index - 1 - length
            if length == 0 { isHead = false }
            if isHead, written[start] != 0x20 { headers += 1 }
            lines += 1
            length = 0
        }
        precondition(lines > 8 && headers == (message.html == nil ? 8 : 7), "a header too many")
    }
}
