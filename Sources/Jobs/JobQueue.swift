// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import JSON

/// Where work for later is asked for: in the transaction that makes it necessary, so that there is both or neither.
package struct JobQueue: Sendable {
    /// Raised when a transaction that has asked for work has been committed.
    package let signal: JobSignal

    package init(signal: JobSignal = JobSignal()) { self.signal = signal }

    /// - Parameters:
    ///   - delay: how long it waits at least.
    ///   - uniqueKey: while a job of this kind with this key waits or runs for the same business, no second one is added.
    /// - Returns: nil when there was one already.
    /// - Throws: `DatabaseError`.
    @discardableResult
    package func enqueue<J: Job, Scope: TransactionScope & HasTenant>(
        _ job: J, after delay: Duration = .zero, uniqueKey: String? = nil, in tx: borrowing Transaction<Scope>
    ) throws -> JobID? {
        let id = JobID.next()
        let added = try tx.execute(
            JobQueries.insert(
                id, of: tx.tenantID, J.kind, arguments: String(decoding: job.jsonBytes, as: UTF8.self),
                J.priority, delay, maximumAttempts: J.maximumAttempts, uniqueKey: uniqueKey, trace: tx.trace?.header))
        guard added == 1 else { return nil }
        if delay == .zero { tx.afterCommit { [signal] in signal.raise() } }
        return id
    }

    /// What has become of the job of this kind that was asked for last with this key.
    /// - Returns: nil when it is done, or was never asked for.
    package func state<J: Job>(of _: J.Type, uniqueKey: String, in tx: borrowing TenantTransaction) throws -> JobState?
    {
        try tx.run(JobQueries.state(J.kind, of: tx.tenantID, uniqueKey: uniqueKey))
    }

    /// Has a job of this kind, without arguments of its own, done over and over for this business.
    package func schedule<J: Job>(_: J.Type, every interval: Duration, in tx: borrowing TenantTransaction) throws {
        try tx.execute(JobQueries.insertSchedule(J.kind, of: tx.tenantID, every: interval))
    }
}
