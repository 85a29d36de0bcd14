// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Foundation

/// Secrets as they lie in the database: AES-256-GCM (NIST SP 800-38D), opened only for what they were sealed for.
///
/// A version byte, 8 bytes that name the key, 12 of nonce, the ciphertext, and a tag of 16. What it was sealed for is
/// authenticated too, so that a secret copied into another row opens nowhere.
package struct SecretSeal: Sendable {
    /// What a secret is for, and whose it is.
    package struct Purpose: Sendable {
        fileprivate let bytes: [UInt8]

        /// - Parameters:
        ///   - name: `one time code`: written in the source, never changed.
        ///   - owner: the row, person or business it belongs to.
        package init(_ name: StaticString, _ owner: UUIDv7) { bytes = Array("\(name)".utf8) + [0] + owner.bytes }
    }

    private static let version: UInt8 = 1
    private let key: Secret<SymmetricKey>
    private let keyID: [UInt8]

    package init(key: Secret<SymmetricKey>) {
        self.key = key
        var message = Array("unnati sealing key ".utf8)
        message += unsafe key.reveal().withUnsafeBytes { unsafe Array($0) }
        keyID = Array(SHA256.hash(data: message).prefix(8))
    }

    package func seal(_ secret: [UInt8], for purpose: Purpose) -> [UInt8] {
        let head = [Self.version] + keyID
        guard
            let box = try? AES.GCM.seal(secret, using: key.reveal(), authenticating: head + purpose.bytes),
            let combined = box.combined
        else { preconditionFailure("AES-GCM takes any message of this size") }
        return head + Array(combined)
    }

    /// Nil unless this key has sealed it for the same purpose.
    package func open(_ sealed: [UInt8], for purpose: Purpose) -> [UInt8]? {
        guard sealed.count >= 9 + 28, sealed[0] == Self.version, Array(sealed[1..<9]) == keyID,
            let box = try? AES.GCM.SealedBox(combined: sealed[9...]),
            let secret = try? AES.GCM.open(
                box, using: key.reveal(), authenticating: Array(sealed[..<9]) + purpose.bytes)
        else { return nil }
        return Array(secret)
    }
}
