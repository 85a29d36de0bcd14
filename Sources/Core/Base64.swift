// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Base64 over any alphabet of 64 letters, most significant bits first, without padding.
package struct Base64: Sendable {
    private let letters: [UInt8]
    private let values: [UInt8]

    /// RFC 4648 §5, the alphabet for URLs and tokens.
    package static let url = Base64("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    /// RFC 4648 §4.
    package static let standard = Base64("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

    /// - Parameter alphabet: exactly 64 distinct ASCII letters.
    package init(_ alphabet: StaticString) {
        let letters = Array("\(alphabet)".utf8)
        precondition(letters.count == 64, "an alphabet has 64 letters")
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, letter) in letters.enumerated() { values[Int(letter)] = UInt8(value) }
        self.letters = letters
        self.values = values
    }

    package func encode(_ bytes: some Sequence<UInt8>) -> String { encode(Array(bytes)) }

    package func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var pending: UInt32 = 0, bits: UInt32 = 0
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(letters[Int(pending >> bits) & 0x3F])
            }
            pending &= (1 << bits) - 1
        }
        if bits > 0 { text.append(letters[Int(pending << (6 - bits)) & 0x3F]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Total and strict: nil for a foreign letter, padding, an impossible length, or left-over bits that are not zero
    /// (so each value has one spelling only).
    package func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var pending: UInt32 = 0, bits: UInt32 = 0
        for letter in text {
            let value = values[Int(letter)]
            guard value != 0xFF else { return nil }
            pending = pending << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
                pending &= (1 << bits) - 1
            }
        }
        guard bits < 6, pending == 0 else { return nil }
        return bytes
    }
}
