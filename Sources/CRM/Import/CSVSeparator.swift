// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What stands between the columns of a file. Spelled the same in SQL and JSON.
package enum CSVSeparator: String, Sendable, CaseIterable {
    case comma, semicolon, tab, pipe

    var byte: UInt8 {
        switch self {
        case .comma: UInt8(ascii: ",")
        case .semicolon: UInt8(ascii: ";")
        case .tab: UInt8(ascii: "\t")
        case .pipe: UInt8(ascii: "|")
        }
    }

    init?(_ byte: UInt8) {
        guard let separator = Self.allCases.first(where: { $0.byte == byte }) else { return nil }
        self = separator
    }

    /// From a first line such as `sep=;`, which Excel obeys and does not show.
    init?(line: ArraySlice<UInt8>) {
        guard line.count == 5, line.prefix(3).map({ $0 | 0x20 }) == Array("sep".utf8),
            line.dropFirst(3).first == UInt8(ascii: "="), let last = line.last
        else { return nil }
        self.init(last)
    }
}

/// Finds out what separates the columns of a file: of the four what stands most often in its first record, outside
/// quotes. Of two that stand there equally often it is the one that comes first.
struct CSVSeparatorSearch {
    private var found: [(separator: CSVSeparator, count: Int)] = []
    private var isQuoted = false
    private var mayOpenQuote = true

    /// Whether the record holds nothing so far.
    private(set) var isEmpty = true

    /// False when the byte ends the record.
    mutating func take(_ byte: UInt8) -> Bool {
        if byte == UInt8(ascii: "\""), isQuoted || mayOpenQuote {
            // A doubled quote closes and opens again.
            isQuoted.toggle()
            mayOpenQuote = true
        } else if !isQuoted {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { return false }
            let separator = CSVSeparator(byte)
            mayOpenQuote = separator != nil
            if let separator { count(separator) }
        }
        isEmpty = false
        return true
    }

    private mutating func count(_ separator: CSVSeparator) {
        if let index = found.firstIndex(where: { $0.separator == separator }) {
            found[index].count += 1
        } else {
            found.append((separator, 1))
        }
    }

    /// A comma in a file of one column.
    var result: CSVSeparator {
        let most = found.map(\.count).max()
        return found.first { $0.count == most }?.separator ?? .comma
    }
}
