// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Jobs

/// Does ``ImportUndoJob``, five hundred rows to a transaction: who was added and has not been touched since goes as if they had never
/// come; who has been touched since stays; and what the file changed of others becomes what it was, unless somebody has changed it
/// again.
package struct ImportUndoRunner: Sendable {
    private static let batchRows = 500
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    package func perform(_ job: ImportUndoJob, _ attempt: JobAttempt) async throws {
        let tenant = attempt.tenantID
        // What has been undone is not there to be undone again: the walk may begin anew.
        var last = 0
        while true {
            try Task.checkCancellation()
            let rows = try await database.read(
                ImportQueries.rows(of: job.id, verdict: .created, after: last, limit: Self.batchRows, of: tenant),
                in: .tenant(tenant))
            guard let end = rows.last else { break }
            last = end.number
            let ids = rows.compactMap(\.customerID)
            try await removing(ids, of: job.id, tenant)
        }
        try await database.withTenant(tenant, timeout: .seconds(60)) { (tx: borrowing TenantTransaction) in
            guard let found = try ImportQueries.lock(job.id, in: tx), found.state == .undoing else { return }
            let operation = CustomerOperation.ID(job.id.uuid)
            let taken = try CustomerOperations.takeBackAll(of: operation, in: tx)
            try ImportQueries.noteUndone(job.id, undone: taken.restored, kept: taken.kept, in: tx)
            try ImportQueries.setState(.undone, of: job.id, in: tx)
            let left = try CustomerQueries.count(addedBy: job.id, in: tx)
            try ImportQueries.noteUndone(job.id, undone: 0, kept: left, in: tx)
            _ = try HistoryQueries.markUndone(
                operation, restored: found.rows.undone + taken.restored, in: tx)
        }
    }

    private func removing(_ ids: [Customer.ID], of id: CustomerImport.ID, _ tenant: TenantID) async throws {
        do {
            try await remove(ids, of: id, tenant, intoBin: false)
        } catch let error as DatabaseError where error.isStillReferredTo {
            // Somebody has written down something of one of them: the bin keeps it for as long as they may be taken back.
            try await remove(ids, of: id, tenant, intoBin: true)
        }
    }

    private func remove(
        _ ids: [Customer.ID], of id: CustomerImport.ID, _ tenant: TenantID, intoBin: Bool
    ) async throws {
        try await database.withTenant(tenant, timeout: .seconds(30)) { (tx: borrowing TenantTransaction) in
            let there = try CustomerQueries.lock(ids, areDeleted: false, visibleTo: nil, in: tx).map(\.id)
            let changes = try HistoryQueries.operations(thatChanged: there, in: tx)
            let ours: Set = [CustomerOperation.ID(id.uuid)] as Set<CustomerOperation.ID?>
            let untouched = there.filter { changes[$0]?.isSubset(of: ours) ?? true }
            // A later row of the file has changed some: their history names them.
            let binned = intoBin ? untouched : untouched.filter { changes[$0] != nil }
            try CustomerQueries.delete(
                binned, eraseAfter: .now().advanced(by: CustomerService.timeInBin), in: tx)
            try CustomerQueries.remove(untouched.filter { !binned.contains($0) }, in: tx)
            try ImportQueries.noteUndone(id, undone: untouched.count, kept: 0, in: tx)
        }
    }
}

extension DatabaseError {
    /// A row that is to go has others that name it (PostgreSQL, appendix A: 23503).
    fileprivate var isStillReferredTo: Bool {
        if case .refused(let refusal) = self { refusal.sqlState == "23503" } else { false }
    }
}
