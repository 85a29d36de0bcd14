// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A link that can be shown to people: `https://`, a host that has a name, nothing that signs in (RFC 3986). It is never followed.
package struct WebLink: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package var description: String { text }

    package static let maximumBytes = 2_000

    /// One that was validated before it was stored.
    package init(stored text: String) { self.text = text }

    /// Letters of other scripts come percent-encoded or as Punycode, as browsers copy them. What browsers read as something else than
    /// it looks like is refused: backslashes, spaces and quotes, and names before an `@`.
    package init?(_ text: String) {
        let bytes = Array(text.utf8), scheme = Array("https://".utf8)
        guard bytes.count <= Self.maximumBytes, bytes.count > scheme.count,
            zip(bytes, scheme).allSatisfy({ Self.lowercased($0) == $1 }), Self.areLinkLetters(bytes[...])
        else { return nil }
        let rest = bytes[scheme.count...]
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        guard Self.isAuthority(authority) else { return nil }
        self.text = "https://" + String(decoding: rest, as: UTF8.self)
    }

    /// - Throws: `FieldError` with code `invalid_url`, at `pointer`.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        guard let link = WebLink(text) else {
            throw FieldError(
                pointer, "invalid_url",
                "Give a link that begins with https://, without a password, as browsers show it.")
        }
        self = link
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(lowercased(byte))
    }

    /// Unreserved and reserved characters, and a percent sign before two hexadecimal digits (RFC 3986 §2).
    private static func areLinkLetters(_ bytes: ArraySlice<UInt8>) -> Bool {
        func isHex(_ index: Int) -> Bool {
            index < bytes.endIndex
                && ((48...57).contains(bytes[index]) || (97...102).contains(lowercased(bytes[index])))
        }
        return bytes.indices.allSatisfy { index in
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") { return isHex(index + 1) && isHex(index + 2) }
            return isAlphanumeric(byte) || "-._~:/?#[]@!$&'()*+,;=".utf8.contains(byte)
        }
    }

    /// A host of at least two labels of letters, digits and inner hyphens, and perhaps a port.
    private static func isAuthority(_ authority: ArraySlice<UInt8>) -> Bool {
        let parts = authority.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let host = parts.first, parts.count <= 2, host.count <= 253 else { return false }
        if parts.count == 2 {
            guard (1...5).contains(parts[1].count), parts[1].allSatisfy({ (48...57).contains($0) }),
                let port = Int(String(decoding: parts[1], as: UTF8.self)), (1...65_535).contains(port)
            else { return false }
        }
        let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                    && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
            }
    }
}
