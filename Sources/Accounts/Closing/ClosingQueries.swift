// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum ClosingQueries {
    /// - Returns: until when that can be taken back; of one that was closed before, as it was said then.
    static func closeBusiness(eraseAfter: Instant, in tx: borrowing TenantTransaction) throws -> Instant {
        try tx.one(
            """
            UPDATE app.tenants SET closed_at = coalesce(closed_at, now()), erase_after = coalesce(erase_after, \(eraseAfter))
            WHERE tenant_id = \(tx.tenantID) RETURNING erase_after
            """
        ) { row in try row.decode("erase_after") }
    }

    static func reopenBusiness(in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            "UPDATE app.tenants SET closed_at = NULL, erase_after = NULL WHERE tenant_id = \(tx.tenantID)")
    }

    /// - Returns: until when the person may come back.
    static func closeAccount<Scope: TransactionScope & HasUser>(
        eraseAfter: Instant, in tx: borrowing Transaction<Scope>
    ) throws -> Instant {
        try tx.one(
            """
            UPDATE app.users SET closed_at = coalesce(closed_at, now()), erase_after = coalesce(erase_after, \(eraseAfter))
            WHERE user_id = \(tx.userID) RETURNING erase_after
            """
        ) { row in try row.decode("erase_after") }
    }

    /// - Returns: false when it was not closed, as nearly always.
    static func reopenAccount<Scope: TransactionScope & HasUser>(in tx: borrowing Transaction<Scope>) throws -> Bool {
        try tx.execute(
            """
            UPDATE app.users SET closed_at = NULL, erase_after = NULL
            WHERE user_id = \(tx.userID) AND closed_at IS NOT NULL
            """) > 0
    }
}
