// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

/// What lets somebody in whose telephone is lost: ten letters and digits of which none looks like another, `7kq3m-x9twp`.
/// 49 random bits.
package struct RecoveryCode: Sendable, Equatable {
    private static let alphabet = Array("23456789abcdefghjkmnpqrstuvwxyz")
    private let letters: String

    package static func random() -> RecoveryCode {
        var generator = SystemRandomNumberGenerator()
        return RecoveryCode(
            letters: String((0..<10).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }))
    }

    private init(letters: String) { self.letters = letters }

    /// As it is typed: in any case, with a dash, spaces or nothing between. Nil when it is none.
    package init?(_ typed: String) {
        guard typed.utf8.count <= 32 else { return nil }
        let letters = typed.lowercased().filter { $0 != "-" && $0 != " " }
        guard letters.count == 10, letters.allSatisfy({ Self.alphabet.contains($0) }) else { return nil }
        self.letters = letters
    }

    package var text: Secret<String> { Secret("\(letters.prefix(5))-\(letters.suffix(5))") }

    /// What is kept of it: keyed, so that whoever has the table and no key cannot try.
    package func hash(of user: UserID, key: Secret<SymmetricKey>) -> [UInt8] {
        var code = KeyedHash(key: key)
        code.update(Array("unnati recovery code v1".utf8) + user.uuid.bytes + Array(letters.utf8))
        return code.finish()
    }
}
