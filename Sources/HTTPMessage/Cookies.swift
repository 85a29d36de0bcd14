// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPTypes

/// The cookies of a request (RFC 6265 §4.2.1 and §5.4). A browser sends what it was given; whoever sends a name twice is no
/// browser of ours, or somebody has planted a second one, and then neither is believed.
package struct Cookies: Sendable {
    package static let maximum = 50

    private var values: [(name: String, value: String)] = []

    /// What cannot be read, and what is beyond the bound, is passed over.
    package init(_ fields: RequestFields) {
        for header in fields.values(.cookie) {
            for pair in header.utf8.split(separator: UInt8(ascii: ";")).prefix(Self.maximum)
            where values.count < Self.maximum {
                guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let name = Self.trimmed(pair[..<equals]),
                    value = Self.unquoted(Self.trimmed(pair[equals...].dropFirst()))
                guard !name.isEmpty, name.allSatisfy(Self.isToken), value.allSatisfy(Self.isValue) else { continue }
                values.append((String(Substring(name)), String(Substring(value))))
            }
        }
    }

    /// The value of the one cookie with this name.
    package subscript(name: String) -> String? {
        let found = values.filter { $0.name == name }
        return found.count == 1 ? found[0].value : nil
    }

    package var count: Int { values.count }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var text = text
        while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }

    private static func unquoted(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let quote = UInt8(ascii: "\"")
        return text.count >= 2 && text.first == quote && text.last == quote ? text.dropFirst().dropLast() : text
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// `cookie-octet`: visible ASCII without quotes, commas, semicolons and backslashes.
    private static func isValue(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !"\",;\\".utf8.contains(byte)
    }
}
