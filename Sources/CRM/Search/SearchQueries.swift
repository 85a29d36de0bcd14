// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum SearchQueries {
    /// The customers' keys become these.
    static func put(_ customers: [(id: Customer.ID, fields: CustomerFields)], in tx: borrowing TenantTransaction) throws
    {
        guard !customers.isEmpty else { return }
        var statement: Statement =
            "INSERT INTO app.customer_search_keys (tenant_id, customer_id, owner_id, key, names, sound, note_words) VALUES "
        for (index, (id, fields)) in customers.enumerated() {
            if index > 0 { statement += ", " }
            statement += values(id, fields, of: tx.tenantID)
        }
        statement += """
             ON CONFLICT (tenant_id, customer_id) DO UPDATE
            SET owner_id = excluded.owner_id, key = excluded.key, names = excluded.names, sound = excluded.sound, note_words = excluded.note_words
            """
        statement.isPrepared = customers.count == 1
        try tx.execute(statement)
    }

    static func values(_ id: Customer.ID, _ fields: CustomerFields, of tenant: TenantID) -> Statement {
        let key = SearchKey(fields)
        return """
            (\(tenant), \(id), \(fields.owner), \(key.key), \(key.names), \(key.sound), array_to_tsvector(\(TextArray(key.noteWords))))
            """
    }

    /// Who is found under the name of somebody who was merged into them is found so by whoever may see them.
    static func followOwners(of survivors: [Customer.ID], in tx: borrowing TenantTransaction) throws {
        guard !survivors.isEmpty else { return }
        try tx.execute(
            """
            UPDATE app.customer_search_keys k SET owner_id = s.owner_id
            FROM app.customers m JOIN app.customers s ON s.tenant_id = m.tenant_id AND s.id = m.merged_into
            WHERE m.tenant_id = \(tx.tenantID) AND m.merged_into = ANY (\(UUIDArray(survivors)))
              AND k.tenant_id = \(tx.tenantID) AND k.customer_id = m.id AND k.owner_id IS DISTINCT FROM s.owner_id
            """)
    }

    /// They are found no more.
    static func remove(_ ids: [Customer.ID], in tx: borrowing TenantTransaction) throws {
        guard !ids.isEmpty else { return }
        try tx.execute(
            """
            DELETE FROM app.customer_search_keys
            WHERE tenant_id = \(tx.tenantID) AND customer_id = ANY (\(UUIDArray(ids)))
            """)
    }

    /// Those who have all of it, in no order. Who is known by the name of somebody who was merged into them has it too.
    static func ids(_ search: SearchQuery, most: Int, of tenant: TenantID, visibleTo user: UserID?) -> Statement {
        """
        SELECT CASE WHEN m.merged_into IS NULL THEN m.id ELSE m.merged_into END
        FROM app.search_customers(\(TextArray(search.words)), \(TextArray(search.sounds)), \(search.notes), \(search.mistyped), \
                                  \(user), \(most)) s
        CROSS JOIN LATERAL (
            SELECT id, merged_into FROM app.customers WHERE tenant_id = \(tenant) AND id = s.customer_id OFFSET 0) m
        """
    }

    /// The best, the best first. OFFSET 0 has each of the few looked up by its key, however many PostgreSQL believes a business to have.
    static func find<Output: Sendable>(
        _ search: SearchQuery, limit: Int, of tenant: TenantID, visibleTo user: UserID?,
        _ read: @escaping @Sendable (borrowing Rows) throws -> Output
    ) -> Query<Output> {
        // Several names of one, and names of those in the bin, take no place of others.
        let most = min(1_000, 4 * limit + 16)
        let statement: Statement = """
            SELECT c.id, c.name, c.phone, c.email, c.stage, c.tags, c.notes, c.owner_id, c.version, c.created_at, c.updated_at
            FROM (SELECT CASE WHEN m.merged_into IS NULL THEN m.id ELSE m.merged_into END AS customer_id, min(f.place) AS place
                  FROM app.search_customers(
                      \(TextArray(search.words)), \(TextArray(search.sounds)), \(search.notes), \(search.mistyped), \(user), \(most)) f
                  CROSS JOIN LATERAL (
                      SELECT id, merged_into FROM app.customers WHERE tenant_id = \(tenant) AND id = f.customer_id OFFSET 0) m
                  GROUP BY 1) s
            CROSS JOIN LATERAL (
                SELECT id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at FROM app.customers
                WHERE tenant_id = \(tenant) AND id = s.customer_id AND deleted_at IS NULL
                  AND owner_id IS NOT DISTINCT FROM coalesce(\(user), owner_id) OFFSET 0) c
            ORDER BY s.place, c.id DESC LIMIT \(limit)
            """
        return Query.rows(statement, read).limited(to: .seconds(3))
    }
}
