// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

/// Marks a list's cursor as ours, so that a client can hand it back and can neither make nor alter one:
/// base64url of version, content and a 16-byte HMAC tag, which also covers what the list was filtered by.
package struct CursorSeal: Sendable {
    private static let version: UInt8 = 1
    /// Keyed once; each tag begins with a copy of it.
    private let keyed: HMAC<SHA256>

    package init(key: Secret<SymmetricKey>) {
        var keyed = HMAC<SHA256>(key: key.reveal())
        keyed.update(data: Array("unnati cursor v1".utf8))
        self.keyed = keyed
    }

    package enum Failure: Error, Sendable {
        /// Not made by this deployment, or altered, or made for another list, business or filter.
        case mismatch
    }

    /// - Parameter scope: all that must be the same when the cursor comes back: tenant, list, filters.
    package func seal(_ content: [UInt8], scope: [String]) -> String {
        Base64.url.encode([Self.version] + content + tag(content, scope))
    }

    /// - Throws: ``Failure``.
    package func open(_ cursor: String, scope: [String]) throws(Failure) -> [UInt8] {
        guard cursor.utf8.count <= 256, let bytes = Base64.url.decode(cursor.utf8), bytes.count >= 17,
            bytes[0] == Self.version
        else {
            throw .mismatch
        }
        let content = Array(bytes[1..<(bytes.count - 16)])
        guard constantTimeEqual(bytes.suffix(16), tag(content, scope)) else { throw .mismatch }
        return content
    }

    private func tag(_ content: [UInt8], _ scope: [String]) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(256)
        // Lengths before texts: no two scopes can run together into one message.
        for part in scope {
            let length = part.utf8.count
            for shift in [24, 16, 8, 0] { message.append(UInt8(truncatingIfNeeded: length >> shift)) }
            message.append(contentsOf: part.utf8)
        }
        message.append(contentsOf: content)
        var code = keyed
        code.update(data: message)
        return unsafe code.finalize().withUnsafeBytes { unsafe Array($0.prefix(16)) }
    }
}
