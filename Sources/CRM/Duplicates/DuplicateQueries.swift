// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum DuplicateQueries {
    /// Sounds that several customers share, in their order.
    static func sharedSounds(
        after sound: String, limit: Int, visibleTo user: UserID?, in tx: borrowing TenantTransaction
    )
        throws -> [String]
    {
        try tx.all(
            """
            SELECT sound FROM app.customer_search_keys
            WHERE tenant_id = \(tx.tenantID) AND sound > \(sound) AND owner_id IS NOT DISTINCT FROM coalesce(\(user), owner_id)
            GROUP BY sound HAVING count(*) > 1 ORDER BY sound LIMIT \(limit)
            """
        ) { row in try row.decode("sound") }
    }

    /// Of each sound the first few who have it.
    static func customers(
        sounding sounds: [String], most: Int, visibleTo user: UserID?, in tx: borrowing TenantTransaction
    )
        throws -> [Customer]
    {
        guard !sounds.isEmpty else { return [] }
        let ids = try tx.all(
            """
            SELECT k.customer_id FROM unnest(\(TextArray(sounds))) AS wanted(sound) CROSS JOIN LATERAL (
                SELECT customer_id FROM app.customer_search_keys
                WHERE tenant_id = \(tx.tenantID) AND sound = wanted.sound AND owner_id IS NOT DISTINCT FROM coalesce(\(user), owner_id)
                ORDER BY customer_id LIMIT \(most)) k
            """
        ) { row in try row.decode("customer_id") as Customer.ID }
        return try CustomerQueries.find(ids, in: tx)
    }

    /// Those who have one of a customer's further numbers or addresses as their own.
    static func holders(of fields: CustomerFields, visibleTo user: UserID?, in tx: borrowing TenantTransaction) throws
        -> [Customer]
    {
        guard !fields.otherPhones.isEmpty || !fields.otherEmails.isEmpty else { return [] }
        return try tx.all(
            """
            SELECT \(CustomerRow.columns) FROM app.customers
            WHERE tenant_id = \(tx.tenantID) AND deleted_at IS NULL AND \(CustomerQueries.isVisible(to: user))
              AND (phone = ANY (\(TextArray(fields.otherPhones.map(\.e164)))) OR email = ANY (\(TextArray(fields.otherEmails.map(\.address)))))
            LIMIT 50
            """, CustomerRow.customer)
    }

    /// Those who are found by a pattern of their key, such as a further number of theirs.
    static func found(by patterns: [String], visibleTo user: UserID?, in tx: borrowing TenantTransaction) throws
        -> [Customer]
    {
        var ids: [Customer.ID] = []
        for pattern in patterns {
            ids += try tx.all(
                """
                SELECT customer_id FROM app.search_customers(\(TextArray([pattern])), \(TextArray([pattern])), NULL, NULL, \(user), 20)
                """
            ) { row in try row.decode("customer_id") as Customer.ID }
        }
        return try CustomerQueries.find(ids, in: tx)
    }

    /// Of some customers, those pairs of whom somebody has said that they are two.
    static func apart(_ ids: [Customer.ID], in tx: borrowing TenantTransaction) throws -> Set<[Customer.ID]> {
        guard !ids.isEmpty else { return [] }
        let pairs = try tx.all(
            """
            SELECT first_id, second_id FROM app.customers_apart
            WHERE tenant_id = \(tx.tenantID) AND first_id = ANY (\(UUIDArray(ids)))
            """
        ) { row in [try row.decode("first_id") as Customer.ID, try row.decode("second_id") as Customer.ID] }
        return Set(pairs)
    }

    static func setApart(_ first: Customer.ID, _ second: Customer.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            INSERT INTO app.customers_apart (tenant_id, first_id, second_id) VALUES (\(tx.tenantID), \(first), \(second))
            ON CONFLICT (tenant_id, first_id, second_id) DO NOTHING
            """)
    }
}
