// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

extension InteractionQueries {
    /// The tenant's own timeline, the newest first: one walk along an index, and a few looks by key for each row that it meets.
    static func page(
        _ filter: InteractionFilter, before: InteractionPosition?, limit: Int, of tenant: TenantID
    ) -> Query<[Interaction]> {
        guard !filter.kinds.isEmpty else {
            return query(shown(filter, "", before, limit, tenant), filter)
        }
        // One walk for each kind, whose ends are laid together: no index has several kinds in the order of time.
        return query(
            """
            SELECT i.survivor_id, \(columns) FROM unnest(\(TextArray(filter.kinds.map(\.rawValue)))) AS k (kind)
            CROSS JOIN LATERAL (\(shown(filter, " AND i.kind = k.kind", before, limit, tenant))) i
            ORDER BY i.occurred_at DESC, i.id DESC LIMIT \(limit)
            """, filter)
    }

    /// What happened with some customers, and with those who turned out to be them.
    /// - Parameter customers: which, said of `s`.
    static func page(
        with customers: Statement, _ filter: InteractionFilter, before: InteractionPosition?, limit: Int,
        of tenant: TenantID
    ) -> Query<[Interaction]> {
        var condition: Statement = " AND i.customer_id = c.id"
        if !filter.kinds.isEmpty { condition += " AND i.kind = ANY (\(TextArray(filter.kinds.map(\.rawValue))))" }
        return query(
            """
            SELECT s.id AS survivor_id, \(columns) FROM app.customers s
            CROSS JOIN LATERAL (
                SELECT id FROM app.customers WHERE tenant_id = \(tenant) AND (id = s.id OR merged_into = s.id)) c
            CROSS JOIN LATERAL (\(newest(columns, "", filter, condition, before, limit, tenant))) i
            WHERE s.tenant_id = \(tenant) AND s.deleted_at IS NULL AND \(customers)
            ORDER BY i.occurred_at DESC, i.id DESC LIMIT \(limit)
            """, filter)
    }

    private static func query(_ statement: Statement, _ filter: InteractionFilter) -> Query<[Interaction]> {
        var statement = statement
        statement.isPrepared = filter.isCommon
        return .all(statement, interaction)
    }

    /// Those of customers who were not deleted.
    private static func shown(
        _ filter: InteractionFilter, _ condition: Statement, _ before: InteractionPosition?, _ limit: Int,
        _ tenant: TenantID
    ) -> Statement {
        newest("s.id AS survivor_id, \(columns)", survivor(tenant), filter, condition, before, limit, tenant)
    }

    private static func newest(
        _ columns: Statement, _ joined: Statement, _ filter: InteractionFilter, _ condition: Statement,
        _ before: InteractionPosition?, _ limit: Int, _ tenant: TenantID
    ) -> Statement {
        let before = before ?? .beginning
        var statement: Statement = """
            SELECT \(columns) FROM app.interactions i\(joined)
            WHERE i.tenant_id = \(tenant)\(condition) AND (i.occurred_at, i.id) < (\(before.occurredAt), \(before.id))
              AND \(stands(tenant))
            """
        if let actor = filter.actor { statement += " AND i.actor_id = \(actor)" }
        if let time = filter.occurredAtLeast { statement += " AND i.occurred_at >= \(time)" }
        if let time = filter.occurredAtMost { statement += " AND i.occurred_at <= \(time)" }
        statement += " ORDER BY i.occurred_at DESC, i.id DESC LIMIT \(limit)"
        return statement
    }
}
