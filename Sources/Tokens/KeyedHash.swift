// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

/// HMAC-SHA-256 (RFC 2104) whose key has been taken in already: each code begins with a copy of it. `HMAC` of swift-crypto
/// computes the same and takes every piece of data through generic collections, at five times the cost for a short message.
struct KeyedHash: Sendable {
    private var inner = SHA256()
    private var outer = SHA256()

    /// - Parameter key: at most 64 bytes, SHA-256's block.
    init(key: Secret<SymmetricKey>) {
        var block = unsafe key.reveal().withUnsafeBytes { unsafe Array($0) }
        precondition(block.count <= 64, "a longer key would have to be hashed first")
        block += [UInt8](repeating: 0, count: 64 - block.count)
        Self.update(&inner, block.map { $0 ^ 0x36 })
        Self.update(&outer, block.map { $0 ^ 0x5C })
    }

    mutating func update(_ bytes: [UInt8]) { Self.update(&inner, bytes) }

    /// The code: 32 bytes.
    consuming func finish() -> [UInt8] {
        Self.update(&outer, Self.bytes(inner.finalize()))
        return Self.bytes(outer.finalize())
    }

    private static func update(_ hash: inout SHA256, _ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
    }

    private static func bytes(_ digest: SHA256.Digest) -> [UInt8] { unsafe digest.withUnsafeBytes { unsafe Array($0) } }
}
