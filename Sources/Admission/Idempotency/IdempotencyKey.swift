// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Database

/// The name that a client gives to one write, so that it is done once however often it is sent
/// (draft-ietf-httpapi-idempotency-key-header-07). It counts for one person, in one business, for one operation.
package struct IdempotencyKey: Sendable {
    let tenantID: TenantID
    let userID: UserID
    let operation: String
    /// SHA-256 of the key, 32 bytes: what a client puts into it is nobody's business.
    let hash: [UInt8]
    /// SHA-256 of what is asked, 32 bytes: the same key must not be used for something else.
    let fingerprint: [UInt8]

    /// - Parameters:
    ///   - text: 1 to 255 printable characters of ASCII, in quotes or without them.
    ///   - request: path, query and body as they came.
    /// - Returns: nil when the text is no key.
    package init?(_ text: String, of person: Caller.Person, operation: String, request: [[UInt8]]) {
        var key = Substring(text)
        if key.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = key.dropFirst().dropLast() }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            return nil
        }
        tenantID = person.tenantID
        userID = person.userID
        self.operation = operation
        hash = Array(SHA256.hash(data: Array(key.utf8)))
        var asked = SHA256()
        for part in request {
            // With its length, so that parts cannot be shifted into one another.
            asked.update(data: unsafe withUnsafeBytes(of: UInt64(part.count).littleEndian) { unsafe Array($0) })
            asked.update(data: part)
        }
        fingerprint = Array(asked.finalize())
    }

    /// What two that are under way at once compete for.
    var lock: Int {
        var all = SHA256()
        all.update(data: tenantID.uuid.bytes + userID.uuid.bytes + Array(operation.utf8) + hash)
        return Array(all.finalize()).prefix(8).reduce(0) { $0 << 8 | Int(truncatingIfNeeded: $1) }
    }
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

extension IdempotencyKey {
    /// Looks whether the write has been done, in the transaction in which it would be. Nobody else does it until that ends.
    /// - Returns: what was answered then; nil to do it now, and to ``keep(_:in:)`` what is answered.
    /// - Throws: ``IdempotencyError``, `DatabaseError`.
    package func earlierReply(in tx: borrowing TenantTransaction) throws -> KeptReply? {
        guard try IdempotencyQueries.lock(self, in: tx) else { throw IdempotencyError.inProgress }
        try IdempotencyQueries.deleteExpired(in: tx)
        guard let found = try IdempotencyQueries.find(self, in: tx) else { return nil }
        guard found.fingerprint == fingerprint else { throw IdempotencyError.reused }
        return found.reply
    }

    /// Keeps the answer with the effect: both or neither.
    package func keep(_ reply: KeptReply, in tx: borrowing TenantTransaction) throws {
        try IdempotencyQueries.insert(self, reply, in: tx)
    }
}
