// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

/// What a refresh token says once its tag has been checked.
package struct RefreshClaims: Sendable, Equatable {
    package let userID: UserID
    package let sessionID: SessionID
    /// Counts from 1; each rotation adds one.
    package let generation: Int
}

/// Refresh tokens that any server can compute again, so that none is stored: `rt_` and base64url of user, session,
/// generation (8 bytes) and HMAC-SHA-256 over these.
package struct RefreshTokens: Sendable {
    private static let prefix = "rt_"
    private let key: Secret<SymmetricKey>

    package init(key: Secret<SymmetricKey>) { self.key = key }

    package func token(for claims: RefreshClaims) -> String {
        let message = Self.message(claims)
        return Self.prefix + Base64.url.encode(message + tag(message))
    }

    /// Nil unless this server's key made the token.
    package func claims(of token: String) -> RefreshClaims? {
        guard token.utf8.count <= 128, token.hasPrefix(Self.prefix),
            let bytes = Base64.url.decode(token.utf8.dropFirst(Self.prefix.utf8.count)), bytes.count == 72,
            constantTimeEqual(bytes[40...], tag(Array(bytes[..<40]))),
            let user = UUIDv7(bytes: bytes[0..<16]), let session = UUIDv7(bytes: bytes[16..<32])
        else { return nil }
        let generation = bytes[32..<40].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let generation = Int(exactly: generation) else { return nil }
        return RefreshClaims(userID: UserID(user), sessionID: SessionID(session), generation: generation)
    }

    private static func message(_ claims: RefreshClaims) -> [UInt8] {
        let generation = UInt64(claims.generation)
        return claims.userID.uuid.bytes + claims.sessionID.uuid.bytes
            + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: generation >> UInt64($0)) }
    }

    private func tag(_ message: [UInt8]) -> [UInt8] {
        // The label keeps this use of the key apart from any other.
        Array(HMAC<SHA256>.authenticationCode(for: Array("unnati refresh v1".utf8) + message, using: key.reveal()))
    }
}

extension RefreshClaims {
    package init(user: UserID, session: SessionID, generation: Int) {
        self.init(userID: user, sessionID: session, generation: generation)
    }
}
