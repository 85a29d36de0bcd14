// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

enum HistoryQueries {
    /// One customer's part in what was done.
    typealias Change = (customer: Customer.ID, edits: [CustomerHistoryEntry.Edit])

    static func insert(
        _ kind: CustomerHistoryEntry.Kind, _ changes: [Change], by actor: AuditEvent.Actor,
        operation: CustomerOperation.ID? = nil, in tx: borrowing TenantTransaction
    ) throws {
        guard !changes.isEmpty else { return }
        var statement: Statement = """
            INSERT INTO app.customer_changes (tenant_id, id, customer_id, operation_id, kind, actor, actor_id, fields) VALUES 
            """
        for (index, (customer, edits)) in changes.enumerated() {
            if index > 0 { statement += ", " }
            statement += """
                (\(tx.tenantID), \(CustomerHistoryEntry.ID.next()), \(customer), \(operation), \(kind.rawValue), \(actor.kind), \
                \(actor.id), \(CustomerEdits.json(edits))::jsonb)
                """
        }
        statement.isPrepared = changes.count == 1
        try tx.execute(statement)
    }

    /// What was done to a customer, and to those who turned out to be them, the newest first.
    static func page(
        of customer: Customer.ID, before: CustomerHistoryEntry.ID?, limit: Int, _ tenant: TenantID
    ) -> Query<[CustomerHistoryEntry]> {
        .all(
            """
            SELECT h.id, h.kind, h.actor, h.actor_id, h.operation_id, h.fields::text AS fields
            FROM app.customers c CROSS JOIN LATERAL (
                SELECT id, kind, actor, actor_id, operation_id, fields FROM app.customer_changes
                WHERE tenant_id = \(tenant) AND customer_id = c.id AND id < \(before?.uuid ?? .greatest) ORDER BY id DESC LIMIT \(limit)) h
            WHERE c.tenant_id = \(tenant) AND (c.id = \(customer) OR c.merged_into = \(customer))
            ORDER BY h.id DESC LIMIT \(limit)
            """, entry)
    }

    @Sendable private static func entry(_ row: inout Row) throws -> CustomerHistoryEntry {
        guard let kind = CustomerHistoryEntry.Kind(rawValue: try row.decode("kind")) else {
            throw DatabaseError.decoding(column: "kind")
        }
        return try CustomerHistoryEntry(
            id: row.decode("id"), kind: kind, actor: row.decode("actor"), actorID: row.decodeIfPresent("actor_id"),
            operation: row.decodeIfPresent("operation_id"), edits: CustomerEdits.read(row.decode("fields")))
    }

    // MARK: - Several at once

    static func insert(
        _ id: CustomerOperation.ID, _ kind: CustomerOperation.Kind, customers: Int, by actor: AuditEvent.Actor,
        in tx: borrowing TenantTransaction
    ) throws -> CustomerOperation {
        try tx.one(
            """
            INSERT INTO app.customer_operations (tenant_id, id, kind, actor, actor_id, customers)
            VALUES (\(tx.tenantID), \(id), \(kind.rawValue), \(actor.kind), \(actor.id), \(customers))
            RETURNING id, kind, actor, actor_id, customers, created_at, undone_at, restored
            """, operation)
    }

    /// The newest first.
    static func operations(before: CustomerOperation.ID?, limit: Int, of tenant: TenantID) -> Query<[CustomerOperation]>
    {
        .all(
            """
            SELECT id, kind, actor, actor_id, customers, created_at, undone_at, restored FROM app.customer_operations
            WHERE tenant_id = \(tenant) AND id < \(before?.uuid ?? .greatest) ORDER BY id DESC LIMIT \(limit)
            """, operation
        ).quick
    }

    static func operation(_ id: CustomerOperation.ID, of tenant: TenantID) -> Query<CustomerOperation?> {
        .first(
            """
            SELECT id, kind, actor, actor_id, customers, created_at, undone_at, restored FROM app.customer_operations
            WHERE tenant_id = \(tenant) AND id = \(id)
            """, operation
        ).quick
    }

    /// What an import does is one, also when the import was begun by a build that knew none.
    static func ensure(_ id: CustomerOperation.ID, _ kind: CustomerOperation.Kind, in tx: borrowing TenantTransaction)
        throws
    {
        let actor = AuditEvent.Actor.system
        try tx.execute(
            """
            INSERT INTO app.customer_operations (tenant_id, id, kind, actor, actor_id, customers)
            VALUES (\(tx.tenantID), \(id), \(kind.rawValue), \(actor.kind), \(actor.id), 0) ON CONFLICT (tenant_id, id) DO NOTHING
            """)
    }

    static func lock(_ id: CustomerOperation.ID, in tx: borrowing TenantTransaction) throws -> CustomerOperation? {
        try tx.first(
            """
            SELECT id, kind, actor, actor_id, customers, created_at, undone_at, restored FROM app.customer_operations
            WHERE tenant_id = \(tx.tenantID) AND id = \(id) FOR UPDATE
            """, operation)
    }

    static func markUndone(_ id: CustomerOperation.ID, restored: Int, in tx: borrowing TenantTransaction) throws
        -> CustomerOperation
    {
        try tx.one(
            """
            UPDATE app.customer_operations SET undone_at = now(), restored = \(restored) WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            RETURNING id, kind, actor, actor_id, customers, created_at, undone_at, restored
            """, operation)
    }

    /// By which operations customers were changed, and by none where each was changed by itself.
    static func operations(thatChanged ids: [Customer.ID], in tx: borrowing TenantTransaction) throws
        -> [Customer.ID: Set<CustomerOperation.ID?>]
    {
        guard !ids.isEmpty else { return [:] }
        let found = try tx.all(
            """
            SELECT DISTINCT customer_id, operation_id FROM app.customer_changes
            WHERE tenant_id = \(tx.tenantID) AND customer_id = ANY (\(UUIDArray(ids)))
            """
        ) { row in
            (
                customer: try row.decode("customer_id") as Customer.ID,
                operation: try row.decodeIfPresent("operation_id") as CustomerOperation.ID?
            )
        }
        return found.reduce(into: [:]) { $0[$1.customer, default: []].insert($1.operation) }
    }

    /// By which operation customers were changed last; who was changed by itself is missing.
    static func lastOperations(of ids: [Customer.ID], in tx: borrowing TenantTransaction) throws
        -> [Customer.ID: CustomerOperation.ID]
    {
        guard !ids.isEmpty else { return [:] }
        let found = try tx.all(
            """
            SELECT c.id, h.operation_id FROM app.customers c CROSS JOIN LATERAL (
                SELECT operation_id FROM app.customer_changes
                WHERE tenant_id = \(tx.tenantID) AND customer_id = c.id ORDER BY id DESC LIMIT 1) h
            WHERE c.tenant_id = \(tx.tenantID) AND c.id = ANY (\(UUIDArray(ids))) AND h.operation_id IS NOT NULL
            """
        ) { row in (try row.decode("id") as Customer.ID, try row.decode("operation_id") as CustomerOperation.ID) }
        return Dictionary(uniqueKeysWithValues: found)
    }

    /// How many it was done to, when that is known at its end.
    static func setCustomers(of id: CustomerOperation.ID, _ customers: Int, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            UPDATE app.customer_operations SET customers = \(customers) WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
    }

    /// What it changed, in its order.
    static func changes(of id: CustomerOperation.ID, limit: Int, in tx: borrowing TenantTransaction) throws -> [Change]
    {
        try tx.all(
            """
            SELECT customer_id, fields::text AS fields FROM app.customer_changes
            WHERE tenant_id = \(tx.tenantID) AND operation_id = \(id) ORDER BY id LIMIT \(limit)
            """, change)
    }

    /// The same of some customers, all of it.
    static func changes(of id: CustomerOperation.ID, of customers: [Customer.ID], in tx: borrowing TenantTransaction)
        throws -> [Change]
    {
        guard !customers.isEmpty else { return [] }
        return try tx.all(
            """
            SELECT customer_id, fields::text AS fields FROM app.customer_changes
            WHERE tenant_id = \(tx.tenantID) AND customer_id = ANY (\(UUIDArray(customers))) AND operation_id = \(id) ORDER BY id
            """, change)
    }

    @Sendable private static func change(_ row: inout Row) throws -> Change {
        try (customer: row.decode("customer_id"), edits: CustomerEdits.read(row.decode("fields")))
    }

    @Sendable private static func operation(_ row: inout Row) throws -> CustomerOperation {
        guard let kind = CustomerOperation.Kind(rawValue: try row.decode("kind")) else {
            throw DatabaseError.decoding(column: "kind")
        }
        let undoneAt: Instant? = try row.decodeIfPresent("undone_at"),
            restored: Int? = try row.decodeIfPresent("restored")
        return try CustomerOperation(
            id: row.decode("id"), kind: kind, actor: row.decode("actor"), actorID: row.decodeIfPresent("actor_id"),
            customers: row.decode("customers"), createdAt: row.decode("created_at"),
            undoing: undoneAt.map { ($0, restored ?? 0) })
    }
}
