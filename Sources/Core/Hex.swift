// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Lower-case hexadecimal, strict in both directions.
package enum Hex {
    /// The digit of a number's lowest four bits.
    @inline(__always)
    static func digit(_ number: UInt64) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: number & 0xF)
        return value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digit(UInt64(byte >> 4)))
            text.append(digit(UInt64(byte)))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Up to 16 digits as a number; nil at the first byte that is no lower-case hexadecimal digit.
    package static func decode(_ digits: some Collection<UInt8>) -> UInt64? {
        guard digits.count <= 16 else { return nil }
        var word: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): word = word << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): word = word << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return word
    }
}
