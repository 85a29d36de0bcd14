// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

/// Six digits that somebody is sent and types back.
package struct OneTimeCode: Sendable, Equatable {
    package let digits: String

    /// From the operating system's generator; every code is as likely as any other.
    package static func random() -> OneTimeCode {
        var generator = SystemRandomNumberGenerator()
        let number = Int.random(in: 0..<1_000_000, using: &generator)
        let text = String(number)
        return OneTimeCode(digits: String(repeating: "0", count: 6 - text.count) + text)
    }

    private init(digits: String) { self.digits = digits }

    /// A code as it is typed: in digits of any script, with spaces or a dash between. Nil when it is none.
    package init?(_ typed: String) {
        guard typed.utf8.count <= 64 else { return nil }
        var digits = ""
        for scalar in typed.unicodeScalars where scalar != " " && scalar != "-" && scalar != "\u{A0}" {
            guard let digit = DecimalDigit.value(of: scalar) else { return nil }
            digits += String(digit)
        }
        guard digits.utf8.count == 6 else { return nil }
        self.digits = digits
    }

    /// What is kept of it: HMAC-SHA-256, since a million hashes are soon tried by whoever has the table and no key.
    package func hash(for challenge: UUIDv7, key: Secret<SymmetricKey>) -> [UInt8] {
        var code = KeyedHash(key: key)
        code.update(Array("unnati one time code v1".utf8) + challenge.bytes + Array(digits.utf8))
        return code.finish()
    }
}
