// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Reads comma-separated values (RFC 4180) as they come, in pieces of any size, within bounds.
///
/// Lenient where real files are: a byte order mark, CRLF or LF, semicolons or tabs in place of commas, blank lines. A record
/// that cannot be read is reported with its number and the reader goes on behind it.
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
        /// A quote inside an unquoted field, text after a closing quote, or no closing quote before the end of the file.
        case badQuotes = "bad_quotes"
    }

    package static let maximumFieldBytes = 65_536, maximumColumns = 200

    private enum State { case fieldStart, unquoted, quoted, quoteInQuoted }

    private var state = State.fieldStart
    private var field: [UInt8] = []
    private var fields: [[UInt8]] = []
    private var problem: Problem?
    private var delimiter: UInt8?
    private var records = 0
    private var isAtStart = true
    private var sawCarriageReturn = false
    /// Bytes of the first record seen before the delimiter is known.
    private var ready: ArraySlice<Record> = []
    private(set) var bytesRead = 0

    package init() {}

    /// The next whole record, if the bytes so far hold one.
    package mutating func next() -> Record? { ready.popFirst() }

    package mutating func append(_ bytes: [UInt8]) {
        bytesRead += bytes.count
        for byte in bytes { take(byte) }
    }

    /// The file has ended: what is left is its last record.
    package mutating func finish() {
        if state == .quoted { note(.badQuotes) }
        if state != .fieldStart || !fields.isEmpty || problem != nil { endRecord() }
    }

    private mutating func take(_ byte: UInt8) {
        if sawCarriageReturn {
            sawCarriageReturn = false
            if byte == UInt8(ascii: "\n") { return }
        }
        switch state {
        case .quoted:
            if byte == UInt8(ascii: "\"") { state = .quoteInQuoted } else { put(byte) }
        case .fieldStart where byte == UInt8(ascii: "\"") && isFieldEmpty:
            state = .quoted
        default:
            outsideQuotes(byte)
        }
    }

    /// A byte order mark may stand before the first quote.
    private var isFieldEmpty: Bool { field.isEmpty || (isAtStart && field == [0xEF, 0xBB, 0xBF]) }

    private mutating func outsideQuotes(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\n"): endRecord()
        case UInt8(ascii: "\r"):
            sawCarriageReturn = true
            endRecord()
        case UInt8(ascii: "\"") where state == .quoteInQuoted:
            put(byte)
            state = .quoted
        case _ where isDelimiter(byte): endField()
        default:
            if state == .quoteInQuoted || byte == UInt8(ascii: "\"") { note(.badQuotes) }
            state = .unquoted
            // A byte order mark leaves the field's start where it is.
            put(byte)
            if isAtStart, [0xEF, 0xBB, 0xBF].starts(with: field) { state = .fieldStart }
        }
    }

    /// The first of comma, semicolon and tab outside quotes is what this file separates with.
    private mutating func isDelimiter(_ byte: UInt8) -> Bool {
        if let delimiter { return byte == delimiter }
        guard records == 0, byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "\t") else {
            return false
        }
        delimiter = byte
        return true
    }

    private mutating func put(_ byte: UInt8) {
        guard field.count < Self.maximumFieldBytes else { return note(.fieldTooLong) }
        field.append(byte)
    }

    private mutating func note(_ problem: Problem) { if self.problem == nil { self.problem = problem } }

    private mutating func endField() {
        if isAtStart {
            isAtStart = false
            if field.starts(with: [0xEF, 0xBB, 0xBF]) { field.removeFirst(3) }
        }
        if fields.count < Self.maximumColumns { fields.append(field) } else { note(.tooManyColumns) }
        field.removeAll(keepingCapacity: true)
        state = .fieldStart
    }

    private mutating func endRecord() {
        endField()
        defer {
            fields.removeAll(keepingCapacity: true)
            problem = nil
        }
        if problem == nil, fields.count == 1, fields[0].isEmpty { return }  // a blank line
        // A file of one column has no delimiter to find.
        if delimiter == nil { delimiter = UInt8(ascii: ",") }
        records += 1
        if let problem {
            ready.append(.problem(problem, number: records))
            return
        }
        var texts: [String] = []
        texts.reserveCapacity(fields.count)
        for field in fields {
            guard let text = String(validating: field, as: UTF8.self) else {
                ready.append(.problem(.notUTF8, number: records))
                return
            }
            texts.append(text)
        }
        ready.append(.fields(texts, number: records))
    }
}
