// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Foundation

/// What was kept of a customer, sealed when they are erased (HPKE, RFC 9180, base mode: X25519, HKDF-SHA256, ChaCha20-Poly1305).
///
/// Whoever seals has the public half of a key alone, so that no server and no administrator of the database opens it: the other half
/// lies elsewhere. Pieces are sealed in a row, each saying whether it is the last, so that none goes missing unnoticed. Who sealed a copy
/// it does not prove: whoever writes to the database can seal another in its place.
enum ErasedCopy {
    static let suite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly

    /// Opens as the copy of this customer and of nobody else.
    static func info(_ customer: UUIDv7, of tenant: TenantID) -> Data {
        Data("unnati erased copy".utf8) + Data(tenant.uuid.bytes) + Data(customer.bytes)
    }

    static func standing(isLast: Bool) -> Data { Data([isLast ? 1 : 0]) }
}

/// The half of a key with which copies are sealed.
package struct ErasedCopySealingKey: Sendable {
    let key: Curve25519.KeyAgreement.PublicKey

    /// - Parameter text: 32 bytes in base64, as `unnati privacy make-key` prints them.
    package init?(_ text: String) {
        guard let bytes = Data(base64Encoded: text),
            let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: bytes)
        else { return nil }
        self.key = key
    }
}

/// The half that opens them.
package struct ErasedCopyOpeningKey: Sendable {
    let key: Curve25519.KeyAgreement.PrivateKey

    /// A new one.
    package init() { key = Curve25519.KeyAgreement.PrivateKey() }

    /// - Parameter text: as ``text`` spells it, with white space around.
    package init?(_ text: String) {
        guard let bytes = Data(base64Encoded: text.trimmingWhitespace),
            let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: bytes)
        else { return nil }
        self.key = key
    }

    package var text: Secret<String> { Secret(key.rawRepresentation.base64EncodedString()) }

    /// What seals for it, for `ERASED_COPY_KEY`.
    package var sealingText: String { key.publicKey.rawRepresentation.base64EncodedString() }
}
