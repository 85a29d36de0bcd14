// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

/// Time-based one-time passwords (RFC 6238) as authenticator apps compute them: HMAC-SHA-1, six digits, a new one every 30
/// seconds.
package struct TOTP: Sendable {
    package static let step: Int64 = 30
    private let secret: Secret<[UInt8]>

    /// - Parameter secret: 20 bytes (RFC 4226 §4).
    package init(secret: Secret<[UInt8]>) { self.secret = secret }

    package static func random() -> TOTP { TOTP(secret: Secret(RandomBytes.make(20))) }

    package var bytes: Secret<[UInt8]> { secret }

    /// What a person types where they cannot scan: base32 (RFC 4648 §6).
    package var text: Secret<String> { Secret(Base32.encode(secret.reveal())) }

    /// `otpauth://totp/Unnati:…?secret=…`, for a QR code (Google Authenticator, "Key URI Format").
    package func uri(account: String) -> Secret<String> {
        let name = account.utf8.map { byte in
            let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            return isPlain || byte == UInt8(ascii: "@") || byte == UInt8(ascii: ".")
                ? String(UnicodeScalar(byte)) : "%" + Hex.encode([byte]).uppercased()
        }.joined()
        return Secret(
            "otpauth://totp/Unnati:\(name)?secret=\(text.reveal())&issuer=Unnati&algorithm=SHA1&digits=6&period=30")
    }

    /// The step that `code` belongs to, of the present one and its neighbours: clocks differ, and people type slowly
    /// (RFC 6238 §5.2).
    /// - Parameter after: the last step that was used; it and older ones are not good again.
    package func step(of code: OneTimeCode, now: Instant = .now(), after: Int64 = 0) -> Int64? {
        let present = now.seconds / Self.step
        return ((present - 1)...(present + 1)).first { step in
            step > after && constantTimeEqual(Array(self.code(at: step).utf8), Array(code.digits.utf8))
        }
    }

    /// RFC 4226 §5.3.
    package func code(at step: Int64) -> String {
        let counter = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: step >> Int64($0)) }
        let mac = Array(
            HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: secret.reveal())))
        let offset = Int(mac[19] & 0x0F)
        let number = mac[offset..<(offset + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let digits = String(number % 1_000_000)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }
}

/// Base32 without padding (RFC 4648 §6).
package enum Base32 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")

    package static func encode(_ bytes: [UInt8]) -> String {
        var text = "", buffer: UInt32 = 0, bits = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(letters[Int(buffer >> UInt32(bits) & 31)])
            }
            buffer &= (1 << UInt32(bits)) - 1
        }
        if bits > 0 { text.append(letters[Int(buffer << UInt32(5 - bits) & 31)]) }
        return text
    }
}
