// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

/// An API key as its bearer has it: `unn_live_`, 30 random letters and digits (178 bits), and a checksum of six, so that a typing
/// mistake is seen without asking anybody and a scanner of leaked secrets knows one when it meets it:
/// `\bunn_live_[0-9A-Za-z]{36}\b`.
package struct APIKeyText: Sendable {
    package static let prefix = "unn_live_"
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    package let text: Secret<String>

    /// A new one, from the operating system's generator.
    package static func random() -> APIKeyText {
        var generator = SystemRandomNumberGenerator()
        let body =
            Array(prefix.utf8) + (0..<30).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return APIKeyText(text: Secret(String(decoding: body + checksum(of: body), as: UTF8.self)))
    }

    private init(text: Secret<String>) { self.text = text }

    /// Nil for what cannot be a key.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == Self.prefix.utf8.count + 36, text.hasPrefix(Self.prefix),
            bytes.dropFirst(Self.prefix.utf8.count).allSatisfy({ Self.alphabet.contains($0) }),
            Self.checksum(of: Array(bytes.dropLast(6))).elementsEqual(bytes.suffix(6))
        else { return nil }
        self.text = Secret(text)
    }

    /// What is kept of it: nobody guesses 178 bits, however fast the hash.
    package var hash: [UInt8] { Array(SHA256.hash(data: Array(text.reveal().utf8))) }

    /// What its owner tells it by.
    package var lastFour: String { String(text.reveal().suffix(4)) }

    /// CRC-32 (ISO 3309) in base 62, six digits.
    private static func checksum(of bytes: [UInt8]) -> [UInt8] {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
        }
        var rest = ~crc, digits: [UInt8] = []
        for _ in 0..<6 {
            digits.append(alphabet[Int(rest % 62)])
            rest /= 62
        }
        return digits.reversed()
    }
}
