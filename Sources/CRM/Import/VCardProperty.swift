// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// One unfolded line of a card: `item1.TEL;TYPE=CELL:98123 45678` (RFC 6350 §3.3, vCard 2.1 §2.1).
struct VCardProperty {
    /// Before the dot: it ties a property to its label.
    private(set) var group: String?
    /// In capitals.
    private(set) var name = ""
    /// `CELL`, `PREF`, in capitals, whether they were named `TYPE` or, in vCard 2.1, nothing.
    private(set) var types: [String] = []
    /// 1 is the most preferred, 100 the least; nil when nothing is said of it.
    private(set) var preference: Int?
    /// The year that an iPhone has put where there is none.
    private(set) var omittedYear: String?
    private var charset: String?
    private var isQuotedPrintable = false
    private var isBase64 = false
    private let value: ArraySlice<UInt8>

    /// Nil for a line without a colon or without a name before it.
    init?(_ line: ArraySlice<UInt8>) {
        var isQuoted = false, start = line.startIndex, parts: [ArraySlice<UInt8>] = [], colon: Int?
        for index in line.indices {
            let byte = line[index]
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            guard !isQuoted, byte == UInt8(ascii: ";") || byte == UInt8(ascii: ":") else { continue }
            parts.append(line[start..<index])
            start = line.index(after: index)
            if byte == UInt8(ascii: ":") {
                colon = index
                break
            }
        }
        guard let colon, let head = parts.first else { return nil }
        value = line[line.index(after: colon)...]
        let dot = head.lastIndex(of: UInt8(ascii: "."))
        group = dot.map { String(decoding: head[..<$0], as: UTF8.self) }
        name = Self.name(head[(dot.map { $0 + 1 } ?? head.startIndex)...])
        guard !name.isEmpty else { return nil }
        for part in parts.dropFirst() { take(parameter: String(decoding: part, as: UTF8.self)) }
    }

    /// A property's name in capitals, without spaces around it.
    static func name(_ bytes: ArraySlice<UInt8>) -> String {
        let capitals = bytes.map { (97...122).contains($0) ? $0 - 32 : $0 }
        return ImportCell.trimmed(String(decoding: capitals, as: UTF8.self))
    }

    private mutating func take(parameter: String) {
        let sides = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let text = (sides.last ?? "").filter { $0 != "\"" }
        let values = text.split(separator: ",").map { ImportCell.trimmed(String($0)).uppercased() }
        switch sides.count > 1 ? ImportCell.trimmed(String(sides[0])).uppercased() : "" {
        // vCard 2.1 names values alone.
        case "", "TYPE", "ENCODING":
            for value in values {
                switch value {
                case "QUOTED-PRINTABLE": isQuotedPrintable = true
                case "BASE64", "B": isBase64 = true
                case "PREF": preference = preference ?? 1
                default: types.append(value)
                }
            }
        case "PREF": preference = Int(text) ?? preference
        case "CHARSET": charset = values.first
        case "X-APPLE-OMIT-YEAR": omittedYear = text
        default: break
        }
    }

    // MARK: - The value

    /// The value as text, its line breaks `\n`.
    func text() throws(VCardReader.Problem) -> String { Self.unescaped(try decoded()[...]) }

    var isEmpty: Bool { value.allSatisfy { $0 == UInt8(ascii: " ") } }

    /// Whether a `BEGIN` or an `END` is of a card.
    var isOfCard: Bool { (try? text()).map { ImportCell.trimmed($0).uppercased() } == "VCARD" }

    /// The value in its parts, such as those of a name.
    func parts(separatedBy separator: UInt8 = UInt8(ascii: ";")) throws(VCardReader.Problem) -> [String] {
        let text = try decoded()
        var parts: [String] = [], start = text.startIndex, isEscaped = false
        for index in text.utf8.indices {
            let byte = text.utf8[index]
            if byte == separator, !isEscaped {
                parts.append(Self.unescaped(text[start..<index]))
                start = text.utf8.index(after: index)
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return parts + [Self.unescaped(text[start...])]
    }

    private func decoded() throws(VCardReader.Problem) -> String {
        var bytes = value
        if isQuotedPrintable {
            bytes = QuotedPrintable.decode(bytes)[...]
        } else if isBase64 {
            guard let plain = Base64.standard.decode(bytes.filter { !"= \t".utf8.contains($0) }) else {
                throw .badEncoding
            }
            bytes = plain[...]
        }
        switch charset {
        case nil, "UTF-8", "UTF8", "US-ASCII", "ASCII": break
        case "ISO-8859-1", "ISO8859-1", "LATIN1", "WINDOWS-1252", "CP1252":
            // Where the whole file has been turned into UTF-8 already, only what was encoded is still as it was.
            let isStill = isQuotedPrintable || isBase64 || String(validating: bytes, as: UTF8.self) == nil
            if isStill { bytes = Windows1252.utf8(bytes)[...] }
        default: throw .unknownCharset
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    /// `\n` is a line break; any other character behind a backslash is itself (RFC 6350 §3.4).
    private static func unescaped(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) || text.utf8.contains(UInt8(ascii: "\r")) else {
            return String(text)
        }
        var plain = String.UnicodeScalarView(), isEscaped = false, wasReturn = false
        for scalar in text.unicodeScalars {
            if isEscaped {
                isEscaped = false
                plain.append(scalar == "n" || scalar == "N" ? "\n" : scalar)
            } else if scalar == "\\" {
                isEscaped = true
            } else if !(scalar == "\n" && wasReturn) {
                plain.append(scalar == "\r" ? "\n" : scalar)
            }
            wasReturn = scalar == "\r"
        }
        if isEscaped { plain.append("\\") }
        return String(plain)
    }
}

/// Bytes written as `=E0` (RFC 2045 §6.7).
enum QuotedPrintable {
    /// An equals sign that no two hexadecimal digits follow stays.
    static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var plain: [UInt8] = [], rest = bytes
        plain.reserveCapacity(bytes.count)
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "="), let high = rest.first.flatMap(digit),
                let low = rest.dropFirst().first.flatMap(digit)
            else {
                plain.append(byte)
                continue
            }
            plain.append(high << 4 | low)
            rest = rest.dropFirst(2)
        }
        return plain
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
