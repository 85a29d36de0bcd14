// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Reads comma-separated values (RFC 4180) as they come, in pieces of any size, within bounds.
///
/// Lenient where real files are: a byte order mark, CRLF or LF, semicolons, tabs or bars in place of commas, Excel's
/// line `sep=;` before the first record, blank lines. A record that cannot be read is reported with its number and the
/// reader goes on behind it. Nothing is read before it is asked for, so there is never more than one record beside the
/// bytes.
package struct CSVReader: ~Copyable {
    package enum Record: Equatable {
        /// - number: 1 for the first record of the file, blank lines not counted.
        case fields([String], number: Int)
        case problem(Problem, number: Int)
    }

    package enum Problem: String, Equatable {
        case notUTF8 = "not_utf8"
        case tooManyColumns = "too_many_columns"
        case fieldTooLong = "field_too_long"
        /// A quote inside an unquoted field, text after a closing quote, or no closing quote before the end of the
        /// file.
        case badQuotes = "bad_quotes"
    }

    package static let maximumFieldBytes = 65_536, maximumColumns = 200
    /// How much of the first record is looked at for what separates its columns.
    private static let searchBytes = 65_536
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private enum State { case fieldStart, unquoted, quoted, quoteInQuoted }

    /// What separates the columns; nil until the first record has been looked at.
    package private(set) var separator: CSVSeparator?
    package private(set) var bytesRead = 0

    /// Bytes that have come; those from `position` on have not been read.
    private var input: [UInt8] = []
    private var position = 0
    private var isWhole = false
    private var hasBegun = false
    private var isBehindMark = false
    /// How many bytes of the first record have been looked at for what separates its columns.
    private var looked = 0
    private var search = CSVSeparatorSearch()

    private var state = State.fieldStart
    /// The fields of the record in hand, one behind the other, and where each of them ends.
    private var content: [UInt8] = []
    private var ends: [Int] = []
    private var problem: Problem?
    private var records = 0
    private var sawCarriageReturn = false

    /// - Parameter separator: what separates the columns, for a file of which it is known; else the first record tells.
    package init(separator: CSVSeparator? = nil) { self.separator = separator }

    package mutating func append(_ bytes: [UInt8]) {
        bytesRead += bytes.count
        if position == input.count {
            input = bytes
        } else {
            input.removeFirst(position)
            input += bytes
        }
        position = 0
    }

    /// The file has ended: what is left is its last record.
    package mutating func finish() { isWhole = true }

    /// The next whole record, if the bytes so far hold one.
    package mutating func next() -> Record? {
        guard hasBegun || begin(), let separator else { return nil }
        while position < input.count {
            if scan(separator.byte), let record = endRecord() { return record }
        }
        guard isWhole, state != .fieldStart || !ends.isEmpty || problem != nil else { return nil }
        if state == .quoted { note(.badQuotes) }
        endField()
        return endRecord()
    }

    // MARK: - The beginning of the file

    /// Passes over what stands before the first record and finds out what separates columns. False when that needs more
    /// bytes.
    private mutating func begin() -> Bool {
        if !isBehindMark {
            guard input.count >= Self.byteOrderMark.count || isWhole else { return false }
            if input.starts(with: Self.byteOrderMark) { position = Self.byteOrderMark.count }
            isBehindMark = true
        }
        var hasEnded = false
        while !hasEnded, position + looked < input.count, looked < Self.searchBytes {
            hasEnded = !search.take(input[position + looked])
            looked += 1
            if hasEnded, search.isEmpty {
                hasEnded = false
                position += looked
                looked = 0
            }
        }
        guard hasEnded || isWhole || looked == Self.searchBytes else { return false }
        let line = input[position..<(position + looked - (hasEnded ? 1 : 0))]
        if let told = CSVSeparator(line: line) {
            separator = separator ?? told
            sawCarriageReturn = hasEnded && input[line.endIndex] == UInt8(ascii: "\r")
            position += looked
        }
        separator = separator ?? search.result
        hasBegun = true
        return true
    }

    // MARK: - Records

    /// Reads on to the end of the record or of the bytes; true when the record has ended.
    private mutating func scan(_ separator: UInt8) -> Bool {
        let input = input, bytes = input.span
        var index = position
        defer { position = index }
        if sawCarriageReturn {
            sawCarriageReturn = false
            if bytes[index] == UInt8(ascii: "\n") { index += 1 }
        }
        while index < bytes.count {
            let start = index
            if state == .quoted {
                while index < bytes.count, bytes[index] != UInt8(ascii: "\"") { index += 1 }
                put(input[start..<index])
                guard index < bytes.count else { break }
                state = .quoteInQuoted
                index += 1
                continue
            }
            while index < bytes.count, !Self.hasMeaning(bytes[index], separator) { index += 1 }
            if index > start {
                if state == .quoteInQuoted { note(.badQuotes) }
                put(input[start..<index])
                state = .unquoted
            }
            guard index < bytes.count else { break }
            let byte = bytes[index]
            index += 1
            switch byte {
            case separator: endField()
            case UInt8(ascii: "\""): quote(input[(index - 1)..<index])
            default:
                sawCarriageReturn = byte == UInt8(ascii: "\r")
                endField()
                return true
            }
        }
        return false
    }

    private static func hasMeaning(_ byte: UInt8, _ separator: UInt8) -> Bool {
        byte == separator || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }

    /// A quote that stands outside quotes or behind another one.
    private mutating func quote(_ byte: ArraySlice<UInt8>) {
        switch state {
        case .fieldStart: state = .quoted
        case .quoteInQuoted:
            put(byte)
            state = .quoted
        case .unquoted, .quoted:
            note(.badQuotes)
            put(byte)
        }
    }

    private mutating func put(_ bytes: ArraySlice<UInt8>) {
        guard problem == nil else { return }
        guard content.count - (ends.last ?? 0) + bytes.count <= Self.maximumFieldBytes else {
            return note(.fieldTooLong)
        }
        content.append(contentsOf: bytes)
    }

    private mutating func note(_ problem: Problem) { if self.problem == nil { self.problem = problem } }

    private mutating func endField() {
        if ends.count < Self.maximumColumns { ends.append(content.count) } else { note(.tooManyColumns) }
        state = .fieldStart
    }

    /// Nil for a blank line.
    private mutating func endRecord() -> Record? {
        defer {
            content.removeAll(keepingCapacity: true)
            ends.removeAll(keepingCapacity: true)
            problem = nil
        }
        if problem == nil, ends.count == 1, content.isEmpty { return nil }
        records += 1
        if let problem { return .problem(problem, number: records) }
        var texts: [String] = [], start = 0
        texts.reserveCapacity(ends.count)
        for end in ends {
            guard let text = String(validating: content[start..<end], as: UTF8.self) else {
                return .problem(.notUTF8, number: records)
            }
            texts.append(text)
            start = end
        }
        return .fields(texts, number: records)
    }
}
