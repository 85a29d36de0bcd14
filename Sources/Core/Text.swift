// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Text that a person typed: trimmed, in Unicode normalisation form C, without control characters, bounded.
///
/// Length is counted in bytes of UTF-8, because that is what storage and transport bound; a limit of 200 is 66 Devanagari
/// letters. Line breaks and tabs are allowed where `multiline` says so.
package struct Text: Hashable, Sendable {
    package let value: String

    /// - Throws: ``FieldError`` with code `required`, `too_long` or `forbidden_character`, at `pointer`.
    package init(_ raw: String, at pointer: String, maximumBytes: Int, multiline: Bool = false) throws(FieldError) {
        guard raw.utf8.count <= maximumBytes else {
            throw FieldError(pointer, "too_long", "At most \(maximumBytes) bytes of text.")
        }
        for scalar in raw.unicodeScalars {
            let allowed =
                switch scalar.properties.generalCategory {
                case .control: multiline && (scalar == "\n" || scalar == "\r" || scalar == "\t")
                case .surrogate, .unassigned, .privateUse, .lineSeparator, .paragraphSeparator: false
                default: true
                }
            guard allowed else {
                throw FieldError(pointer, "forbidden_character", "Control characters are not allowed here.")
            }
        }
        let normalized = raw.normalizedNFC.trimmingWhitespace
        guard !normalized.isEmpty else { throw FieldError(pointer, "required", "Must not be empty.") }
        // Composition may lengthen a few scripts by a third; the bound holds for what is stored.
        guard normalized.utf8.count <= maximumBytes else {
            throw FieldError(pointer, "too_long", "At most \(maximumBytes) bytes of text.")
        }
        value = normalized
    }
}

extension StringProtocol {
    package var trimmingWhitespace: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
