// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// The code page of Western European Windows, which holds all that Latin-1 shows. The five bytes without a letter are
/// the control characters of their own numbers, as browsers read them (WHATWG, "Encoding", index windows-1252).
enum Windows1252 {
    /// 0x80 to 0x9F; from 0xA0 on a byte is the scalar of its own number.
    private static let letters: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
        0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x9D, 0x017E, 0x0178,
    ]

    /// The same text in UTF-8.
    static func utf8(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + bytes.count / 8)
        for byte in bytes {
            guard byte >= 0x80 else {
                text.append(byte)
                continue
            }
            let letter = byte < 0xA0 ? letters[Int(byte - 0x80)] : UInt32(byte)
            UTF8Writer.append(letter, to: &text)
        }
        return text
    }
}

/// Writes numbers of characters in UTF-8 (RFC 3629 §3).
enum UTF8Writer {
    /// - Parameter number: at most 0x10FFFF. One that stands for half a character (0xD800 to 0xDFFF) gives three bytes
    ///   that no reader of UTF-8 accepts.
    static func append(_ number: UInt32, to text: inout [UInt8]) {
        func part(_ shift: UInt32, _ mark: UInt32, _ mask: UInt32) -> UInt8 {
            UInt8(truncatingIfNeeded: mark | number >> shift & mask)
        }
        switch number {
        case ..<0x80: text.append(UInt8(truncatingIfNeeded: number))
        case ..<0x800:
            text.append(part(6, 0xC0, 0x1F))
            text.append(part(0, 0x80, 0x3F))
        case ..<0x1_0000:
            text.append(part(12, 0xE0, 0x0F))
            text.append(part(6, 0x80, 0x3F))
            text.append(part(0, 0x80, 0x3F))
        default:
            text.append(part(18, 0xF0, 0x07))
            text.append(part(12, 0x80, 0x3F))
            text.append(part(6, 0x80, 0x3F))
            text.append(part(0, 0x80, 0x3F))
        }
    }
}
