// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Writes JSON straight into bytes. Replies are written by hand-picked members, never by reflection, so that a new column
/// cannot leak into an answer; and encoding through Codable costs more than the query it reports on.
package struct JSONWriter {
    package private(set) var bytes: [UInt8]
    private var needsComma = false

    package init(capacity: Int = 512) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    package mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "{"))
        try members(&self)
        close(UInt8(ascii: "}"))
    }

    package mutating func array<Elements: Sequence>(_ elements: Elements, _ write: (inout JSONWriter, Elements.Element) throws -> Void) rethrows {
        open(UInt8(ascii: "["))
        for element in elements { try write(&self, element) }
        close(UInt8(ascii: "]"))
    }

    /// A member whose value `write` adds. The name is ASCII without anything to escape.
    package mutating func member(_ name: StaticString, _ write: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try write(&self)
    }

    package mutating func member(_ name: StaticString, _ text: String) {
        key(name)
        string(text)
    }

    package mutating func member(_ name: StaticString, _ flag: Bool) {
        key(name)
        bool(flag)
    }

    package mutating func member(_ name: StaticString, _ number: some BinaryInteger) {
        key(name)
        integer(number)
    }

    package mutating func member(_ name: StaticString, _ instant: Instant) {
        key(name)
        comma()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: instant.rfc3339)
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func member<Kind>(_ name: StaticString, _ identifier: Identifier<Kind>) {
        key(name)
        string(identifier.description)
    }

    /// An absent value is an absent member, never null (fewer shapes for clients to handle).
    package mutating func member(_ name: StaticString, _ text: String?) {
        if let text { member(name, text) }
    }

    package mutating func member(_ name: StaticString, _ texts: [String]) {
        key(name)
        array(texts) { $0.string($1) }
    }

    /// A member whose name is not known in the source and may need escaping.
    package mutating func member(dynamic name: String, _ text: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
        string(text)
    }

    package mutating func bool(_ flag: Bool) {
        comma()
        bytes.append(contentsOf: flag ? "true".utf8 : "false".utf8)
    }

    package mutating func integer(_ number: some BinaryInteger) {
        comma()
        bytes.append(contentsOf: String(number).utf8)
    }

    package mutating func string(_ text: String) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var clean = 0
            for index in utf8.indices {
                let byte = unsafe utf8[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F else { continue }
                unsafe bytes.append(contentsOf: utf8[clean..<index])
                escape(byte)
                clean = index + 1
            }
            unsafe bytes.append(contentsOf: utf8[clean...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        default: bytes.append(contentsOf: "\\u00\(Hex.encode(CollectionOfOne(byte)))".utf8)
        }
    }

    private mutating func key(_ name: StaticString) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func open(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}

/// What writes itself as one JSON value.
package protocol JSONWritable {
    func write(to json: inout JSONWriter)
}

extension JSONWritable {
    package var jsonBytes: [UInt8] {
        var json = JSONWriter()
        write(to: &json)
        return json.bytes
    }
}
