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
        needsComma = true
        reserve(Instant.rfc3339Length + 2)
        let end = unsafe memory + count
        unsafe end.pointee = UInt8(ascii: "\"")
        unsafe instant.writeRFC3339(to: end + 1)
        unsafe end[Instant.rfc3339Length + 1] = UInt8(ascii: "\"")
        count += Instant.rfc3339Length + 2
    }

    @inlinable
    package mutating func member<Kind>(_ name: StaticString, _ identifier: Identifier<Kind>) {
        member(name, prefix: Kind.prefix, identifier.uuid)
    }

    /// `"prefix_0123…"`
    package mutating func member(_ name: StaticString, prefix: StaticString, _ uuid: UUIDv7) {
        key(name)
        needsComma = true
        let length = prefix.utf8CodeUnitCount
        reserve(length + 35)
        let end = unsafe memory + count
        unsafe end.pointee = UInt8(ascii: "\"")
        unsafe Self.copyShort(prefix.utf8Start, to: end + 1, length)
        unsafe end[length + 1] = UInt8(ascii: "_")
        unsafe uuid.writeHex(to: end + length + 2)
        unsafe end[length + 34] = UInt8(ascii: "\"")
        count += length + 35
    }

    /// A member whose name is not known in the source and may need escaping.
    package mutating func member(dynamic name: String, _ text: String) { member(dynamic: name) { $0.string(text) } }

    package mutating func member(dynamic name: String, _ write: (inout JSONWriter) throws -> Void) rethrows {
        string(name)
        put(UInt8(ascii: ":"))
        needsComma = false
        try write(&self)
    }

    package mutating func bool(_ flag: Bool) {
        comma()
        put(flag ? "true" : "false")
    }

    package mutating func number(_ number: Int) {
        comma()
        integer(number)
    }

    /// A number that is kept as a whole one: with 4 digits, 385000 is written as 38.5.
    package mutating func decimal(_ scaled: Int, digits: Int) {
        comma()
        let text = String(scaled.magnitude)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.utf8.count)) + text
        var fraction = padded.suffix(digits)
        while fraction.last == "0" { fraction.removeLast() }
        let plain = (scaled < 0 ? "-" : "") + padded.dropLast(digits) + (fraction.isEmpty ? "" : "." + fraction)
        for byte in plain.utf8 { put(byte) }
    }

    package mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in unsafe string(utf8.span) }
    }

    /// - Parameter utf8: UTF-8, which is not checked again.
    package mutating func string(_ utf8: Span<UInt8>) {
        // A comma, two quotes, and the longest that any byte can become is six.
        reserve(utf8.count * 6 + 3)
        var end = unsafe memory + count
        if needsComma {
            unsafe end.pointee = UInt8(ascii: ",")
            unsafe end += 1
        }
        needsComma = true
        unsafe end.pointee = UInt8(ascii: "\"")
        unsafe end += 1
        unsafe utf8.withUnsafeBufferPointer { text in
            let plain = unsafe Self.copyPlain(text, to: end)
            unsafe end += plain
            for byte in unsafe text[plain...] {
                if Self.isPlain(byte) {
                    unsafe end.pointee = byte
                    unsafe end += 1
                } else {
                    for escaped in Self.escape(byte) {
                        unsafe end.pointee = escaped
                        unsafe end += 1
                    }
                }
            }
        }
        unsafe end.pointee = UInt8(ascii: "\"")
        count = unsafe end - memory + 1
    }

    /// Copies, eight at a time, bytes that stand for themselves; nearly all texts have no others.
    /// - Returns: how many there were at the beginning, or a few less.
    @inline(__always)
    @unsafe private static func copyPlain(_ text: UnsafeBufferPointer<UInt8>, to target: UnsafeMutablePointer<UInt8>)
        -> Int
    {
        guard text.count >= 8, let source = unsafe UnsafeRawPointer(text.baseAddress) else { return 0 }
        let target = UnsafeMutableRawPointer(target)
        var index = 0
        while index + 8 <= text.count {
            let word = unsafe source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard isPlain(word) else { return index }
            unsafe target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        // The last eight, some of which are there already.
        let last = text.count - 8
        let word = unsafe source.loadUnaligned(fromByteOffset: last, as: UInt64.self)
        guard isPlain(word) else { return index }
        unsafe target.storeBytes(of: word, toByteOffset: last, as: UInt64.self)
        return text.count
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") && byte != 0x7F
    }

    /// Whether all eight bytes of a word are plain (Anderson, "Bit Twiddling Hacks": "Determine if a word has a byte less than
    /// n" and "equal to n"; either may see one where there is none, never the reverse).
    @inline(__always)
    private static func isPlain(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101, tops = ones << 7
        func hasZero(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
        let control = (word &- ones &* 0x20) & ~word
        let special =
            hasZero(word ^ (ones &* 0x22)) | hasZero(word ^ (ones &* 0x5C)) | hasZero(word ^ (ones &* 0x7F))
        return (control | special) & tops == 0
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
        unsafe Self.copyShort(name.utf8Start, to: end + 1, length)
        unsafe end[length + 1] = UInt8(ascii: "\"")
        unsafe end[length + 2] = UInt8(ascii: ":")
        count = unsafe end - memory + length + 3
        needsComma = false
    }

    /// Names are so short that a call would cost more than the copying.
    @inline(__always)
    @unsafe private static func copyShort(
        _ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, _ count: Int
    ) {
        let from = UnsafeRawPointer(source), to = UnsafeMutableRawPointer(target)
        /// The first bytes of that width and the last ones, which may be partly the same.
        @inline(__always) func both<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type) {
            let last = count - MemoryLayout<Word>.size
            let (head, tail) = unsafe (from.loadUnaligned(as: type), from.loadUnaligned(fromByteOffset: last, as: type))
            unsafe to.storeBytes(of: head, as: type)
            unsafe to.storeBytes(of: tail, toByteOffset: last, as: type)
        }
        switch count {
        case 2...3: unsafe both(UInt16.self)
        case 4...8: unsafe both(UInt32.self)
        case 9...16: unsafe both(UInt64.self)
        default: unsafe target.update(from: source, count: count)
        }
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
