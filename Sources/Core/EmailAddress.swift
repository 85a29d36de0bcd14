// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// An e-mail address of the form that people have: `local@domain`, ASCII, at most 254 bytes (RFC 5321 §4.5.3.1).
///
/// Quoted local parts, comments and address literals are refused. The whole address is kept in lower case: providers in
/// use ignore case, and an address that differs only by case belongs to the same person.
package struct EmailAddress: Hashable, Sendable, CustomStringConvertible {
    package let address: String

    package var description: String { address }

    /// An address that was validated before it was stored.
    package init(stored address: String) { self.address = address }

    package init?(_ text: String) {
        let trimmed = text.drop { $0 == " " }
        guard let end = trimmed.lastIndex(where: { $0 != " " }) else { return nil }
        let candidate = trimmed[...end].lowercased()
        guard (3...254).contains(candidate.utf8.count), let at = candidate.utf8.lastIndex(of: UInt8(ascii: "@")) else {
            return nil
        }
        let local = candidate.utf8[..<at], domain = candidate.utf8[candidate.utf8.index(after: at)...]
        guard Self.isLocalPart(local), Self.isDomain(domain) else { return nil }
        address = candidate
    }

    /// - Throws: `FieldError` with code `invalid_email`, at `pointer`.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        guard let email = EmailAddress(text) else {
            throw FieldError(pointer, "invalid_email", "Give an e-mail address like name@example.in.")
        }
        self = email
    }

    /// dot-atom of RFC 5322 §3.2.3, 1 to 64 bytes.
    private static func isLocalPart(_ local: Substring.UTF8View) -> Bool {
        guard (1...64).contains(local.count) else { return false }
        let parts = local.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { isAlphanumeric($0) || "!#$%&'*+/=?^_`{|}~-".utf8.contains($0) }
        }
    }

    /// At least two labels of letters, digits and inner hyphens, the last one not all digits (RFC 1123 §2.1).
    private static func isDomain(_ domain: Substring.UTF8View) -> Bool {
        let labels = domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2, let last = labels.last, !last.allSatisfy({ (48...57).contains($0) }) else {
            return false
        }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte)
    }
}
