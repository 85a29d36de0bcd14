// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// A mail server's "no" (RFC 5321 §4.2).
package struct MailRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// 400 to 599.
    package let status: Int
    /// `5.1.1`, where the server gives one (RFC 3463).
    package let enhanced: String?

    /// What it is about may pass: ask again later.
    package var isTransient: Bool { status < 500 }

    /// Nobody is there: do not write to this address again. A bare 550 may be about whoever writes, or what.
    package var isUnknownAddress: Bool { enhanced == "5.1.1" }

    package var description: String { "the mail server refused with \(status)\(enhanced.map { " \($0)" } ?? "")" }

    /// Nil when the last reply was none that refuses.
    init?(status: Int, line: String) {
        guard (400...599).contains(status) else { return nil }
        self.status = status
        let word = line.hasPrefix("\(status)") ? line.dropFirst(4).prefix { $0 != " " } : ""
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        let isEnhanced =
            parts.count == 3 && parts[0].utf8.elementsEqual("\(status / 100)".utf8)
            && parts.allSatisfy { (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy { (48...57).contains($0) } }
        enhanced = isEnhanced ? String(word) : nil
    }
}
