// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPTypes

/// The header fields of a reply, as the lines that will be sent. Whatever is put into a value, no CR, LF or NUL leaves
/// here: that would begin a header, or a reply, of an attacker's choosing (RFC 9110 §5.5).
package struct ResponseFields: Sendable, ExpressibleByDictionaryLiteral {
    /// `CRLF Name: value`, one after the other: each line is begun by the end of the one before it.
    package private(set) var lines: [UInt8]

    package init() { lines = [] }

    package init(dictionaryLiteral fields: (HTTPField.Name, String)...) {
        lines = []
        for (name, value) in fields { append(name, value) }
    }

    package mutating func append(_ name: HTTPField.Name, _ value: String) {
        append(name) { $0.put(value) }
    }

    /// Appends a field whose value is written piece by piece.
    package mutating func append(_ name: HTTPField.Name, _ write: (inout FieldValue) -> Void) {
        lines.append(0x0D)
        lines.append(0x0A)
        lines.append(contentsOf: name.rawName.utf8)
        lines.append(UInt8(ascii: ":"))
        lines.append(0x20)
        var value = FieldValue(lines: lines)
        lines = []
        write(&value)
        lines = value.lines
    }

    package mutating func append(contentsOf other: ResponseFields) { lines.append(contentsOf: other.lines) }

    /// Makes room for so many bytes more.
    package mutating func reserve(_ bytes: Int) { lines.reserveCapacity(lines.count + bytes) }

    /// The value of the first field with this name. Setting it takes the place of all that there are; nil removes them.
    package subscript(name: HTTPField.Name) -> String? {
        get { all.first { $0.name == name.canonicalName }?.value }
        set {
            if all.contains(where: { $0.name == name.canonicalName }) {
                let others = all.filter { $0.name != name.canonicalName }
                lines = others.flatMap(\.line)
            }
            if let newValue { append(name, newValue) }
        }
    }

    /// Every field; names in lower case.
    private var all: [(name: String, value: String, line: [UInt8])] {
        lines.split(separator: 0x0A).dropFirst().map { part in
            let line = part.last == 0x0D ? part.dropLast() : part
            let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
            return (
                String(decoding: line[..<colon], as: UTF8.self).lowercased(),
                String(decoding: line[colon...].dropFirst(2), as: UTF8.self), [0x0D, 0x0A] + line
            )
        }
    }
}

/// A value that is being written.
package struct FieldValue {
    fileprivate var lines: [UInt8]

    /// Text from anywhere; what may not stand in a value becomes a space.
    package mutating func put(_ text: String) {
        if text.utf8.allSatisfy(Self.isAllowed) {
            lines.append(contentsOf: text.utf8)
        } else {
            for byte in text.utf8 { lines.append(Self.isAllowed(byte) ? byte : 0x20) }
        }
    }

    /// Bytes of a text, as ``put(_:)``.
    package mutating func put(_ text: Span<UInt8>) {
        for index in text.indices { lines.append(Self.isAllowed(text[index]) ? text[index] : 0x20) }
    }

    /// Text from the source.
    package mutating func put(literal text: StaticString) {
        unsafe lines.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func put(_ number: Int) {
        if number < 0 { lines.append(UInt8(ascii: "-")) }
        putDigits(number.magnitude)
    }

    private mutating func putDigits(_ number: UInt) {
        if number >= 10 { putDigits(number / 10) }
        lines.append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    package mutating func put(hex uuid: UUIDv7) {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { digits in
            if let memory = digits.baseAddress { unsafe uuid.writeHex(to: memory) }
            unsafe lines.append(contentsOf: UnsafeBufferPointer(digits))
        }
    }

    /// Visible ASCII, space, tab and the bytes above ASCII.
    private static func isAllowed(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }
}
