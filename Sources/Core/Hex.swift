// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Lower-case hexadecimal, strict in both directions.
package enum Hex {
    /// The digits of a number's lowest 32 bits, as eight bytes to be stored in this order on a little-endian machine.
    @inline(__always)
    static func digits(_ number: UInt64) -> UInt64 {
        // Four bits to a byte, the highest first in memory.
        var spread = UInt64(UInt32(truncatingIfNeeded: number).byteSwapped)
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        spread = (spread >> 4 & 0x000F_000F_000F_000F) | (spread << 8 & 0x0F00_0F00_0F00_0F00)
        // 6 lifts ten and more over the four bits; letters stand 39 behind where the digits end.
        let isLetter = ((spread &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return (spread &+ 0x3030_3030_3030_3030 &+ isLetter &* 39).littleEndian
    }

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

    /// What ``encode(_:)`` has written; nil for anything else.
    package static func bytes(of text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = decode(digits[index...index + 1]) else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: byte))
        }
        return bytes
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
