// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Reads one JSON text, strictly and within bounds.
///
/// RFC 8259 and nothing more: no byte order mark, no comment, no trailing comma, no other encoding than UTF-8. What the
/// standard leaves open is closed: duplicate keys, `\u0000` and lone surrogates are refused. It never traps and never
/// recurses deeper than ``JSONLimits/depth``.
package struct JSONReader: ~Copyable {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var index = 0
    private var nodes = 0
    private var path: [String] = []

    /// - Throws: ``JSONError``.
    package static func parse(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes, limits)
        let value = try reader.value(depth: 0)
        reader.skipWhitespace()
        guard reader.index == bytes.count else {
            throw reader.error(.malformedJSON, "There is text after the end of the JSON value.")
        }
        return value
    }

    private init(_ bytes: [UInt8], _ limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    private func error(_ code: JSONError.Code, _ detail: String) -> JSONError {
        JSONError(code: code, pointer: path.map { "/" + $0.jsonPointerToken }.joined(), detail: detail)
    }

    private func malformed(_ expected: String) -> JSONError {
        error(.malformedJSON, "Expected \(expected) at byte \(index).")
    }

    private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipWhitespace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        skipWhitespace()
        nodes += 1
        guard nodes <= limits.nodes else { throw error(.limitExceeded, "More than \(limits.nodes) values.") }
        switch peek() {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case .some(let byte) where byte == UInt8(ascii: "-") || (48...57).contains(byte): return try number()
        default: throw malformed("a JSON value")
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in "\(word)".utf8 {
            guard peek() == byte else { throw malformed("\(word)") }
            index += 1
        }
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < limits.depth else { throw error(.limitExceeded, "Nested deeper than \(limits.depth) levels.") }
        index += 1
        var members: [JSONValue.Member] = []
        var keys: Set<String> = []
        skipWhitespace()
        if peek() == UInt8(ascii: "}") {
            index += 1
            return .object(members)
        }
        while true {
            skipWhitespace()
            guard peek() == UInt8(ascii: "\"") else { throw malformed("a member name in quotes") }
            let key = try string()
            path.append(key)
            guard keys.insert(key).inserted else { throw error(.duplicateKey, "The member appears twice.") }
            skipWhitespace()
            guard peek() == UInt8(ascii: ":") else { throw malformed("':'") }
            index += 1
            members.append(.init(key: key, value: try value(depth: depth + 1)))
            path.removeLast()
            if try endOfContainer(UInt8(ascii: "}"), "',' or '}'") { return .object(members) }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < limits.depth else { throw error(.limitExceeded, "Nested deeper than \(limits.depth) levels.") }
        index += 1
        var elements: [JSONValue] = []
        skipWhitespace()
        if peek() == UInt8(ascii: "]") {
            index += 1
            return .array(elements)
        }
        while true {
            path.append(String(elements.count))
            elements.append(try value(depth: depth + 1))
            path.removeLast()
            if try endOfContainer(UInt8(ascii: "]"), "',' or ']'") { return .array(elements) }
        }
    }

    private mutating func endOfContainer(_ end: UInt8, _ expected: String) throws(JSONError) -> Bool {
        skipWhitespace()
        switch peek() {
        case end:
            index += 1
            return true
        case UInt8(ascii: ","):
            index += 1
            return false
        default: throw malformed(expected)
        }
    }

    /// The grammar of RFC 8259 §6: no leading zero, no leading plus, digits on both sides of a point.
    private mutating func number() throws(JSONError) -> JSONValue {
        let start = index
        var isInteger = true
        if peek() == UInt8(ascii: "-") { index += 1 }
        if peek() == UInt8(ascii: "0") { index += 1 } else { try digits() }
        if peek() == UInt8(ascii: ".") {
            isInteger = false
            index += 1
            try digits()
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            isInteger = false
            index += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { index += 1 }
            try digits()
        }
        guard index - start <= limits.numberLength else {
            throw error(.limitExceeded, "A number of more than \(limits.numberLength) characters.")
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw error(.limitExceeded, "The number is too large.")
        }
        return .number(number)
    }

    private mutating func digits() throws(JSONError) {
        let start = index
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        guard index > start else { throw malformed("a digit") }
    }

    private mutating func string() throws(JSONError) -> String {
        index += 1
        let start = index
        // Most strings hold no escape: find the end first and take the bytes as they are.
        while index < bytes.count, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\"),
            bytes[index] >= 0x20
        { index += 1 }
        try checkLength(index - start)
        if peek() == UInt8(ascii: "\"") {
            defer { index += 1 }
            return try utf8(bytes[start..<index])
        }
        var content = Array(bytes[start..<index])
        while true {
            guard let byte = peek() else { throw malformed("the closing quote of a string") }
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return try utf8(content[...])
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0x00..<0x20: throw malformed("an escape in place of a control character")
            default:
                content.append(byte)
                index += 1
            }
            try checkLength(content.count)
        }
    }

    private func checkLength(_ count: Int) throws(JSONError) {
        guard count <= limits.stringBytes else {
            throw error(.limitExceeded, "A string of more than \(limits.stringBytes) bytes.")
        }
    }

    private func utf8(_ content: ArraySlice<UInt8>) throws(JSONError) -> String {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw error(.malformedJSON, "The text is not UTF-8.")
        }
        // A raw NUL is a control character and refused above, an escaped one in `escape`.
        return text
    }

    private mutating func escape(into content: inout [UInt8]) throws(JSONError) {
        index += 1
        guard let byte = peek() else { throw malformed("an escape") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content.append(contentsOf: Array(String(Character(try escapedScalar())).utf8))
        default:
            index -= 1
            throw malformed("an escape")
        }
    }

    /// The scalar after `\u`, reading the second half of a surrogate pair where the first was met.
    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let first = try fourHexDigits()
        if first == 0 { throw error(.forbiddenCharacter, "\\u0000 cannot be stored.") }
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, peek() == UInt8(ascii: "\\"), index + 1 < bytes.count,
            bytes[index + 1] == UInt8(ascii: "u")
        else {
            throw error(.forbiddenCharacter, "Half a surrogate pair is no character.")
        }
        index += 2
        let second = try fourHexDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else {
            throw error(.forbiddenCharacter, "Half a surrogate pair is no character.")
        }
        return scalar
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            switch peek() {
            case .some(let byte) where (48...57).contains(byte): value = value << 4 | UInt32(byte - 48)
            case .some(let byte) where (97...102).contains(byte): value = value << 4 | UInt32(byte - 87)
            case .some(let byte) where (65...70).contains(byte): value = value << 4 | UInt32(byte - 55)
            default: throw malformed("four hexadecimal digits")
            }
            index += 1
        }
        return value
    }
}
