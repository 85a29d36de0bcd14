// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

// What a column can be read as. One plain function for each type rather than a generic one over a protocol: these run for
// every column of every row, and a generic function asks the runtime for its types each time.

extension Row {
    package mutating func decodeIfPresent(_ name: StaticString) throws -> String? {
        guard let bytes = unsafe try bytes(name, .text) else { return nil }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    package mutating func decodeIfPresent(_ name: StaticString) throws -> Int? {
        guard let bytes = unsafe try bytes(name, .int8, or: .int4) else { return nil }
        if let wide = unsafe Int64(bigEndian: bytes) { return Int(wide) }
        return unsafe Int32(bigEndian: bytes).map(Int.init)
    }

    package mutating func decodeIfPresent(_ name: StaticString) throws -> Bool? {
        guard let bytes = unsafe try bytes(name, .bool), bytes.count == 1 else { return nil }
        return unsafe bytes[0] != 0
    }

    package mutating func decodeIfPresent(_ name: StaticString) throws -> UUIDv7? {
        guard let bytes = unsafe try bytes(name, .uuid), bytes.count == 16 else { return nil }
        return UUIDv7(
            high: unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            low: unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    @inlinable
    package mutating func decodeIfPresent<Kind>(_ name: StaticString) throws -> Identifier<Kind>? {
        guard let uuid: UUIDv7 = try decodeIfPresent(name) else { return nil }
        return Identifier(uuid)
    }

    package mutating func decodeIfPresent(_ name: StaticString) throws -> Instant? {
        guard let bytes = unsafe try bytes(name, .timestamptz), let microseconds = unsafe Int64(bigEndian: bytes) else {
            return nil
        }
        return Instant(microseconds: microseconds &+ Instant.postgresEpoch)
    }

    package mutating func decodeIfPresent(_ name: StaticString) throws -> [UInt8]? {
        guard let bytes = unsafe try bytes(name, .bytea) else { return nil }
        return unsafe [UInt8](bytes)
    }

    package mutating func decodeIfPresent(_ name: StaticString) throws -> TextArray? {
        guard let bytes = unsafe try bytes(name, .textArray) else { return nil }
        return unsafe TextArray(postgresBinary: bytes)
    }

    package mutating func decodeIfPresent(_ name: StaticString) throws -> PhoneNumber? {
        guard let text: String = try decodeIfPresent(name) else { return nil }
        return PhoneNumber(stored: text)
    }

    package mutating func decodeIfPresent(_ name: StaticString) throws -> EmailAddress? {
        guard let text: String = try decodeIfPresent(name) else { return nil }
        return EmailAddress(stored: text)
    }

    // MARK: - Columns that are never NULL

    package mutating func decode(_ name: StaticString) throws -> String { try required(decodeIfPresent(name), name) }
    package mutating func decode(_ name: StaticString) throws -> Int { try required(decodeIfPresent(name), name) }
    package mutating func decode(_ name: StaticString) throws -> Bool { try required(decodeIfPresent(name), name) }
    package mutating func decode(_ name: StaticString) throws -> UUIDv7 { try required(decodeIfPresent(name), name) }
    package mutating func decode(_ name: StaticString) throws -> Instant { try required(decodeIfPresent(name), name) }
    package mutating func decode(_ name: StaticString) throws -> [UInt8] { try required(decodeIfPresent(name), name) }
    package mutating func decode(_ name: StaticString) throws -> TextArray { try required(decodeIfPresent(name), name) }
    @inlinable
    package mutating func decode<Kind>(_ name: StaticString) throws -> Identifier<Kind> { Identifier(try decode(name)) }

    @inline(__always)
    private func required<Value>(_ value: Value?, _ name: StaticString) throws -> Value {
        guard let value else { throw DatabaseError.decoding(column: "\(name)") }
        return value
    }
}

extension FixedWidthInteger {
    /// All of `bytes` as one number, most significant byte first; nil when there are more or fewer than it has.
    @inline(__always)
    fileprivate init?(bigEndian bytes: UnsafeRawBufferPointer) {
        guard bytes.count == MemoryLayout<Self>.size else { return nil }
        self = unsafe Self(bigEndian: bytes.loadUnaligned(as: Self.self))
    }
}

extension TextArray {
    /// PostgreSQL source, `array_send`; nil for anything but one dimension of texts without NULLs.
    fileprivate init?(postgresBinary bytes: UnsafeRawBufferPointer) {
        var offset = 0
        func number() -> Int? {
            guard offset + 4 <= bytes.count else { return nil }
            defer { offset += 4 }
            return unsafe Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
        }
        guard let dimensions = number(), number() != nil, number() != nil, dimensions == 0 || dimensions == 1 else {
            return nil
        }
        guard dimensions == 1 else {
            self.init([])
            return
        }
        guard let count = number(), count >= 0, number() != nil else { return nil }
        var elements: [String] = []
        // Every element has four bytes of length: no count can ask for more memory than its bytes justify.
        elements.reserveCapacity(min(count, bytes.count / 4))
        for _ in 0..<count {
            guard let length = number(), length >= 0, offset + length <= bytes.count else { return nil }
            unsafe elements.append(
                String(decoding: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + length)]), as: UTF8.self))
            offset += length
        }
        self.init(elements)
    }
}
