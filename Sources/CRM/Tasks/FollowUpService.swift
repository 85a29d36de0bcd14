// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// What is to be done by a day. Whoever sees their own customers alone sees what they are to do, and what is about those.
package struct FollowUpService: Sendable {
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    // MARK: - Reading

    /// - Returns: up to one more than `limit`, which says that there is more; what is due first comes first, unless descending.
    package func page(
        _ filter: FollowUpFilter, isDescending: Bool, after: FollowUpPosition?, limit: Int, for caller: Caller
    ) async throws -> [FollowUp] {
        var filter = filter
        filter.visibleTo = caller.seesCustomersOf
        return try await database.browse(
            FollowUpQueries.page(
                filter, isDescending: isDescending, after: after, limit: limit + 1, of: caller.tenantID),
            in: .tenant(caller.tenantID))
    }

    /// - Throws: `FollowUpError.unknown`.
    package func find(_ id: FollowUp.ID, for caller: Caller) async throws -> FollowUp {
        let found = try await database.browse(
            FollowUpQueries.find(id, of: caller.tenantID, visibleTo: caller.seesCustomersOf),
            in: .tenant(caller.tenantID))
        guard let found else { throw FollowUpError.unknown }
        return found
    }

    // MARK: - Writing

    /// - Parameter around: is given what adds it, to be called once at most, in the same transaction.
    /// - Throws: `FollowUpError.assigneeUnknown`, `.assigneeHidden`, `CustomerError.unknown`, and what `around` throws; then nothing
    ///   is added.
    package func create<Output: Sendable>(
        _ fields: FollowUpFields, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> FollowUp) throws -> Output
    ) async throws -> Output {
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                let id = FollowUp.ID.next(), fields = try Self.checked(fields, from: nil, caller, in: tx)
                try FollowUpQueries.insert(id, fields, by: caller.auditActor, in: tx)
                return try Self.written(id, in: tx)
            }
        }
    }

    /// What a follow-up is to become.
    package struct Change: Sendable {
        package var fields: FollowUpFields
        /// Given up.
        package var isCancelled = false

        package init(_ fields: FollowUpFields) { self.fields = fields }
    }

    /// Changes a follow-up if nobody else has since `version`.
    /// - Parameters:
    ///   - version: nil to change whatever is there.
    ///   - change: applied to it as it is.
    /// - Throws: `FollowUpError`, `CustomerError.unknown`, what `change` throws.
    package func update(
        _ id: FollowUp.ID, version: Int?, for caller: Caller,
        _ change: @Sendable @escaping (FollowUp) throws -> Change
    ) async throws -> FollowUp {
        try await changing(id, for: caller) { followUp, tx in
            guard version == nil || version == followUp.version else { throw FollowUpError.changed }
            let change = try change(followUp), cancels = change.isCancelled && followUp.state != .cancelled
            guard !cancels || followUp.state == .open else { throw FollowUpError.notOpen }
            let fields = try Self.checked(change.fields, from: followUp.fields, caller, in: tx)
            guard fields != followUp.fields || cancels else { return false }
            try FollowUpQueries.update(id, from: followUp.fields, to: fields, isCancelled: cancels, in: tx)
            return true
        }
    }

    /// - Throws: `FollowUpError.unknown`, `.changed`.
    package func delete(_ id: FollowUp.ID, version: Int?, for caller: Caller) async throws {
        let visibleTo = caller.seesCustomersOf
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let followUp = try FollowUpQueries.lock(id, visibleTo: visibleTo, in: tx) else {
                throw FollowUpError.unknown
            }
            guard version == nil || version == followUp.version else { throw FollowUpError.changed }
            try FollowUpQueries.delete(id, in: tx)
        }
    }

    /// Says that it was done. Of one that repeats the next comes with it: one, however often and however many at once say so.
    /// - Returns: it, and what came of it.
    /// - Throws: `FollowUpError.unknown`; `.notOpen` for one that was given up.
    package func complete(_ id: FollowUp.ID, for caller: Caller) async throws -> (done: FollowUp, next: FollowUp?) {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let followUp = try FollowUpQueries.lock(id, visibleTo: visibleTo, in: tx) else {
                throw FollowUpError.unknown
            }
            guard followUp.state != .cancelled else { throw FollowUpError.notOpen }
            if followUp.state == .open {
                try FollowUpQueries.markDone(id, by: caller.auditActor, in: tx)
                if let due = followUp.fields.repetition?.next(after: followUp.fields.due, doneAt: .now()) {
                    var fields = followUp.fields
                    fields.due = due
                    try FollowUpQueries.insert(.next(), fields, after: id, by: caller.auditActor, in: tx)
                }
            }
            let next =
                followUp.fields.repetition == nil
                ? nil : try tx.run(FollowUpQueries.next(after: id, of: tx.tenantID, visibleTo: visibleTo))
            return (try Self.written(id, in: tx), next)
        }
    }

    /// Keeps it out of what is to be done today until then.
    /// - Throws: `FollowUpError.unknown`, `.notOpen`.
    package func snooze(_ id: FollowUp.ID, until: Instant, for caller: Caller) async throws -> FollowUp {
        try await changing(id, for: caller) { followUp, tx in
            guard followUp.state == .open else { throw FollowUpError.notOpen }
            try FollowUpQueries.snooze(id, until: until, in: tx)
            return true
        }
    }

    /// It was not done after all. What came of it goes, unless somebody has touched that.
    /// - Throws: `FollowUpError.unknown`.
    package func reopen(_ id: FollowUp.ID, for caller: Caller) async throws -> FollowUp {
        try await changing(id, for: caller) { followUp, tx in
            guard followUp.state != .open else { return false }
            try FollowUpQueries.takeBack(after: id, in: tx)
            try FollowUpQueries.reopen(id, in: tx)
            return true
        }
    }

    // MARK: - Steps of these

    /// - Parameter change: returns whether it has changed anything.
    private func changing(
        _ id: FollowUp.ID, for caller: Caller,
        _ change: @escaping @Sendable (FollowUp, borrowing TenantTransaction) throws -> Bool
    ) async throws -> FollowUp {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let followUp = try FollowUpQueries.lock(id, visibleTo: visibleTo, in: tx) else {
                throw FollowUpError.unknown
            }
            return try change(followUp, tx) ? try Self.written(id, in: tx) : followUp
        }
    }

    private static func written(_ id: FollowUp.ID, in tx: borrowing TenantTransaction) throws -> FollowUp {
        guard let followUp = try tx.run(FollowUpQueries.find(id, of: tx.tenantID, visibleTo: nil)) else {
            throw FollowUpError.unknown
        }
        return followUp
    }

    /// Whom it is about is there, whoever is to do it works here, and whoever sees their own customers alone goes on seeing it.
    private static func checked(
        _ fields: FollowUpFields, from old: FollowUpFields?, _ caller: Caller, in tx: borrowing TenantTransaction
    ) throws -> FollowUpFields {
        var fields = fields
        let visibleTo = caller.seesCustomersOf, isSeenAnyway = visibleTo == nil || fields.assignee == visibleTo
        let customer = try CustomerLink.checked(
            fields.customer, from: old?.customer, isSeenAnyway: isSeenAnyway, visibleTo: visibleTo, in: tx)
        fields.customer = customer.id
        guard isSeenAnyway || customer.isSeen else { throw FollowUpError.assigneeHidden }
        if fields.assignee != old?.assignee {
            guard try CustomerQueries.isMember(fields.assignee, in: tx) else { throw FollowUpError.assigneeUnknown }
        }
        return fields
    }
}
