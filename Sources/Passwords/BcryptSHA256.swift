// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Foundation

/// bcrypt over a keyed digest of the password, in the string format of passlib's `bcrypt_sha256`, version 2:
/// `$bcrypt-sha256$v=2,t=2b,r=12$<22 letters of salt>$<31 letters of digest>`.
///
/// What bcrypt sees is `base64(HMAC-SHA-256(key: salt letters, password))`: 44 letters whatever the password's length, so
/// no byte past the 72nd is cut off (a Hindi passphrase reaches that at 24 letters) and no NUL can end it early.
package struct BcryptSHA256: Equatable {
    let cost: Int
    /// 22 letters of bcrypt's base64, which stand for 16 bytes and are the key of the HMAC as they are.
    let saltText: String
    let digest: [UInt8]

    /// Reads version 2 with `t=2b` and nothing else.
    package init?(_ text: String) {
        let prefix = "$bcrypt-sha256$v=2,t=2b,r="
        guard text.utf8.count <= 100, text.hasPrefix(prefix) else { return nil }
        let fields = text.dropFirst(prefix.count).split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 3, fields[0].utf8.first != UInt8(ascii: "0"), let cost = BcryptHash.cost(fields[0].utf8),
            fields[1].utf8.count == 22, Bcrypt.base64.decode(fields[1].utf8) != nil,
            fields[2].utf8.count == 31, let digest = Bcrypt.base64.decode(fields[2].utf8)
        else { return nil }
        self.cost = cost
        saltText = String(fields[1])
        self.digest = digest
    }

    /// Hashes a password with a new salt.
    package init(hashing password: [UInt8], cost: Int) {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        self.init(hashing: password, cost: cost, salt: salt)
    }

    package init(hashing password: [UInt8], cost: Int, salt: [UInt8]) {
        self.cost = cost
        saltText = Bcrypt.base64.encode(salt)
        digest = Self.digest(of: password, saltText: saltText, salt: salt, cost: cost)
    }

    package var text: String { "$bcrypt-sha256$v=2,t=2b,r=\(cost)$\(saltText)$\(Bcrypt.base64.encode(digest))" }

    package func verify(_ password: [UInt8]) -> Bool {
        guard let salt = Bcrypt.base64.decode(saltText.utf8) else { return false }
        return constantTimeEqual(Self.digest(of: password, saltText: saltText, salt: salt, cost: cost), digest)
    }

    private static func digest(of password: [UInt8], saltText: String, salt: [UInt8], cost: Int) -> [UInt8] {
        let keyed = HMAC<SHA256>.authenticationCode(for: password, using: SymmetricKey(data: Array(saltText.utf8)))
        return Bcrypt.digest(of: Array(Data(keyed).base64EncodedString().utf8), salt: salt, cost: cost)
    }
}
