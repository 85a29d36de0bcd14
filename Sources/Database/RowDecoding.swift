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

    // MARK: - Bytes where they stand

    /// A text's UTF-8, which PostgreSQL has checked; nil for NULL. Valid until the row moves.
    @unsafe package mutating func utf8(_ name: StaticString) throws -> UnsafeBufferPointer<UInt8>? {
        unsafe try bytes(name, .text)?.assumingMemoryBound(to: UInt8.self)
    }

    /// Hands over the elements of an array of texts.
    @inlinable
    package mutating func withTexts(_ name: StaticString, _ body: (Span<UInt8>) -> Void) throws {
        guard let bytes = unsafe try bytes(name, .textArray) else { return }
        guard unsafe PostgresArray.forEach(in: bytes, { unsafe body($0.assumingMemoryBound(to: UInt8.self).span) })
        else {
            throw DatabaseError.decoding(column: "\(name)")
        }
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
    fileprivate init?(postgresBinary bytes: UnsafeRawBufferPointer) {
        var elements: [String] = []
        guard unsafe PostgresArray.forEach(in: bytes, { unsafe elements.append(String(decoding: $0, as: UTF8.self)) })
        else { return nil }
        self.init(elements)
    }
}

/// Arrays in PostgreSQL's binary format (PostgreSQL source, `array_send`).
@usableFromInline
package enum PostgresArray {
    /// - Returns: false for anything but one dimension, or none, of elements that are not NULL.
    @usableFromInline
    @unsafe package static func forEach(
        in bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        // Dimensions, a flag for NULLs, the elements' type; then for the one dimension its size and its lower bound.
        guard let dimensions = unsafe number(in: bytes, at: 0), bytes.count >= 12, dimensions == 0 || dimensions == 1
        else {
            return false
        }
        guard dimensions == 1 else { return true }
        guard let count = unsafe number(in: bytes, at: 12), count >= 0, bytes.count >= 20 else { return false }
        var offset = 20
        for _ in 0..<count {
            guard let length = unsafe number(in: bytes, at: offset), length >= 0, offset + 4 + length <= bytes.count
            else {
                return false
            }
            unsafe body(UnsafeRawBufferPointer(rebasing: bytes[(offset + 4)..<(offset + 4 + length)]))
            offset += 4 + length
        }
        return true
    }

    private static func number(in bytes: UnsafeRawBufferPointer, at offset: Int) -> Int? {
        guard offset + 4 <= bytes.count else { return nil }
        return unsafe Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    }
}
