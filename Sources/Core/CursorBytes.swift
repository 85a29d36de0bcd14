// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Where something stands in a list, as its cursor carries it: a number that the list goes by, and an id behind it.
package enum CursorBytes {
    /// 24 bytes.
    package static func of(_ number: Int64, _ id: UUIDv7) -> [UInt8] {
        let bits = UInt64(bitPattern: number)
        return stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt64($0)) } + id.bytes
    }

    /// Nil for anything else.
    package static func read(_ bytes: [UInt8]) -> (number: Int64, id: UUIDv7)? {
        guard bytes.count == 24, let id = UUIDv7(bytes: bytes.suffix(16)) else { return nil }
        return (Int64(bitPattern: bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }), id)
    }
}
