// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CArgon2
import Glibc

/// A stored `$argon2id$v=19$m=65536,t=3,p=4$<salt>$<digest>` (RFC 9106) that came from elsewhere. Verified only: new hashes
/// are ``BcryptSHA256``.
package struct Argon2id: Equatable {
    private let text: String

    /// Nil for other variants and versions, and for costs that would let one stored row occupy the server: more than
    /// 128 MiB, 10 passes or 8 lanes.
    package init?(_ text: String) {
        let fields = text.split(separator: "$", omittingEmptySubsequences: false)
        guard text.utf8.count <= 512, !text.utf8.contains(0), fields.count == 6, fields[0].isEmpty,
            fields[1] == "argon2id", fields[2] == "v=19"
        else { return nil }
        let costs = fields[3].split(separator: ",")
        guard costs.count == 3, Self.number(costs[0], "m=").map({ (8...131_072).contains($0) }) == true,
            Self.number(costs[1], "t=").map({ (1...10).contains($0) }) == true,
            Self.number(costs[2], "p=").map({ (1...8).contains($0) }) == true
        else { return nil }
        self.text = text
    }

    private static func number(_ field: Substring, _ prefix: String) -> Int? {
        guard field.hasPrefix(prefix), field.utf8.dropFirst(2).allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(field.dropFirst(2))
    }

    /// libargon2 compares in constant time.
    package func verify(_ password: [UInt8]) -> Bool {
        unsafe argon2id_verify(text, password, password.count) == ARGON2_OK.rawValue
    }
}
