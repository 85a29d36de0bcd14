// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What a column can be read as, from PostgreSQL's binary format.
package protocol SQLDecodable {
    static var acceptedTypes: [SQLType] { get }
    /// Nil when the bytes are no such value. Never traps.
    init?(postgresBinary bytes: UnsafeRawBufferPointer)
}

extension String: SQLDecodable {
    package static let acceptedTypes: [SQLType] = [.text]
    package init?(postgresBinary bytes: UnsafeRawBufferPointer) { unsafe self.init(decoding: bytes, as: UTF8.self) }
}

extension FixedWidthInteger {
    /// All of `bytes` as one number, most significant byte first.
    fileprivate init?(bigEndian bytes: some Collection<UInt8>) {
        guard bytes.count * 8 == Self.bitWidth else { return nil }
        self = bytes.reduce(0) { $0 << 8 | Self(truncatingIfNeeded: $1) }
    }
}

extension Int: SQLDecodable {
    package static let acceptedTypes: [SQLType] = [.int8, .int4]
    package init?(postgresBinary bytes: UnsafeRawBufferPointer) {
        if let wide = unsafe Int64(bigEndian: bytes) { self = Int(wide) } else if let narrow = unsafe Int32(bigEndian: bytes) { self = Int(narrow) } else { return nil }
    }
}

extension Bool: SQLDecodable {
    package static let acceptedTypes: [SQLType] = [.bool]
    package init?(postgresBinary bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 1 else { return nil }
        self = unsafe bytes[0] != 0
    }
}

extension UUIDv7: SQLDecodable {
    package static let acceptedTypes: [SQLType] = [.uuid]
    package init?(postgresBinary bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        self.init(
            high: unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            low: unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
}

extension Identifier: SQLDecodable {
    package static var acceptedTypes: [SQLType] { UUIDv7.acceptedTypes }
    package init?(postgresBinary bytes: UnsafeRawBufferPointer) {
        guard let uuid = unsafe UUIDv7(postgresBinary: bytes) else { return nil }
        self.init(uuid)
    }
}

extension Instant: SQLDecodable {
    package static let acceptedTypes: [SQLType] = [.timestamptz]
    package init?(postgresBinary bytes: UnsafeRawBufferPointer) {
        guard let microseconds = unsafe Int64(bigEndian: bytes) else { return nil }
        self.init(microseconds: microseconds &+ Self.postgresEpoch)
    }
}

extension PhoneNumber: SQLDecodable {
    package static let acceptedTypes: [SQLType] = [.text]
    package init?(postgresBinary bytes: UnsafeRawBufferPointer) { unsafe self.init(stored: String(decoding: bytes, as: UTF8.self)) }
}

extension EmailAddress: SQLDecodable {
    package static let acceptedTypes: [SQLType] = [.text]
    package init?(postgresBinary bytes: UnsafeRawBufferPointer) { unsafe self.init(stored: String(decoding: bytes, as: UTF8.self)) }
}

extension [UInt8]: SQLDecodable {
    package static let acceptedTypes: [SQLType] = [.bytea]
    package init?(postgresBinary bytes: UnsafeRawBufferPointer) { unsafe self.init(bytes) }
}

extension TextArray: SQLDecodable {
    package static let acceptedTypes: [SQLType] = [.textArray]

    package init?(postgresBinary bytes: UnsafeRawBufferPointer) {
        var rest = unsafe bytes[...]
        func number() -> Int32? {
            guard unsafe rest.count >= 4 else { return nil }
            defer { unsafe rest = rest.dropFirst(4) }
            return unsafe Int32(bigEndian: rest.prefix(4))
        }
        guard let dimensions = number(), number() != nil, number() != nil else { return nil }
        guard dimensions == 1 else {
            guard dimensions == 0 else { return nil }
            self.init([])
            return
        }
        guard let count = number(), count >= 0, number() != nil else { return nil }
        var elements: [String] = []
        for _ in 0..<count {
            guard let length = number(), length >= 0, unsafe rest.count >= Int(length) else { return nil }
            unsafe elements.append(String(decoding: rest.prefix(Int(length)), as: UTF8.self))
            unsafe rest = rest.dropFirst(Int(length))
        }
        self.init(elements)
    }
}
