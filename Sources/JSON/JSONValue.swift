// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// A parsed JSON text (RFC 8259). Integers keep all their digits; object members keep their order.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number, finite.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Sendable, Equatable {
        package let key: String, value: JSONValue

        package init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// A member of an object, for reading what others have written: members that nobody asks for do not matter.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == name }?.value
    }

    package var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The kind of value in the words of JSON Schema, for messages.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

/// Bounds on a JSON text from outside.
package struct JSONLimits: Sendable {
    /// Nested arrays and objects.
    package var depth = 32
    /// Values of all kinds, keys not counted.
    package var nodes = 10_000
    /// UTF-8 bytes of one string or key.
    package var stringBytes = 65_536
    /// Characters of one number.
    package var numberLength = 32

    package init() {}
}

/// Why a text was refused, and where.
package struct JSONError: Error, Equatable, Sendable {
    package enum Code: String, Sendable {
        /// Not JSON as RFC 8259 defines it, or not UTF-8.
        case malformedJSON = "malformed_json"
        /// JSON, but past a bound of ``JSONLimits``.
        case limitExceeded = "json_limit_exceeded"
        /// The same member twice: readers disagree about which counts.
        case duplicateKey = "json_duplicate_key"
        /// `\u0000` or half a surrogate pair: no storage of ours can hold it.
        case forbiddenCharacter = "json_forbidden_character"
    }

    package let code: Code
    /// JSON Pointer (RFC 6901) to the value being read.
    package let pointer: String
    package let detail: String
}

extension String {
    /// One reference token of a JSON Pointer: `~` and `/` escaped (RFC 6901 §3).
    package var jsonPointerToken: String {
        utf8.contains { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }
            ? String(flatMap { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }) : self
    }
}
