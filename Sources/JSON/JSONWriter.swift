// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Writes JSON straight into bytes. Replies are written by hand-picked members, never by reflection, so that a new column
/// cannot leak into an answer; and encoding through Codable costs more than the query it reports on.
@safe package struct JSONWriter: ~Copyable {
    // Memory of our own rather than an array: nearly every call appends a few bytes, and an array would check for each
    // whether it is shared. `count <= capacity` always; `reserve` comes before every write.
    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count = 0
    private var needsComma = false

    package init(capacity: Int = 512) {
        self.capacity = max(capacity, 64)
        unsafe memory = .allocate(capacity: self.capacity)
    }

    deinit { unsafe memory.deallocate() }

    /// What has been written.
    package var bytes: [UInt8] { unsafe Array(UnsafeBufferPointer(start: memory, count: count)) }

    // MARK: - Containers

    @inline(__always)
    package mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "{"))
        try members(&self)
        close(UInt8(ascii: "}"))
    }

    @inline(__always)
    package mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "["))
        try elements(&self)
        close(UInt8(ascii: "]"))
    }

    // MARK: - Members

    /// A member whose value `write` adds. The name is ASCII without anything to escape.
    package mutating func member(_ name: StaticString, _ write: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try write(&self)
    }

    /// - Parameter text: UTF-8.
    package mutating func member(_ name: StaticString, _ text: Span<UInt8>) {
        key(name)
        string(text)
    }

    package mutating func member(_ name: StaticString, _ text: String) {
        key(name)
        string(text)
    }

    /// An absent value is an absent member, never null (fewer shapes for clients to handle).
    package mutating func member(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        key(name)
        string(text)
    }

    package mutating func member(_ name: StaticString, _ flag: Bool) {
        key(name)
        comma()
        put(flag ? "true" : "false")
    }

    package mutating func member(_ name: StaticString, _ number: Int) {
        key(name)
        comma()
        integer(number)
    }

    package mutating func member(_ name: StaticString, _ texts: [String]) {
        key(name)
        open(UInt8(ascii: "["))
        for text in texts { string(text) }
        close(UInt8(ascii: "]"))
    }

    package mutating func member(_ name: StaticString, _ instant: Instant) {
        key(name)
        comma()
        reserve(Instant.rfc3339Length + 2)
        put(UInt8(ascii: "\""))
        unsafe instant.writeRFC3339(to: memory + count)
        count += Instant.rfc3339Length
        put(UInt8(ascii: "\""))
    }

    @inlinable
    package mutating func member<Kind>(_ name: StaticString, _ identifier: Identifier<Kind>) {
        member(name, prefix: Kind.prefix, identifier.uuid)
    }

    /// `"prefix_0123…"`
    package mutating func member(_ name: StaticString, prefix: StaticString, _ uuid: UUIDv7) {
        key(name)
        comma()
        put(UInt8(ascii: "\""))
        put(prefix)
        put(UInt8(ascii: "_"))
        reserve(32)
        unsafe uuid.writeHex(to: memory + count)
        count += 32
        put(UInt8(ascii: "\""))
    }

    /// A member whose name is not known in the source and may need escaping.
    package mutating func member(dynamic name: String, _ text: String) {
        string(name)
        put(UInt8(ascii: ":"))
        needsComma = false
        string(text)
    }

    package mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in unsafe string(utf8.span) }
    }

    /// - Parameter utf8: UTF-8, which is not checked again.
    package mutating func string(_ utf8: Span<UInt8>) {
        comma()
        // Two quotes, and the longest that any byte can become is six.
        reserve(utf8.count * 6 + 2)
        var end = unsafe memory + count
        unsafe end.pointee = UInt8(ascii: "\"")
        unsafe end += 1
        for index in utf8.indices {
            let byte = utf8[index]
            if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") && byte != 0x7F {
                unsafe end.pointee = byte
                unsafe end += 1
            } else {
                for escaped in Self.escape(byte) {
                    unsafe end.pointee = escaped
                    unsafe end += 1
                }
            }
        }
        unsafe end.pointee = UInt8(ascii: "\"")
        count = unsafe end - memory + 1
    }

    private static func escape(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): [UInt8(ascii: "\\"), byte]
        case 0x0A: Array("\\n".utf8)
        case 0x0D: Array("\\r".utf8)
        case 0x09: Array("\\t".utf8)
        default: Array("\\u00\(Hex.encode(CollectionOfOne(byte)))".utf8)
        }
    }

    // MARK: - Bytes

    private mutating func key(_ name: StaticString) {
        let length = name.utf8CodeUnitCount
        reserve(length + 4)
        var end = unsafe memory + count
        if needsComma {
            unsafe end.pointee = UInt8(ascii: ",")
            unsafe end += 1
        }
        unsafe end.pointee = UInt8(ascii: "\"")
        unsafe (end + 1).update(from: name.utf8Start, count: length)
        unsafe end[length + 1] = UInt8(ascii: "\"")
        unsafe end[length + 2] = UInt8(ascii: ":")
        count = unsafe end - memory + length + 3
        needsComma = false
    }

    private mutating func open(_ bracket: UInt8) {
        comma()
        put(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        put(bracket)
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { put(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func integer(_ number: Int) {
        if number < 0 { put(UInt8(ascii: "-")) }
        var magnitude = number.magnitude, divisor: UInt = 1
        while magnitude / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            put(UInt8(ascii: "0") + UInt8(magnitude / divisor))
            magnitude %= divisor
            divisor /= 10
        }
    }

    private mutating func put(_ byte: UInt8) {
        reserve(1)
        unsafe memory[count] = byte
        count += 1
    }

    private mutating func put(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        reserve(length)
        unsafe (memory + count).update(from: text.utf8Start, count: length)
        count += length
    }

    @inline(__always)
    private mutating func reserve(_ additional: Int) {
        if count + additional > capacity { grow(additional) }
    }

    private mutating func grow(_ additional: Int) {
        let larger = max(capacity * 2, count + additional)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        unsafe moved.update(from: memory, count: count)
        unsafe memory.deallocate()
        unsafe memory = moved
        capacity = larger
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
