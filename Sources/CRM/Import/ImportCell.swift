// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What programs do to the text of a cell, taken back.
enum ImportCell {
    /// The text itself. Exports put an apostrophe before cells that a spreadsheet would take for a formula, such as
    /// `+91…`, and some write numbers as `="0123"`, so that a spreadsheet keeps their zeros.
    static func text(_ cell: String) -> String {
        if let text = withoutGuard(cell) { return trimmed(text) }
        var text = cell[...]
        if text.hasPrefix("=\""), text.hasSuffix("\""), text.utf8.count > 3 { text = text.dropFirst(2).dropLast() }
        return trimmed(String(text))
    }

    /// What stands behind the apostrophe that ``CSVWriter`` has put there; nil where it would have put none.
    private static func withoutGuard(_ cell: String) -> String? {
        guard cell.utf8.first == UInt8(ascii: "'") else { return nil }
        let rest = cell.unicodeScalars.drop { $0 == "'" }
        guard let first = rest.first, "=+-@\t\r＝＋－＠".unicodeScalars.contains(first) else { return nil }
        return String(cell.unicodeScalars.dropFirst())
    }

    /// Most text has no space at its ends; what is ASCII there shows it at once.
    static func trimmed(_ text: String) -> String {
        func isVisible(_ byte: UInt8?) -> Bool { byte.map { (0x21...0x7E).contains($0) } ?? true }
        return isVisible(text.utf8.first) && isVisible(text.utf8.last) ? text : text.trimmingWhitespace
    }

    /// Google writes several values into one cell.
    static func values(_ text: String) -> [String] {
        guard text.utf8.contains(UInt8(ascii: ":")) else { return [text] }
        return text.split(separator: ":::").map { trimmed(String($0)) }.filter { !$0.isEmpty }
    }

    /// `-`, `NA`, `0`, `00-00-0000`: what people and programs write where there is nothing.
    static func isNothing(_ text: String) -> Bool {
        if ["na", "n/a", "nil", "null", "none"].contains(text.lowercased()) { return true }
        return text.unicodeScalars.allSatisfy {
            $0 == "0" || !$0.properties.isAlphabetic && DecimalDigit.value(of: $0) == nil
        }
    }

    /// The digits of a number that is no quantity: without the apostrophe that marks it as text, and without the `.0`
    /// of one that was calculated with, which would be a digit more.
    static func number(_ text: String) -> String {
        let text = text.first == "'" ? text.dropFirst() : text[...]
        guard let dot = text.lastIndex(of: "."), ["0", "00"].contains(text[text.index(after: dot)...]),
            text[..<dot].utf8.allSatisfy({ (48...57).contains($0) })
        else { return String(text) }
        return String(text[..<dot])
    }

    /// One line: names are written over two in some address books.
    static func oneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { (0x09...0x0D).contains($0) }) else { return text }
        return text.split { $0.isNewline || $0 == "\t" }.map { trimmed(String($0)) }.joined(separator: " ")
    }
}
