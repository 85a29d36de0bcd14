// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Writes a message as mail servers pass it on (RFC 5322, RFC 2045 to 2047): ASCII, lines of at most 78 bytes where that can be
/// had and never more than 998, each ended by CRLF.
package struct MIMEWriter {
    package private(set) var bytes: [UInt8] = []

    package init(_ message: MailMessage) {
        let domain = message.sender.address.address.split(separator: "@").last ?? "localhost"
        field("Date", Self.date(message.date))
        field("From", Self.mailbox(message.sender))
        field("To", Self.mailbox(message.recipient))
        if let replyTo = message.replyTo { field("Reply-To", Self.mailbox(replyTo)) }
        field("Message-ID", "<\(message.id)@\(domain)>")
        field("Subject", Self.words(message.subject))
        if let unsubscribing = message.unsubscribing {
            let mail = unsubscribing.address.map { ",\r\n <mailto:\($0.address)>" } ?? ""
            field("List-Unsubscribe", "<\(unsubscribing.url.text)>\(mail)")
            field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
        }
        field("MIME-Version", "1.0")
        guard let html = message.html else {
            part("plain", message.text)
            return
        }
        // No base64 has an underscore, so the line between parts cannot be part of one.
        let boundary = "_\(message.id)_"
        field("Content-Type", "multipart/alternative;\r\n boundary=\"\(boundary)\"")
        line("")
        line("--\(boundary)")
        part("plain", message.text)
        line("--\(boundary)")
        part("html", html)
        line("--\(boundary)--")
    }

    private mutating func line(_ text: String) { bytes += Array(text.utf8) + [13, 10] }

    private mutating func field(_ name: String, _ value: String) { line("\(name): \(value)") }

    private mutating func part(_ subtype: String, _ text: String) {
        field("Content-Type", "text/\(subtype); charset=utf-8")
        field("Content-Transfer-Encoding", "base64")
        line("")
        var lines = ""
        // Text has CRLF between lines before it is encoded (RFC 2045 §6.8).
        for scalar in text.unicodeScalars where scalar != "\r" {
            if scalar == "\n" { lines.unicodeScalars.append("\r") }
            lines.unicodeScalars.append(scalar)
        }
        var encoded = Self.base64(lines)[...]
        while !encoded.isEmpty {
            line(String(encoded.prefix(76)))
            encoded = encoded.dropFirst(76)
        }
    }

    private static func base64(_ text: some StringProtocol) -> String {
        let encoded = Base64.standard.encode(Array(text.utf8))
        return encoded + String(repeating: "=", count: (4 - encoded.utf8.count % 4) % 4)
    }

    private static func mailbox(_ mailbox: MailMessage.Mailbox) -> String {
        guard let name = mailbox.name, !name.isEmpty else { return "<\(mailbox.address.address)>" }
        return "\(words(name, isPhrase: true))\r\n <\(mailbox.address.address)>"
    }

    /// Text of a header: as it is, or in encoded words of whole characters (RFC 2047 §2: at most 75 bytes each).
    /// - Parameter isPhrase: where only letters, digits and spaces stand for themselves.
    static func words(_ text: String, isPhrase: Bool = false) -> String {
        guard !text.isEmpty else { return "" }
        let isPlain = text.utf8.allSatisfy { byte in
            let isLetter = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            return isLetter || byte == 32 || (!isPhrase && (33...126).contains(byte))
        }
        let isTrimmed = text.first != " " && text.last != " "
        if isPlain, isTrimmed, text.utf8.count <= 60, !text.contains("=?") { return text }
        var words: [String] = [], word = ""
        for scalar in text.unicodeScalars {
            if word.utf8.count + UTF8.width(scalar) > 39 {
                words.append(word)
                word = ""
            }
            word.unicodeScalars.append(scalar)
        }
        words.append(word)
        return words.map { "=?UTF-8?B?\(base64($0))?=" }.joined(separator: "\r\n ")
    }

    /// `Thu, 26 Nov 2026 09:30:00 +0000` (RFC 5322 §3.3).
    static func date(_ instant: Instant) -> String {
        let date = CivilDateTime(instant)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return
            "\(days[date.weekday]), \(date.day) \(months[date.month - 1]) \(date.year) \(two(date.hour)):\(two(date.minute)):\(two(date.second)) +0000"
    }
}

extension UTF8 {
    fileprivate static func width(_ scalar: Unicode.Scalar) -> Int { String(scalar).utf8.count }
}
