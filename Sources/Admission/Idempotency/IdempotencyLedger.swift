// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Jobs

/// What was answered to writes with a key, for a day. Kept in the transaction of the effect: both or neither.
package struct IdempotencyLedger: Sendable {
    private let jobs: JobQueue

    package init(jobs: JobQueue) { self.jobs = jobs }

    /// Looks whether the write has been done, in the transaction in which it would be. Nobody else does it until that ends.
    /// - Returns: what was answered then; nil to do it now, and to ``keep(_:for:_:in:)`` what is answered.
    /// - Throws: ``IdempotencyError``, `DatabaseError`.
    package func earlierReply<Scope: IdempotencyScope>(
        to key: IdempotencyKey, _ fingerprint: RequestFingerprint, in tx: borrowing Transaction<Scope>
    ) throws -> KeptReply? {
        guard try tx.run(IdempotencyQueries.lock(key.lock(isPersonal: Scope.isPersonal))) else {
            throw IdempotencyError.inProgress
        }
        guard let found = try tx.run(Scope.find(key)) else { return nil }
        guard found.fingerprint == fingerprint.bytes else { throw IdempotencyError.reused }
        return found.reply
    }

    /// - Throws: `DatabaseError`.
    package func keep<Scope: IdempotencyScope>(
        _ reply: KeptReply, for key: IdempotencyKey, _ fingerprint: RequestFingerprint,
        in tx: borrowing Transaction<Scope>
    ) throws {
        let kept = try tx.execute(Scope.insert(key, fingerprint.bytes, reply, in: tx.tenantID))
        guard kept == 1 else { throw IdempotencyError.inProgress }
        let sweep = IdempotencySweep(ofPerson: Scope.isPersonal ? key.userID : nil), now = Instant.now()
        try jobs.enqueue(sweep, after: sweep.delay(now), uniqueKey: sweep.uniqueKey(now), in: tx)
    }
}

/// Where the replies of a transaction's writes are kept: with the business whose rows it writes, or with the person who founds one.
package protocol IdempotencyScope: TransactionScope, HasTenant {
    static var isPersonal: Bool { get }
    static func find(_ key: IdempotencyKey) -> Query<(fingerprint: [UInt8], reply: KeptReply)?>
    /// - Parameter tenant: the transaction's.
    static func insert(_ key: IdempotencyKey, _ fingerprint: [UInt8], _ reply: KeptReply, in tenant: TenantID)
        -> Statement
}

extension TenantScope: IdempotencyScope {
    package static var isPersonal: Bool { false }

    package static func find(_ key: IdempotencyKey) -> Query<(fingerprint: [UInt8], reply: KeptReply)?> {
        IdempotencyQueries.findOfTenant(key)
    }

    package static func insert(
        _ key: IdempotencyKey, _ fingerprint: [UInt8], _ reply: KeptReply, in tenant: TenantID
    ) -> Statement {
        IdempotencyQueries.insertForTenant(key, fingerprint, reply)
    }
}

extension MemberScope: IdempotencyScope {
    package static var isPersonal: Bool { true }

    package static func find(_ key: IdempotencyKey) -> Query<(fingerprint: [UInt8], reply: KeptReply)?> {
        IdempotencyQueries.findOfPerson(key)
    }

    package static func insert(
        _ key: IdempotencyKey, _ fingerprint: [UInt8], _ reply: KeptReply, in tenant: TenantID
    ) -> Statement {
        IdempotencyQueries.insertForPerson(key, fingerprint, reply, founding: tenant)
    }
}
