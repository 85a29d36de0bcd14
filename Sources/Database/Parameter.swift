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
    case uuidArray = 2951
}

/// The values of one statement, encoded one after the other.
package struct Parameters: Sendable {
    /// Where a value stands in ``bytes``.
    struct Place: Sendable {
        let type: SQLType
        var offset: Int
        /// Nil for NULL.
        var length: Int32?
    }

    private(set) var bytes: [UInt8] = [0]  // never empty, so that its base address is never nil
    private(set) var places: [Place] = []

    var count: Int { places.count }

    init(capacity: Int = 0) {
        guard capacity > 0 else { return }
        bytes.reserveCapacity(1 + capacity * 16)
        places.reserveCapacity(capacity)
    }

    mutating func append(_ parameter: some SQLParameter) {
        let offset = bytes.count
        places.append(Place(type: Swift.type(of: parameter).parameterType, offset: offset, length: 0))
        parameter.encode(into: &self)
        if places[places.count - 1].length != nil {
            places[places.count - 1].length = Int32(clamping: bytes.count - offset)
        }
    }

    mutating func append(contentsOf other: Parameters) {
        let shift = bytes.count
        bytes.append(contentsOf: other.bytes)
        for var place in other.places {
            place.offset += shift
            places.append(place)
        }
    }

    package mutating func put(_ content: some Sequence<UInt8>) { bytes.append(contentsOf: content) }

    package mutating func put<Integer: FixedWidthInteger>(bigEndian number: Integer) {
        unsafe withUnsafeBytes(of: number.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// Marks the value being encoded as NULL.
    package mutating func putNull() { places[places.count - 1].length = nil }
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

    package func encode(into parameters: inout Parameters) {
        parameters.put(arrayOf: .text, count: elements.count)
        for element in elements {
            parameters.put(bigEndian: Int32(clamping: element.utf8.count))
            parameters.put(element.utf8)
        }
    }
}

/// A `uuid[]` without NULLs, for rows that are asked for by many ids. An array of texts that is cast to it finds them too, but not by
/// an index: under row security only what cannot tell of other rows by failing is a condition of one (PostgreSQL manual, 41.5).
package struct UUIDArray: SQLParameter, Sendable {
    private let elements: [UUIDv7]

    package init<Kind>(_ ids: some Sequence<Identifier<Kind>>) { elements = ids.map(\.uuid) }

    package static var parameterType: SQLType { .uuidArray }

    package func encode(into parameters: inout Parameters) {
        parameters.put(arrayOf: .uuid, count: elements.count)
        for element in elements {
            parameters.put(bigEndian: Int32(16))
            element.encode(into: &parameters)
        }
    }
}

extension Parameters {
    /// What stands before an array's elements, of which each has its length before it (PostgreSQL source, `array_recv`): dimensions,
    /// has-null flag, element type, then length and lower bound.
    fileprivate mutating func put(arrayOf type: SQLType, count: Int) {
        put(bigEndian: Int32(count == 0 ? 0 : 1))
        put(bigEndian: Int32(0))
        put(bigEndian: type.rawValue)
        guard count > 0 else { return }
        put(bigEndian: Int32(clamping: count))
        put(bigEndian: Int32(1))
    }
}

extension Optional: SQLParameter where Wrapped: SQLParameter {
    package static var parameterType: SQLType { Wrapped.parameterType }
    package func encode(into parameters: inout Parameters) {
        if let self { self.encode(into: &parameters) } else { parameters.putNull() }
    }
}
