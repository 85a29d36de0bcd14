// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

/// Passwords that whoever guesses tries first (NIST SP 800-63B §3.1.1.2). Looked up here: no other server learns that anybody
/// asked.
package enum CommonPasswords {
    /// The first four bytes of each one's SHA-256, in order: a password that is none of them is taken for one once in 370,000
    /// times.
    private static let hashes: [UInt32] = {
        let bytes = Base64.standard.decode(base64.utf8.filter { $0 != UInt8(ascii: "\n") }) ?? []
        return stride(from: 0, to: bytes.count & ~3, by: 4).map { start in
            bytes[start..<(start + 4)].reduce(0) { $0 << 8 | UInt32($1) }
        }
    }()

    package static var count: Int { hashes.count }

    /// - Parameter password: in normalization form C. Its case does not matter.
    package static func contains(_ password: String) -> Bool {
        let hash = SHA256.hash(data: Array(password.lowercased().utf8)).prefix(4).reduce(UInt32(0)) {
            $0 << 8 | UInt32($1)
        }
        var low = 0, high = hashes.count
        while low < high {
            let middle = low + (high - low) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low < hashes.count && hashes[low] == hash
    }
}
