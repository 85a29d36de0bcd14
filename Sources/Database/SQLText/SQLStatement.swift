// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// One statement of an SQL text, with its words for looking at.
package struct SQLStatement: Sendable, Equatable {
    /// As it stands in the text, without the semicolon and without comments around it.
    package let text: String
    /// Where it begins, counted from 1.
    package let line: Int
    /// Names and keywords in lower case, quoted names without their quotes, strings with theirs (`'text'`), and each other
    /// character by itself. Comments are left out.
    package let words: [String]

    /// Every statement of a text, split where psql splits it: at semicolons outside strings, comments, parentheses and the
    /// bodies of functions. Takes any text: what PostgreSQL would refuse is its business.
    package static func all(in text: String) -> [SQLStatement] {
        var scanner = SQLScanner(text)
        var statements: [SQLStatement] = []
        while let statement = scanner.next() { statements.append(statement) }
        return statements
    }
}

/// Reads an SQL text word by word (PostgreSQL manual, 4.1 "Lexical Structure").
private struct SQLScanner {
    private let bytes: [UInt8]
    private var position = 0, line = 1

    init(_ text: String) { bytes = Array(text.utf8) }

    /// The next statement that has a word in it.
    mutating func next() -> SQLStatement? {
        var words: [String] = []
        var start = position, startLine = line, end = position
        var parentheses = 0, blocks = 0
        while let word = word() {
            if word.text == ";", !word.isQuoted, parentheses <= 0, blocks <= 0 {
                if words.isEmpty { continue }
                break
            }
            if words.isEmpty { (start, startLine) = (word.start, word.line) }
            if !word.isQuoted {
                switch word.text {
                case "(": parentheses += 1
                case ")": parentheses -= 1
                // The body of a function in the standard's form holds statements of its own.
                case "atomic" where words.last == "begin" && words.first == "create": blocks += 1
                case "case" where blocks > 0: blocks += 1
                case "end" where blocks > 0: blocks -= 1
                default: break
                }
            }
            words.append(word.text)
            end = position
        }
        guard !words.isEmpty else { return nil }
        return SQLStatement(text: String(decoding: bytes[start..<end], as: UTF8.self), line: startLine, words: words)
    }

    private struct Word {
        let text: String, isQuoted: Bool, start: Int, line: Int
    }

    private mutating func word() -> Word? {
        skipSpace()
        guard position < bytes.count else { return nil }
        let start = position, line = line
        let byte = bytes[position]
        func made(_ text: String, isQuoted: Bool = false) -> Word {
            Word(text: text, isQuoted: isQuoted, start: start, line: line)
        }
        switch byte {
        case UInt8(ascii: "'"):
            skipQuoted(byte, hasEscapes: false)
            return made(String(decoding: bytes[start..<position], as: UTF8.self), isQuoted: true)
        case UInt8(ascii: "\""):
            skipQuoted(byte, hasEscapes: false)
            let name = bytes[(start + 1)..<max(start + 1, position - 1)]
            return made(String(decoding: name, as: UTF8.self), isQuoted: true)
        case UInt8(ascii: "$"):
            if let body = skipDollarQuoted() { return made(body, isQuoted: true) }
        case UInt8(ascii: "e"), UInt8(ascii: "E"):
            if position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "'") {
                position += 1
                skipQuoted(UInt8(ascii: "'"), hasEscapes: true)
                return made(String(decoding: bytes[(start + 1)..<position], as: UTF8.self), isQuoted: true)
            }
        default: break
        }
        guard Self.isNameByte(byte) else {
            advance()
            return made(String(decoding: bytes[start..<position], as: UTF8.self))
        }
        while position < bytes.count, Self.isNameByte(bytes[position]) || bytes[position] == UInt8(ascii: "$") {
            advance()
        }
        return made(String(decoding: bytes[start..<position], as: UTF8.self).lowercased())
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private mutating func advance() {
        if bytes[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    private func starts(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    /// White space and comments, of which those between `/*` and `*/` may stand in one another.
    private mutating func skipSpace() {
        var depth = 0
        while position < bytes.count {
            if starts("/*") {
                depth += 1
                position += 2
            } else if depth > 0, starts("*/") {
                depth -= 1
                position += 2
            } else if depth == 0, starts("--") {
                while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
            } else if depth > 0 || bytes[position] <= UInt8(ascii: " ") {
                advance()
            } else {
                return
            }
        }
    }

    /// From one quote behind its partner; two of them stand for one.
    private mutating func skipQuoted(_ quote: UInt8, hasEscapes: Bool) {
        advance()
        while position < bytes.count {
            let byte = bytes[position]
            advance()
            if hasEscapes, byte == UInt8(ascii: "\\"), position < bytes.count {
                advance()
            } else if byte == quote {
                guard position < bytes.count, bytes[position] == quote else { return }
                advance()
            }
        }
    }

    /// `$$…$$` or `$tag$…$tag$`, as a string; nil when no such thing begins here.
    private mutating func skipDollarQuoted() -> String? {
        var end = position + 1
        while end < bytes.count, Self.isNameByte(bytes[end]) { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "$"),
            end == position + 1 || !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position + 1])
        else { return nil }
        let tag = bytes[position...end]
        for _ in tag { advance() }
        let start = position
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "$"), bytes[position...].starts(with: tag) {
                let body = bytes[start..<position]
                for _ in tag { advance() }
                return "'\(String(decoding: body, as: UTF8.self))'"
            }
            advance()
        }
        return "'\(String(decoding: bytes[start...], as: UTF8.self))'"
    }
}
