// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// Of the person who has asked. `tenant` is the business that an export is of; nil for the person's own.
enum DataExportQueries {
    /// - Returns: false when one is being written already.
    static func insert(_ id: DataExport.ID, of tenant: TenantID?, in tx: borrowing MemberTransaction) throws -> Bool {
        try tx.execute(
            """
            INSERT INTO app.data_exports (user_id, id, tenant_id) VALUES (\(tx.userID), \(id), \(tenant)) ON CONFLICT DO NOTHING
            """) > 0
    }

    /// The newest first.
    static func all(of tenant: TenantID?, for user: UserID) -> Query<[DataExport]> {
        .all(
            """
            SELECT id, requested_at, bytes, expires_at FROM app.data_exports
            WHERE user_id = \(user) AND tenant_id IS NOT DISTINCT FROM \(tenant) AND (expires_at IS NULL OR expires_at > now())
            ORDER BY id DESC
            """, export)
    }

    static func find(_ id: DataExport.ID, of tenant: TenantID?, for user: UserID) -> Query<DataExport?> {
        .first(
            """
            SELECT id, requested_at, bytes, expires_at FROM app.data_exports
            WHERE user_id = \(user) AND id = \(id) AND tenant_id IS NOT DISTINCT FROM \(tenant)
              AND (expires_at IS NULL OR expires_at > now())
            """, export)
    }

    /// - Returns: nil behind the last.
    static func part(_ number: Int, of id: DataExport.ID, for user: UserID) -> Query<[UInt8]?> {
        .first(
            """
            SELECT content FROM app.data_export_parts
            WHERE user_id = \(user) AND export_id = \(id) AND part = \(number)
            """
        ) { row in try row.decode("content") }
    }

    private static func export(_ row: inout Row) throws -> DataExport {
        let id: DataExport.ID = try row.decode("id"), requestedAt: Instant = try row.decode("requested_at"),
            bytes: Int? = try row.decodeIfPresent("bytes"), expiresAt: Instant? = try row.decodeIfPresent("expires_at")
        let completed: DataExport.Completed? =
            if let bytes, let expiresAt { .init(bytes: bytes, expiresAt: expiresAt) } else { nil }
        return DataExport(id: id, requestedAt: requestedAt, completed: completed)
    }
}
