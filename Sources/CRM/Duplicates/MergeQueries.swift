// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

enum MergeQueries {
    /// Points a customer, and everybody who was merged into them, to who they turned out to be: from now on they are one, whoever of
    /// them were before.
    /// - Returns: who had been merged into them.
    static func point(_ id: Customer.ID, to survivor: Customer.ID, in tx: borrowing TenantTransaction) throws
        -> [Customer.ID]
    {
        let moved = try tx.all(
            """
            UPDATE app.customers SET merged_into = \(survivor), deleted_at = now()
            WHERE tenant_id = \(tx.tenantID) AND merged_into = \(id) RETURNING id
            """
        ) { row in try row.decode("id") as Customer.ID }
        try tx.execute(
            """
            UPDATE app.customers SET merged_into = \(survivor), deleted_at = now(), version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
        return moved
    }

    /// The reverse. Those who had been merged before are so again since they were.
    /// - Throws: `DatabaseError` when somebody else has a number of theirs by now.
    static func release(_ merge: CustomerMerge, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            UPDATE app.customers SET merged_into = NULL, deleted_at = NULL, version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(merge.merged)
            """)
        guard !merge.moved.isEmpty else { return }
        try tx.execute(
            """
            UPDATE app.customers c
            SET merged_into = \(merge.merged), deleted_at = coalesce(
                (SELECT m.created_at FROM app.customer_merges m
                 WHERE m.tenant_id = \(tx.tenantID) AND m.merged_id = c.id AND m.survivor_id = \(merge.merged)), c.deleted_at)
            WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(UUIDArray(merge.moved))) AND merged_into = \(merge.survivor)
            """)
    }

    /// Where a customer who was merged points; nil for all others.
    static func target(of id: Customer.ID, in tx: borrowing TenantTransaction) throws -> Customer.ID? {
        try tx.first(
            "SELECT merged_into FROM app.customers WHERE tenant_id = \(tx.tenantID) AND id = \(id) AND merged_into IS NOT NULL"
        ) { row in try row.decode("merged_into") }
    }

    static func fields(of id: Customer.ID, in tx: borrowing TenantTransaction) throws -> CustomerFields? {
        try tx.first(
            "SELECT \(CustomerRow.columns) FROM app.customers WHERE tenant_id = \(tx.tenantID) AND id = \(id)",
            CustomerRow.customer
        )?.fields
    }

    /// - Returns: when it was, as it is kept.
    static func insert(_ merge: CustomerMerge, by actor: AuditEvent.Actor, in tx: borrowing TenantTransaction) throws
        -> Instant
    {
        try tx.one(
            """
            INSERT INTO app.customer_merges (tenant_id, id, survivor_id, merged_id, fields, moved, actor, actor_id)
            VALUES (\(tx.tenantID), \(merge.id), \(merge.survivor), \(merge.merged), \(CustomerEdits.json(merge.edits))::jsonb,
                    \(UUIDArray(merge.moved)), \(actor.kind), \(actor.id)) RETURNING created_at
            """
        ) { row in try row.decode("created_at") }
    }

    static func lock(_ id: CustomerMerge.ID, in tx: borrowing TenantTransaction) throws -> CustomerMerge? {
        try tx.first(
            """
            SELECT id, survivor_id, merged_id, fields::text AS fields, moved::text[] AS moved, created_at FROM app.customer_merges
            WHERE tenant_id = \(tx.tenantID) AND id = \(id) FOR UPDATE
            """, merge)
    }

    /// The newest first.
    static func page(before: CustomerMerge.ID?, limit: Int, of tenant: TenantID, visibleTo user: UserID?) -> Query<
        [CustomerMerge]
    > {
        .all(
            """
            SELECT m.id, m.survivor_id, m.merged_id, m.fields::text AS fields, m.moved::text[] AS moved, m.created_at
            FROM app.customer_merges m JOIN app.customers c ON c.tenant_id = m.tenant_id AND c.id = m.survivor_id
            WHERE m.tenant_id = \(tenant) AND m.id < \(before?.uuid ?? .greatest)
              AND c.owner_id IS NOT DISTINCT FROM coalesce(\(user), c.owner_id)
            ORDER BY m.id DESC LIMIT \(limit)
            """, merge)
    }

    static func delete(_ id: CustomerMerge.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute("DELETE FROM app.customer_merges WHERE tenant_id = \(tx.tenantID) AND id = \(id)")
    }

    @Sendable private static func merge(_ row: inout Row) throws -> CustomerMerge {
        let moved = (try row.decode("moved") as TextArray).elements.compactMap { text in
            UUIDv7(hex: text.filter { $0 != "-" }).map { Customer.ID($0) }
        }
        return try CustomerMerge(
            id: row.decode("id"), survivor: row.decode("survivor_id"), merged: row.decode("merged_id"),
            edits: CustomerEdits.read(row.decode("fields")), moved: moved, createdAt: row.decode("created_at"))
    }
}
