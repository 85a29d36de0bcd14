// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What can be a `$n` of a statement. Values travel in PostgreSQL's binary format with their type stated, so no text of
/// ours is ever parsed as SQL and no parameter's type is guessed.
package protocol SQLParameter {
    static var parameterType: SQLType { get }
    func encode(into parameters: inout Parameters)
}

/// Object identifiers of built-in types (PostgreSQL source, `pg_type.dat`). They never change.
package enum SQLType: UInt32, Sendable {
    case bool = 16, bytea = 17, int8 = 20, int4 = 23, text = 25, textArray = 1009, timestamptz = 1184, uuid = 2950
}

/// The values of one statement, encoded one after the other.
package struct Parameters: Sendable {
    private(set) var bytes: [UInt8] = [0]  // never empty, so that its base address is never nil
    private(set) var offsets: [Int] = []
    private(set) var lengths: [Int32] = []
    private(set) var types: [UInt32] = []

    var count: Int { types.count }

    mutating func append(_ parameter: some SQLParameter) {
        types.append(type(of: parameter).parameterType.rawValue)
        offsets.append(bytes.count)
        lengths.append(0)
        parameter.encode(into: &self)
        if lengths[lengths.count - 1] == 0 {
            lengths[lengths.count - 1] = Int32(clamping: bytes.count - offsets[offsets.count - 1])
        }
    }

    mutating func append(contentsOf other: Parameters) {
        let shift = bytes.count
        bytes.append(contentsOf: other.bytes)
        offsets.append(contentsOf: other.offsets.map { $0 + shift })
        lengths.append(contentsOf: other.lengths)
        types.append(contentsOf: other.types)
    }

    package mutating func put(_ content: some Sequence<UInt8>) { bytes.append(contentsOf: content) }

    package mutating func put<Integer: FixedWidthInteger>(bigEndian number: Integer) {
        unsafe withUnsafeBytes(of: number.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// Marks the value being encoded as NULL.
    package mutating func putNull() { lengths[lengths.count - 1] = -1 }
}

extension String: SQLParameter {
    package static var parameterType: SQLType { .text }
    package func encode(into parameters: inout Parameters) { parameters.put(utf8) }
}

extension Int: SQLParameter {
    package static var parameterType: SQLType { .int8 }
    package func encode(into parameters: inout Parameters) { parameters.put(bigEndian: Int64(self)) }
}

extension Int32: SQLParameter {
    package static var parameterType: SQLType { .int4 }
    package func encode(into parameters: inout Parameters) { parameters.put(bigEndian: self) }
}

extension Bool: SQLParameter {
    package static var parameterType: SQLType { .bool }
    package func encode(into parameters: inout Parameters) { parameters.put(CollectionOfOne(self ? 1 : 0)) }
}

extension UUIDv7: SQLParameter {
    package static var parameterType: SQLType { .uuid }
    package func encode(into parameters: inout Parameters) {
        parameters.put(bigEndian: high)
        parameters.put(bigEndian: low)
    }
}

extension Identifier: SQLParameter {
    package static var parameterType: SQLType { .uuid }
    package func encode(into parameters: inout Parameters) { uuid.encode(into: &parameters) }
}

extension Instant: SQLParameter {
    /// PostgreSQL counts from 2000-01-01T00:00:00Z.
    static let postgresEpoch: Int64 = 946_684_800_000_000

    package static var parameterType: SQLType { .timestamptz }
    package func encode(into parameters: inout Parameters) {
        parameters.put(bigEndian: microseconds &- Self.postgresEpoch)
    }
}

extension PhoneNumber: SQLParameter {
    package static var parameterType: SQLType { .text }
    package func encode(into parameters: inout Parameters) { e164.encode(into: &parameters) }
}

extension EmailAddress: SQLParameter {
    package static var parameterType: SQLType { .text }
    package func encode(into parameters: inout Parameters) { address.encode(into: &parameters) }
}

extension [UInt8]: SQLParameter {
    package static var parameterType: SQLType { .bytea }
    package func encode(into parameters: inout Parameters) { parameters.put(self) }
}

/// A `text[]` without NULLs. A wrapper, since `Array` already stands for `bytea`.
package struct TextArray: SQLParameter, Sendable {
    package let elements: [String]

    package init(_ elements: [String]) { self.elements = elements }

    package static var parameterType: SQLType { .textArray }

    /// PostgreSQL source, `array_recv`: dimensions, has-null flag, element type, then length and lower bound, then elements.
    package func encode(into parameters: inout Parameters) {
        parameters.put(bigEndian: Int32(elements.isEmpty ? 0 : 1))
        parameters.put(bigEndian: Int32(0))
        parameters.put(bigEndian: SQLType.text.rawValue)
        guard !elements.isEmpty else { return }
        parameters.put(bigEndian: Int32(clamping: elements.count))
        parameters.put(bigEndian: Int32(1))
        for element in elements {
            parameters.put(bigEndian: Int32(clamping: element.utf8.count))
            parameters.put(element.utf8)
        }
    }
}

extension Optional: SQLParameter where Wrapped: SQLParameter {
    package static var parameterType: SQLType { Wrapped.parameterType }
    package func encode(into parameters: inout Parameters) {
        if let self { self.encode(into: &parameters) } else { parameters.putNull() }
    }
}
