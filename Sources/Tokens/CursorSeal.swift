// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

/// Marks a list's cursor as ours, so that a client can hand it back and can neither make nor alter one:
/// base64url of version, content and a 16-byte HMAC tag, which also covers what the list was filtered by.
package struct CursorSeal: Sendable {
    private static let version: UInt8 = 1
    private let keyed: KeyedHash

    package init(key: Secret<SymmetricKey>) {
        var keyed = KeyedHash(key: key)
        keyed.update(Array("unnati cursor v1".utf8))
        self.keyed = keyed
    }

    package enum Failure: Error, Sendable {
        /// Not made by this deployment, or altered, or made for another list, business or filter.
        case mismatch
    }

    package func seal(_ content: [UInt8], scope: CursorScope) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1 + content.count + 32)
        bytes.append(Self.version)
        bytes.append(contentsOf: content)
        bytes.append(contentsOf: tag(content, scope))
        return Base64.url.encode(bytes)
    }

    /// - Throws: ``Failure``.
    package func open(_ cursor: String, scope: CursorScope) throws(Failure) -> [UInt8] {
        guard cursor.utf8.count <= 4_096, let bytes = Base64.url.decode(cursor.utf8), bytes.count >= 17,
            bytes[0] == Self.version
        else {
            throw .mismatch
        }
        let content = Array(bytes[1..<(bytes.count - 16)])
        guard constantTimeEqual(bytes.suffix(16), tag(content, scope)) else { throw .mismatch }
        return content
    }

    private func tag(_ content: [UInt8], _ scope: CursorScope) -> ArraySlice<UInt8> {
        var code = keyed
        code.update(scope.message)
        code.update(content)
        return code.finish().prefix(16)
    }
}

/// All that must be the same when a cursor comes back: business, list, filters.
package struct CursorScope: Sendable {
    fileprivate var message: [UInt8] = []

    package init(_ tenant: TenantID, _ list: String) {
        message.reserveCapacity(128)
        add(tenant.uuid)
        add(list)
    }

    package mutating func add(_ uuid: UUIDv7) { message.append(contentsOf: uuid.bytes) }

    /// The length comes first: no two scopes can run together into one message.
    package mutating func add(_ text: String?) {
        let text = text ?? ""
        let length = UInt32(clamping: text.utf8.count)
        for shift in [24, 16, 8, 0] as [UInt32] { message.append(UInt8(truncatingIfNeeded: length >> shift)) }
        message.append(contentsOf: text.utf8)
    }
}
