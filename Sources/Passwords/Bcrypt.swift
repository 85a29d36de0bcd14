// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// bcrypt (Provos and Mazières, "A Future-Adaptable Password Scheme", USENIX 1999), as OpenBSD's `$2b$` defines it.
///
/// The algorithm reads 72 bytes of password at most and, in C, ends at the first NUL. Both are properties of the stored
/// format, so they are kept for verifying hashes that come from elsewhere; new hashes avoid both (``BcryptSHA256``).
package enum Bcrypt {
    /// Work factors that are computed: 2^4 to 2^14 rounds. The format allows up to 31, which would take days.
    package static let costs = 4...14

    /// Its own base64 alphabet.
    package static let base64 = Base64("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

    /// - Parameters:
    ///   - password: any bytes; those past the 72nd have no effect.
    ///   - salt: 16 bytes.
    ///   - cost: within ``costs``.
    /// - Returns: 23 bytes.
    package static func digest(of password: [UInt8], salt: [UInt8], cost: Int) -> [UInt8] {
        precondition(salt.count == 16 && costs.contains(cost))
        // The key is the password and a NUL, over and over, to fill 18 words.
        let key = words(of: password.prefix(72) + (password.count < 72 ? [0] : []), count: 18)
        let saltWords = words(of: salt[...], count: 4)
        let saltKey = words(of: salt[...], count: 18)

        let cipher = Blowfish()
        cipher.expand(key: key, salt: saltWords)
        for _ in 0..<(1 << cost) {
            cipher.expand(key: key)
            cipher.expand(key: saltKey)
        }
        var block = words(of: ArraySlice("OrpheanBeholderScryDoubt".utf8), count: 6)
        cipher.encipher64(&block)
        // The last byte is left out, a slip of the first implementation that all others keep.
        return Array(
            block.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }.dropLast())
    }

    /// Works as long as so many rounds of a digest take, for nothing.
    static func spend(rounds: Int) {
        guard rounds > 0 else { return }
        let cipher = Blowfish(), key = words(of: [0], count: 18)
        for _ in 0..<rounds {
            cipher.expand(key: key)
            cipher.expand(key: key)
        }
    }

    /// Big-endian words, beginning again at the start when the bytes run out.
    private static func words(of bytes: ArraySlice<UInt8>, count: Int) -> [UInt32] {
        let bytes = Array(bytes)
        return (0..<count).map { word in
            (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[(word * 4 + $1) % bytes.count]) }
        }
    }
}

/// A stored `$2b$12$<22 letters of salt><31 letters of digest>`.
package struct BcryptHash: Equatable {
    let cost: Int
    let salt: [UInt8]
    let digest: [UInt8]

    /// Reads `$2a$`, `$2b$` and `$2y$`, which today are the same algorithm. Nil for `$2x$` (a sign-extension bug, CVE-2011-2483),
    /// for costs that are not two digits within ``Bcrypt/costs``, for foreign letters and for spare bits that are not zero.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 60, ["$2a$", "$2b$", "$2y$"].contains(where: { bytes.starts(with: $0.utf8) }),
            bytes[6] == UInt8(ascii: "$"), let cost = Self.cost(bytes[4..<6]),
            let salt = Bcrypt.base64.decode(bytes[7..<29]), let digest = Bcrypt.base64.decode(bytes[29...])
        else { return nil }
        self.cost = cost
        self.salt = salt
        self.digest = digest
    }

    static func cost(_ digits: some Collection<UInt8>) -> Int? {
        guard (1...2).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        let cost = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
        return Bcrypt.costs.contains(cost) ? cost : nil
    }

    package func verify(_ password: [UInt8]) -> Bool {
        // In C a NUL ends the password: "secret\0anything" would equal "secret". The work is done all the same.
        let matches = constantTimeEqual(Bcrypt.digest(of: password, salt: salt, cost: cost), digest)
        return matches && !password.contains(0)
    }
}
