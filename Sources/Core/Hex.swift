// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Lower-case hexadecimal, strict in both directions.
package enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func encode(_ word: UInt64) -> String {
        unsafe String(unsafeUninitializedCapacity: 16) { buffer in
            for index in 0..<16 {
                unsafe buffer[index] = digits[Int(truncatingIfNeeded: word >> UInt64(60 - index * 4)) & 0xF]
            }
            return 16
        }
    }

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xF)])
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
