// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// Makes two customers one, and takes that back.
package struct MergeService: Sendable {
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// - Parameters:
    ///   - other: who turned out to be `id`; is seen no more.
    ///   - around: is given what does it, to be called once at most, in the same transaction.
    /// - Returns: what was done, and the one who stayed.
    /// - Throws: `CustomerError.unknown`, `CustomerMergeError.same`.
    package func merge<Output: Sendable>(
        _ other: Customer.ID, into id: Customer.ID, for caller: Caller,
        around:
            @escaping @Sendable (
                borrowing TenantTransaction, () throws -> (merge: CustomerMerge, customer: Customer)
            ) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                // In the order of their ids, so that two who merge the same two do not wait for one another.
                let (both, named) = try CustomerQueries.lock(named: [id, other], visibleTo: visibleTo, in: tx)
                guard let survivor = both.first(where: { $0.id == named[id] }),
                    let merged = both.first(where: { $0.id == named[other] })
                else { throw CustomerError.unknown }
                guard survivor.id != merged.id else { throw CustomerMergeError.same }
                let fields = survivor.fields.joined(with: merged.fields)
                let moved = try MergeQueries.point(merged.id, to: survivor.id, in: tx)
                // What the history said of the one would stay there of the other when they are two again: the merge itself keeps it.
                var merge = CustomerMerge(
                    id: .next(), survivor: survivor.id, merged: merged.id,
                    edits: fields.edits(from: survivor.fields), moved: moved, createdAt: .now())
                merge.createdAt = try MergeQueries.insert(merge, by: caller.auditActor, in: tx)
                try HistoryQueries.insert(.merged, [(survivor.id, [])], by: caller.auditActor, in: tx)
                try AuditLog.record(
                    .customersMerged, by: caller.auditActor, survivor.id, detail: "\(merged.id)", in: tx)
                let customer = try CustomerQueries.update(survivor.id, from: survivor.fields, to: fields, in: tx)
                // Who is looked for under the old name is found under the new one.
                try SearchQueries.put([(merged.id, merged.fields)], in: tx)
                try SearchQueries.followOwners(of: [survivor.id], in: tx)
                return (merge, customer)
            }
        }
    }

    /// Takes a merge back: what it changed of the one who stayed becomes what it was unless somebody has changed it again, and the other
    /// is there as before, with all that was written down of them.
    /// - Returns: the one who stayed and the other.
    /// - Throws: `CustomerMergeError`; `CustomerError.phoneTaken` and the like when another has a number of theirs by now.
    package func undo(_ id: CustomerMerge.ID, for caller: Caller) async throws -> (
        survivor: Customer, restored: Customer
    ) {
        let visibleTo = caller.seesCustomersOf
        do {
            return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                guard let merge = try MergeQueries.lock(id, in: tx) else { throw CustomerMergeError.unknown }
                if try CustomerQueries.lock(merge.merged, visibleTo: visibleTo, in: tx) == nil {
                    let now = try CustomerQueries.survivors(of: [merge.merged], in: tx)
                    let binned = try CustomerQueries.lock(
                        Array(now.values), areDeleted: true, visibleTo: visibleTo, in: tx)
                    throw binned.isEmpty ? CustomerMergeError.unknown : .inBin
                }
                guard merge.createdAt.advanced(by: CustomerService.timeInBin) > .now() else {
                    throw CustomerMergeError.tooOld
                }
                guard try MergeQueries.target(of: merge.merged, in: tx) == merge.survivor,
                    let survivor = try CustomerQueries.lock(merge.survivor, visibleTo: visibleTo, in: tx),
                    survivor.id == merge.survivor
                else { throw CustomerMergeError.mergedAgain }
                var fields = survivor.fields
                _ = fields.takeBack(merge.edits)
                if !fields.isKnownBySomething { fields = survivor.fields }
                let customer = try CustomerQueries.update(survivor.id, from: survivor.fields, to: fields, in: tx)
                try MergeQueries.release(merge, in: tx)
                try ConsentQueries.separate(merge, in: tx)
                try MergeQueries.delete(id, in: tx)
                try HistoryQueries.insert(
                    .unmerged, [(survivor.id, []), (merge.merged, [])], by: caller.auditActor, in: tx)
                try AuditLog.record(
                    .customersUnmerged, by: caller.auditActor, survivor.id, detail: "\(merge.merged)", in: tx)
                guard let own = try MergeQueries.fields(of: merge.merged, in: tx) else {
                    throw CustomerMergeError.unknown
                }
                try SearchQueries.put([(merge.merged, own)], in: tx)
                try SearchQueries.followOwners(of: [merge.merged], in: tx)
                let restored = try CustomerQueries.lock(merge.merged, visibleTo: nil, in: tx)
                guard let restored else { throw CustomerMergeError.unknown }
                return (customer, restored)
            }
        } catch let error as DatabaseError {
            guard let taken = error.takenIdentifier else { throw error }
            throw CustomerError(taken, by: nil)
        }
    }

    /// - Returns: up to one more than `limit`, which says that there is more; the newest first.
    package func page(before: CustomerMerge.ID?, limit: Int, for caller: Caller) async throws -> [CustomerMerge] {
        try await database.browse(
            MergeQueries.page(
                before: before, limit: limit + 1, of: caller.tenantID, visibleTo: caller.seesCustomersOf),
            in: .tenant(caller.tenantID))
    }
}
