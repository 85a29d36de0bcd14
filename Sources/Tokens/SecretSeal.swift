// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Foundation

/// Secrets as they lie in the database: AES-256-GCM (NIST SP 800-38D), opened only for what they were sealed for.
///
/// A version byte, 8 bytes that name the key, 12 of nonce, the ciphertext, and a tag of 16. What it was sealed for is
/// authenticated too, so that a secret copied into another row opens nowhere.
///
/// Of several keys the last one whose moment has come seals; each opens what it has sealed, so that one can take another's place.
package final class SecretSeal: Sendable {
    /// What a secret is for, and whose it is.
    package struct Purpose: Sendable {
        fileprivate let bytes: [UInt8]

        /// - Parameters:
        ///   - name: `one time code`: written in the source, never changed.
        ///   - owner: the row, person or business it belongs to.
        package init(_ name: StaticString, _ owner: UUIDv7) { bytes = Array("\(name)".utf8) + [0] + owner.bytes }
    }

    private static let version: UInt8 = 1
    private let keys: Lock<[SealingKey]>

    /// - Parameter keys: in order of the moments from which they seal; at least one.
    package init(keys: [SealingKey]) {
        precondition(!keys.isEmpty, "nothing could be sealed")
        self.keys = Lock(keys)
    }

    /// Takes up keys that have come, and lets go of those that went.
    package func replaceKeys(_ new: [SealingKey]) {
        precondition(!new.isEmpty, "nothing could be sealed")
        keys.with { $0 = new }
    }

    private func current(at now: Instant) -> SealingKey {
        keys.with { keys in keys.last { $0.activeFrom <= now } ?? keys[0] }
    }

    /// Whether something was sealed with the key that seals now.
    package func isCurrent(_ sealed: [UInt8], now: Instant = .now()) -> Bool {
        sealed.starts(with: [Self.version] + current(at: now).id)
    }

    package func seal(_ secret: [UInt8], for purpose: Purpose, now: Instant = .now()) -> [UInt8] {
        let key = current(at: now), head = [Self.version] + key.id
        guard
            let box = try? AES.GCM.seal(secret, using: key.key.reveal(), authenticating: head + purpose.bytes),
            let combined = box.combined
        else { preconditionFailure("AES-GCM takes any message of this size") }
        return head + Array(combined)
    }

    /// Nil unless one of these keys has sealed it for the same purpose.
    package func open(_ sealed: [UInt8], for purpose: Purpose) -> [UInt8]? {
        guard sealed.count >= 9 + 28, sealed[0] == Self.version,
            let key = keys.with({ keys in keys.first { sealed[1..<9].elementsEqual($0.id) } }),
            let box = try? AES.GCM.SealedBox(combined: sealed[9...]),
            let secret = try? AES.GCM.open(
                box, using: key.key.reveal(), authenticating: Array(sealed[..<9]) + purpose.bytes)
        else { return nil }
        return Array(secret)
    }
}

/// A key that seals from a moment on. One that no longer seals still opens.
package struct SealingKey: Sendable {
    package let activeFrom: Instant
    let key: Secret<SymmetricKey>
    /// Stands with everything that it seals.
    let id: [UInt8]

    package init(activeFrom: Instant, key: Secret<SymmetricKey>) {
        self.activeFrom = activeFrom
        self.key = key
        var message = Array("unnati sealing key ".utf8)
        message += unsafe key.reveal().withUnsafeBytes { unsafe Array($0) }
        id = Array(SHA256.hash(data: message).prefix(8))
    }
}
