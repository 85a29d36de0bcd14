// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Jobs

/// Does ``ImportUndoJob``, five hundred rows to a transaction: who was added and has not been touched since goes as if they had never
/// come; who has been touched since stays; and what the file changed of others becomes what it was, unless somebody has changed it
/// again. An undoing that stops anywhere goes on behind what was committed last.
package struct ImportUndoRunner: Sendable {
    private static let batchRows = 500, batchTimeout = Duration.seconds(30)
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    package func perform(_ job: ImportUndoJob, _ attempt: JobAttempt) async throws {
        let tenant = attempt.tenantID
        let found = try await database.read(ImportQueries.find(job.id, of: tenant), in: .tenant(tenant))
        guard let found, found.state == .undoing else { return }
        // What has been removed is not there to be removed again: this walk may begin anew.
        try await walk(.created, of: job.id, after: 0, attempt) { rows in
            try await remove(rows.compactMap(\.customerID), of: job.id, tenant)
        }
        try await walk(.updated, of: job.id, after: found.rows.undoneTo, attempt) { rows in
            try await takeBack(rows, of: job.id, tenant)
        }
        try await database.withTenant(tenant, timeout: Self.batchTimeout) { (tx: borrowing TenantTransaction) in
            guard let found = try ImportQueries.lock(job.id, in: tx), found.state == .undoing else { return }
            let left = try CustomerQueries.count(addedBy: job.id, in: tx)
            try ImportQueries.noteUndone(job.id, undone: 0, kept: left, in: tx)
            try ImportQueries.setState(.undone, of: job.id, in: tx)
            _ = try HistoryQueries.markUndone(
                CustomerOperation.ID(job.id.uuid), restored: found.rows.undone, in: tx)
        }
    }

    private func walk(
        _ verdict: CustomerImport.Verdict, of id: CustomerImport.ID, after row: Int, _ attempt: JobAttempt,
        _ perform: ([CustomerImportRow]) async throws -> Void
    ) async throws {
        let tenant = attempt.tenantID
        var last = row
        while true {
            try Task.checkCancellation()
            let rows = try await database.read(
                ImportQueries.rows(of: id, verdict: verdict, after: last, limit: Self.batchRows, of: tenant),
                in: .tenant(tenant))
            guard let end = rows.last else { return }
            last = end.number
            try await perform(rows)
        }
    }

    // MARK: - Who was added

    private func remove(_ ids: [Customer.ID], of id: CustomerImport.ID, _ tenant: TenantID) async throws {
        do {
            try await remove(ids, of: id, tenant, intoBin: false)
        } catch let error as DatabaseError where error.isStillReferredTo {
            // Something that ``CustomerQueries/knownByMore(than:in:)`` does not know of names one of them: the bin keeps whom.
            for one in ids {
                do {
                    try await remove([one], of: id, tenant, intoBin: false)
                } catch let error as DatabaseError where error.isStillReferredTo {
                    try await remove([one], of: id, tenant, intoBin: true)
                }
            }
        }
    }

    private func remove(
        _ ids: [Customer.ID], of id: CustomerImport.ID, _ tenant: TenantID, intoBin: Bool
    ) async throws {
        try await database.withTenant(tenant, timeout: Self.batchTimeout) { (tx: borrowing TenantTransaction) in
            guard let found = try ImportQueries.lock(id, in: tx), found.state == .undoing else { return }
            let there = try CustomerQueries.lock(ids, areDeleted: false, visibleTo: nil, in: tx).map(\.id)
            let changes = try HistoryQueries.operations(thatChanged: there, in: tx)
            let known = try CustomerQueries.knownByMore(than: there, in: tx)
            let ours: Set = [CustomerOperation.ID(id.uuid)] as Set<CustomerOperation.ID?>
            let untouched = there.filter { !known.contains($0) && changes[$0]?.isSubset(of: ours) ?? true }
            // A later row of the file has changed some: their history names them.
            let binned = intoBin ? untouched : untouched.filter { changes[$0] != nil }
            try CustomerQueries.delete(
                binned, eraseAfter: .now().advanced(by: CustomerService.timeInBin), in: tx)
            try CustomerQueries.remove(untouched.filter { !binned.contains($0) }, in: tx)
            try ImportQueries.noteUndone(id, undone: untouched.count, kept: 0, in: tx)
        }
    }

    // MARK: - Who was changed

    /// Each customer is seen to at the first of their rows: then all that the file has changed of them is taken back.
    private func takeBack(_ rows: [CustomerImportRow], of id: CustomerImport.ID, _ tenant: TenantID) async throws {
        guard let first = rows.first, let last = rows.last else { return }
        let ids = Array(Set(rows.compactMap(\.customerID)))
        try await database.withTenant(tenant, timeout: Self.batchTimeout) { (tx: borrowing TenantTransaction) in
            guard let found = try ImportQueries.lock(id, in: tx), found.state == .undoing,
                found.rows.undoneTo < last.number
            else { return }
            // Who was added by the file is no matter of this, and who has been seen to is done with.
            let seenTo = try ImportQueries.seenTo(ids, of: id, before: first.number, in: tx)
            let taken = try CustomerOperations.takeBack(
                CustomerOperation.ID(id.uuid), of: ids.filter { !seenTo.contains($0) }, in: tx)
            try ImportQueries.noteUndone(id, undone: taken.restored, kept: taken.kept, to: last.number, in: tx)
        }
    }
}

extension DatabaseError {
    /// A row that is to go has others that name it (PostgreSQL, appendix A: 23503).
    fileprivate var isStillReferredTo: Bool {
        if case .refused(let refusal) = self { refusal.sqlState == "23503" } else { false }
    }
}
