// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A customer who owes something.
package struct UnpaidCustomer: Sendable {
    package let customer: NamedCustomer
    package let balancePaise: Int
    package let lastEntryAt: Instant

    /// Whoever owes most comes first. What those owe who were merged into somebody is added to that one's.
    static func query(of tenant: TenantID, visibleTo user: UserID?) -> Query<Today.Section<UnpaidCustomer>> {
        // Each is found by the largest of their balances, and of two that are equal by the later customer's.
        let statement: Statement = """
            SELECT \(NamedCustomer.columns), t.balance_paise, t.last_entry_id FROM app.ledger_balances b
            CROSS JOIN LATERAL \(NamedCustomer.ofRow("b.customer_id", of: tenant, visibleTo: user)) c
            CROSS JOIN LATERAL (
                SELECT least(sum(o.balance_paise), \(maximumPaise))::bigint AS balance_paise,
                       (array_agg(o.last_entry_id ORDER BY o.last_entry_id DESC))[1] AS last_entry_id,
                       bool_or((o.balance_paise, o.customer_id) > (b.balance_paise, b.customer_id)) AS has_larger
                FROM app.customers m JOIN app.ledger_balances o ON o.tenant_id = \(tenant) AND o.customer_id = m.id
                WHERE m.tenant_id = \(tenant) AND (m.id = c.id OR m.merged_into = c.id)) t
            WHERE b.tenant_id = \(tenant) AND b.balance_paise > 0 AND t.balance_paise > 0 AND NOT t.has_larger
            ORDER BY b.balance_paise DESC, b.customer_id DESC
            """
        return Today.Section.query(statement, sorted: { $0.balancePaise > $1.balancePaise }) { row in
            guard let customer = try NamedCustomer(&row) else { throw DatabaseError.decoding(column: "customer_id") }
            return try UnpaidCustomer(
                customer: customer, balancePaise: row.decode("balance_paise"),
                lastEntryAt: (row.decode("last_entry_id") as UUIDv7).instant)
        }
    }

    /// As far as every reader of JSON counts exactly (RFC 8259 §6).
    private static let maximumPaise = 9_007_199_254_740_991
}
