// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Several texts in one cell: `silk;vip`. Commas, semicolons and bars part them; a text that holds one of these stands in
/// quotation marks, as cells do in their rows: `silk;"red, blue";"say ""yes"""`.
enum ListCell {
    struct Element: Equatable {
        let text: String
        /// Somebody has said that it is one text and no other.
        let isQuoted: Bool
    }

    private static let quote: Unicode.Scalar = "\""

    private static func parts(_ scalar: Unicode.Scalar) -> Bool { scalar == "," || scalar == ";" || scalar == "|" }

    /// Adds a text to a cell, so that ``elements(of:)`` finds it again.
    /// - Parameter text: UTF-8, not empty, without spaces at its ends.
    static func append(_ text: Span<UInt8>, to cell: inout [UInt8]) {
        if !cell.isEmpty { cell.append(UInt8(ascii: ";")) }
        guard mustQuote(text) else {
            for index in text.indices { cell.append(text[index]) }
            return
        }
        cell.append(UInt8(ascii: "\""))
        for index in text.indices {
            if text[index] == UInt8(ascii: "\"") { cell.append(UInt8(ascii: "\"")) }
            cell.append(text[index])
        }
        cell.append(UInt8(ascii: "\""))
    }

    /// The same text, as one whole element of a cell.
    static func quoted(_ text: String) -> String {
        var element = String.UnicodeScalarView([quote])
        for scalar in text.unicodeScalars {
            if scalar == quote { element.append(quote) }
            element.append(scalar)
        }
        element.append(quote)
        return String(element)
    }

    /// Where it would be taken apart or left out (``isAddressBooksOwn(_:)``), or seem to be quoted already.
    private static func mustQuote(_ text: Span<UInt8>) -> Bool {
        var colons = 0
        for index in text.indices {
            colons = text[index] == UInt8(ascii: ":") ? colons + 1 : 0
            switch text[index] {
            case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "|"): return true
            case UInt8(ascii: "\"") where index == 0: return true
            default: if colons == 3 { return true }
            }
        }
        return isAddressBooksOwn(unsafe text.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) })
    }

    /// The groups that Google puts everybody in.
    static func isAddressBooksOwn(_ text: String) -> Bool {
        text.hasPrefix("* ") || text == "myContacts" || text == "starred"
    }

    /// The texts of a cell, some of them perhaps empty.
    static func elements(of cell: String) -> [Element] {
        var elements: [Element] = [], rest = Substring(cell).unicodeScalars
        while !rest.isEmpty {
            if let (text, end) = quotedText(rest) {
                elements.append(Element(text: ImportCell.trimmed(text), isQuoted: true))
                rest = rest[end...].dropFirst()
                continue
            }
            let end = rest.firstIndex(where: parts) ?? rest.endIndex
            for value in ImportCell.values(ImportCell.trimmed(String(rest[..<end]))) {
                elements.append(Element(text: value, isQuoted: false))
            }
            rest = rest[end...].dropFirst()
        }
        return elements
    }

    /// What stands between the quotation marks with which this begins, and where the next separator or the end is; nil where
    /// something else follows, so that they are letters like any others: `"Raj" tailors`.
    private static func quotedText(_ text: Substring.UnicodeScalarView) -> (String, Substring.UnicodeScalarView.Index)?
    {
        var rest = text.drop { $0 == " " }, found = String.UnicodeScalarView()
        guard rest.popFirst() == quote else { return nil }
        while let scalar = rest.popFirst() {
            guard scalar == quote else {
                found.append(scalar)
                continue
            }
            if rest.first == quote {
                found.append(quote)
                rest = rest.dropFirst()
                continue
            }
            rest = rest.drop { $0 == " " }
            return rest.isEmpty || rest.first.map(parts) == true ? (String(found), rest.startIndex) : nil
        }
        return nil
    }
}
