// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

/// The name that a client gives to one write, so that it is done once however often it is sent
/// (draft-ietf-httpapi-idempotency-key-header-07). It counts for one caller, in one business, for one operation.
package struct IdempotencyKey: Sendable {
    let tenantID: TenantID
    /// Or of an API key: whoever has sent it.
    let userID: UserID
    let operation: String
    /// SHA-256 of the key, 32 bytes: what a client puts into it is nobody's business.
    let hash: [UInt8]

    /// - Parameter text: 1 to 255 printable characters of ASCII, in quotes or without them.
    /// - Returns: nil when the text is no key.
    package init?(_ text: String, of caller: Caller, operation: String) {
        var key = Substring(text)
        if key.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = key.dropFirst().dropLast() }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            return nil
        }
        tenantID = caller.tenantID
        userID = UserID(caller.principal)
        self.operation = operation
        hash = Array(SHA256.hash(data: Array(key.utf8)))
    }

    /// What two that are under way at once compete for.
    /// - Parameter isPersonal: the key is the person's in whichever business they work at the moment.
    func lock(isPersonal: Bool) -> Int {
        var all = SHA256()
        all.update(data: isPersonal ? [] : tenantID.uuid.bytes)
        all.update(data: userID.uuid.bytes + Array(operation.utf8) + hash)
        return Array(all.finalize()).prefix(8).reduce(0) { $0 << 8 | Int(truncatingIfNeeded: $1) }
    }
}

/// What is asked, as far as it can be told from something else: a key must not be used for two things.
package struct RequestFingerprint: Sendable {
    private var hash = SHA256()

    /// - Parameter parts: path, query and whatever else comes before the body.
    package init(_ parts: [UInt8]...) {
        for part in parts {
            // With its length, so that parts cannot be shifted into one another.
            hash.update(data: unsafe withUnsafeBytes(of: UInt64(part.count).littleEndian) { unsafe Array($0) })
            hash.update(data: part)
        }
    }

    /// The body, in one piece or many.
    package mutating func add(_ piece: [UInt8]) { hash.update(data: piece) }

    /// SHA-256, 32 bytes.
    var bytes: [UInt8] { Array(hash.finalize()) }
}

/// What a client is answered: enough of it to be answered again, byte for byte.
package struct KeptReply: Sendable, Equatable {
    package let status: Int
    package let location: String?, etag: String?
    package let body: [UInt8]

    package init(status: Int, location: String?, etag: String?, body: [UInt8]) {
        self.status = status
        self.location = location
        self.etag = etag
        self.body = body
    }
}

/// Why a write with a key was not done.
package enum IdempotencyError: Error, Equatable {
    /// The same request is being done at this moment.
    case inProgress
    /// The key was used for another request.
    case reused
}
