// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A customer who was not seen for long.
package struct UnseenCustomer: Sendable {
    package let customer: NamedCustomer
    package let lastSeenAt: Instant

    /// Whoever was still seen last comes first: they are the likeliest to come again. Who was never seen is not among them.
    /// - Parameter moment: who was seen since is not among them, also as somebody who turned out to be them.
    static func query(since moment: Instant, of tenant: TenantID, visibleTo user: UserID?) -> Query<
        Today.Section<UnseenCustomer>
    > {
        // Each is found by when they were seen last, whoever they were taken for then.
        let statement: Statement = """
            SELECT \(NamedCustomer.columns), a.last_seen_at FROM app.customer_activity a
            CROSS JOIN LATERAL \(NamedCustomer.ofRow("a.customer_id", of: tenant, visibleTo: user)) c
            CROSS JOIN LATERAL (
                SELECT bool_or((o.last_seen_at, o.customer_id) > (a.last_seen_at, a.customer_id)) AS has_later
                FROM app.customers m JOIN app.customer_activity o ON o.tenant_id = \(tenant) AND o.customer_id = m.id
                WHERE m.tenant_id = \(tenant) AND (m.id = c.id OR m.merged_into = c.id) AND o.last_seen_at IS NOT NULL) t
            WHERE a.tenant_id = \(tenant) AND a.last_seen_at < \(moment) AND NOT t.has_later
            ORDER BY a.last_seen_at DESC, a.customer_id DESC
            """
        return Today.Section.query(statement) { row in
            guard let customer = try NamedCustomer(&row) else { throw DatabaseError.decoding(column: "customer_id") }
            return UnseenCustomer(customer: customer, lastSeenAt: try row.decode("last_seen_at"))
        }
    }
}
