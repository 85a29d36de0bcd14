// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Passwords

// For tests in other languages. Each line of input is `hash COST HEX` or `verify STORED HEX`, where HEX are the password's
// bytes; the answer is a `$bcrypt-sha256$` hash, or `right` or `wrong`. `time COST COUNT` prints seconds per plain bcrypt.

func bytes(_ hex: Substring) -> [UInt8] {
    stride(from: 0, to: hex.utf8.count, by: 2).map { UInt8(hex.dropFirst($0).prefix(2), radix: 16) ?? 0 }
}

while let line = readLine() {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3 else { continue }
    switch words[0] {
    case "hash": print(BcryptSHA256(hashing: bytes(words[2]), cost: Int(words[1]) ?? 4).text)
    case "time":
        let count = Int(words[2]) ?? 1, cost = Int(words[1]) ?? 12
        let duration = ContinuousClock().measure {
            for index in 0..<count {
                _ = Bcrypt.digest(
                    of: Array("correct horse \(index)".utf8), salt: [UInt8](repeating: 7, count: 16), cost: cost)
            }
        }
        print(duration / .seconds(1) / Double(count))
    default:
        let stored = String(words[1])
        let matches =
            BcryptSHA256(stored)?.verify(bytes(words[2])) ?? BcryptHash(stored)?.verify(bytes(words[2])) ?? false
        print(matches ? "right" : "wrong")
    }
}
