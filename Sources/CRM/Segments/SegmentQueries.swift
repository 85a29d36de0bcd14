// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum SegmentQueries {
    /// A segment as its row has it: which fields the business has is read elsewhere.
    struct Stored: Sendable {
        let id: Segment.ID, name: String, definition: SegmentDefinition, version: Int
        let createdAt: Instant, updatedAt: Instant

        func segment(_ fields: [CustomField]) -> Segment {
            Segment(
                id: id, name: name, filter: SegmentFilter(definition, fields), version: version, createdAt: createdAt,
                updatedAt: updatedAt)
        }
    }

    private static let columns: Statement = "id, name, definition::text AS definition, version, created_at, updated_at"

    /// All of a business, by their names.
    static func all(of tenant: TenantID) -> Query<[Stored]> {
        .all("SELECT \(columns) FROM app.segments WHERE tenant_id = \(tenant) ORDER BY name", stored)
    }

    static func find(_ id: Segment.ID, of tenant: TenantID) -> Query<Stored?> {
        .first("SELECT \(columns) FROM app.segments WHERE tenant_id = \(tenant) AND id = \(id)", stored)
    }

    static func lock(_ id: Segment.ID, in tx: borrowing TenantTransaction) throws -> Stored? {
        try tx.first(
            "SELECT \(columns) FROM app.segments WHERE tenant_id = \(tx.tenantID) AND id = \(id) FOR UPDATE", stored)
    }

    static func count(in tx: borrowing TenantTransaction) throws -> Int {
        try tx.one("SELECT count(*) AS segments FROM app.segments WHERE tenant_id = \(tx.tenantID)") { row in
            try row.decode("segments")
        }
    }

    /// - Throws: `DatabaseError` naming `segments_name` when the name is taken.
    static func insert(
        _ id: Segment.ID, _ name: String, _ definition: SegmentDefinition, in tx: borrowing TenantTransaction
    ) throws -> Stored {
        try tx.one(
            """
            INSERT INTO app.segments (tenant_id, id, name, definition)
            VALUES (\(tx.tenantID), \(id), \(name), \(definition.stored)::jsonb)
            RETURNING \(columns)
            """, stored)
    }

    /// - Throws: as ``insert(_:_:_:in:)``.
    static func update(
        _ id: Segment.ID, _ name: String, _ definition: SegmentDefinition, in tx: borrowing TenantTransaction
    ) throws -> Stored {
        try tx.one(
            """
            UPDATE app.segments
            SET name = \(name), definition = \(definition.stored)::jsonb, version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            RETURNING \(columns)
            """, stored)
    }

    static func delete(_ id: Segment.ID, in tx: borrowing TenantTransaction) throws -> Bool {
        try tx.execute("DELETE FROM app.segments WHERE tenant_id = \(tx.tenantID) AND id = \(id)") > 0
    }

    @Sendable private static func stored(_ row: inout Row) throws -> Stored {
        try Stored(
            id: row.decode("id"), name: row.decode("name"),
            definition: SegmentDefinition(stored: row.decode("definition")),
            version: row.decode("version"), createdAt: row.decode("created_at"), updatedAt: row.decode("updated_at"))
    }
}
