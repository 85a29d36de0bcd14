// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Writes comma-separated values (RFC 4180) that a spreadsheet opens without running anything: a cell that it would take
/// for a formula, such as `+91…`, gets an apostrophe before it (OWASP, "CSV Injection"). Importing takes that off again
/// (``ImportCell/text(_:)``), so what begins with apostrophes itself and then like a formula gets one more.
struct CSVWriter: ~Copyable {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    /// What spreadsheets need to see that a file is UTF-8.
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    mutating func cell(_ text: Span<UInt8>) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        let isFormula = Self.looksLikeFormula(text), mustQuote = Self.mustQuote(text)
        if mustQuote { bytes.append(UInt8(ascii: "\"")) }
        if isFormula { bytes.append(UInt8(ascii: "'")) }
        for index in text.indices {
            if text[index] == UInt8(ascii: "\"") { bytes.append(UInt8(ascii: "\"")) }
            bytes.append(text[index])
        }
        if mustQuote { bytes.append(UInt8(ascii: "\"")) }
    }

    mutating func cell(_ text: String) {
        var text = text
        text.withUTF8 { unsafe cell($0.span) }
    }

    /// An amount of money as a number: its digits are ours, and a minus before them makes no formula.
    mutating func cell(_ amount: Rupees) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        bytes.append(contentsOf: amount.decimal.utf8)
    }

    mutating func endRow() {
        bytes.append(contentsOf: [0x0D, 0x0A])
        isFirst = true
    }

    private static func mustQuote(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D: return true
            default: continue
            }
        }
        // Some readers cut spaces off that stand at an end.
        return !text.isEmpty && (text[0] == 0x20 || text[text.count - 1] == 0x20)
    }

    /// `=`, `+`, `-`, `@`, tab or carriage return in front, or the full-width forms of the first four (U+FF1D and so on);
    /// or one of these behind nothing but apostrophes.
    private static func looksLikeFormula(_ text: Span<UInt8>) -> Bool {
        var start = 0
        while start < text.count, text[start] == UInt8(ascii: "'") { start += 1 }
        guard start < text.count else { return false }
        switch text[start] {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D: return true
        case 0xEF where text.count >= start + 3 && text[start + 1] == 0xBC:
            return [0x9D, 0x8B, 0x8D, 0xA0].contains(text[start + 2])
        default: return false
        }
    }
}
