// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// What a customer's timeline adds up to. Corrected and struck out lines do not count.
package struct CustomerActivity: Sendable, Equatable {
    package let customer: Customer.ID
    /// Of any kind but what the system writes down by itself.
    package let lastInteractionAt: Instant?
    /// When they came, paid, ordered or got in touch.
    package let lastSeenAt: Instant?
    /// What they have paid, without what was paid back to them.
    package let spentPaise: Int
    /// How often they have paid.
    package let payments: Int
}

extension InteractionContent {
    var isInteraction: Bool { kind != .system }

    var isSeen: Bool { direction == .in || kind == .visit || kind == .order }

    fileprivate var spentPaise: Int {
        guard kind == .payment, let amountPaise else { return 0 }
        return direction == .out ? -amountPaise : amountPaise
    }

    fileprivate var payments: Int { kind == .payment && direction == .in ? 1 : 0 }
}

/// Keeps those sums. Each customer's row is locked by whoever changes it until they are done: it is asked for behind the lines that
/// it counts, and where there are several in the order of their ids.
enum CustomerActivityQueries {
    private struct Sum {
        var interactionAt: Instant?, seenAt: Instant?
        var spentPaise = 0, payments = 0

        /// A few hundred amounts are far from the end of `Int`.
        mutating func add(_ content: InteractionContent) {
            func later(_ time: Instant?) -> Instant { max(time ?? content.occurredAt, content.occurredAt) }
            if content.isInteraction { interactionAt = later(interactionAt) }
            if content.isSeen { seenAt = later(seenAt) }
            spentPaise += content.spentPaise
            payments += content.payments
        }
    }

    /// Counts up to 500 new lines, which are written down already.
    /// - Throws: `DatabaseError` naming `customer_activity_spent` when somebody's payments add up to too much.
    static func add(
        _ lines: [(customer: Customer.ID, content: InteractionContent)], in tx: borrowing TenantTransaction
    ) throws {
        guard !lines.isEmpty else { return }
        var sums: [Customer.ID: Sum] = [:]
        for (customer, content) in lines { sums[customer, default: Sum()].add(content) }
        var statement: Statement = """
            INSERT INTO app.customer_activity (tenant_id, customer_id, last_interaction_at, last_seen_at, spent_paise, payments) VALUES 
            """
        for (index, (customer, sum)) in sums.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { statement += ", " }
            statement +=
                "(\(tx.tenantID), \(customer), \(sum.interactionAt), \(sum.seenAt), \(sum.spentPaise), \(sum.payments))"
        }
        statement += """
             ON CONFLICT (tenant_id, customer_id) DO UPDATE
            SET last_interaction_at = greatest(customer_activity.last_interaction_at, excluded.last_interaction_at),
                last_seen_at = greatest(customer_activity.last_seen_at, excluded.last_seen_at),
                spent_paise = customer_activity.spent_paise + excluded.spent_paise,
                payments = customer_activity.payments + excluded.payments
            """
        statement.isPrepared = sums.count == 1
        try tx.execute(statement)
    }

    /// Counts another version in place of one that was counted, or none. It is written down already.
    /// - Throws: as ``add(_:in:)``.
    static func replace(
        _ old: InteractionContent, by new: InteractionContent?, of customer: Customer.ID,
        in tx: borrowing TenantTransaction
    ) throws {
        try tx.execute(
            """
            UPDATE app.customer_activity
            SET spent_paise = spent_paise + \((new?.spentPaise ?? 0) - old.spentPaise),
                payments = payments + \((new?.payments ?? 0) - old.payments)
            WHERE tenant_id = \(tx.tenantID) AND customer_id = \(customer)
            """)
        // The row is ours by now, and a statement of its own sees all that was counted before.
        try tx.execute(
            """
            UPDATE app.customer_activity
            SET last_interaction_at = \(last(of: customer, "i.kind <> 'system'", tx.tenantID)),
                last_seen_at = \(last(of: customer, "(i.direction = 'in' OR i.kind IN ('visit', 'order'))", tx.tenantID))
            WHERE tenant_id = \(tx.tenantID) AND customer_id = \(customer)
            """)
    }

    private static func last(of customer: Customer.ID, _ condition: Statement, _ tenant: TenantID) -> Statement {
        """
        (SELECT i.occurred_at FROM app.interactions i
         WHERE i.tenant_id = \(tenant) AND i.customer_id = \(customer) AND \(condition) AND \(InteractionQueries.stands(tenant))
         ORDER BY i.occurred_at DESC, i.id DESC LIMIT 1)
        """
    }

    /// Of customers who were not merged into others, each with those who turned out to be them. Whoever has no line yet is left out.
    static func activity(of customers: [Customer.ID], _ tenant: TenantID) -> Query<[CustomerActivity]> {
        let ids = UUIDArray(customers)
        return .all(
            """
            SELECT coalesce(c.merged_into, c.id) AS customer_id, max(a.last_interaction_at) AS last_interaction_at,
                   max(a.last_seen_at) AS last_seen_at, sum(a.payments)::bigint AS payments,
                   greatest(least(sum(a.spent_paise), \(Int.max)), \(-Int.max))::bigint AS spent_paise
            FROM app.customers c JOIN app.customer_activity a ON a.tenant_id = c.tenant_id AND a.customer_id = c.id
            WHERE c.tenant_id = \(tenant) AND a.tenant_id = \(tenant) AND (c.id = ANY (\(ids)) OR c.merged_into = ANY (\(ids)))
            GROUP BY coalesce(c.merged_into, c.id)
            """
        ) { row in
            try CustomerActivity(
                customer: row.decode("customer_id"), lastInteractionAt: row.decodeIfPresent("last_interaction_at"),
                lastSeenAt: row.decodeIfPresent("last_seen_at"), spentPaise: row.decode("spent_paise"),
                payments: row.decode("payments"))
        }
    }
}
