// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum LedgerBalanceQueries {
    /// Customers by what they owe.
    ///
    /// The sums that are kept are of entries under one id each, in an index. Those of customers who turned out to be one belong together:
    /// these few are added up, and come in between.
    /// - Parameter visibleTo: only whom they look after; everybody when nil.
    static func page(
        _ filter: LedgerBalanceFilter, isDescending: Bool, after: LedgerBalancePosition, limit: Int,
        of tenant: TenantID, visibleTo user: UserID?
    ) -> Query<[LedgerBalance]> {
        let isShown = conditions(filter, behind: after, isDescending)
        let order: Statement =
            isDescending ? "balance_paise DESC, customer_id DESC" : "balance_paise, customer_id"
        let owner: Statement = user.map { " AND owner_id = \($0)" } ?? ""
        // Of every customer a key is looked up: what the planner thinks of a business's size would lead it to read all of two tables.
        func kept(_ id: Statement) -> Statement {
            "(SELECT balance_paise, last_entry_id FROM app.ledger_balances WHERE tenant_id = \(tenant) AND customer_id = \(id) LIMIT 1)"
        }
        let due = LedgerQueries.firstDue(
            "e.customer_id = ANY (\(LedgerQueries.parts(of: "found.customer_id", tenant)))",
            owing: "found.balance_paise", tenant)
        var statement: Statement = """
            WITH part AS (
                SELECT m.merged_into AS customer_id, p.balance_paise, p.last_entry_id
                FROM app.customers AS m CROSS JOIN LATERAL \(kept("m.id")) AS p
                WHERE m.tenant_id = \(tenant) AND m.merged_into IS NOT NULL)
            SELECT found.customer_id, found.balance_paise, found.last_entry_id,
                   CASE WHEN found.is_several THEN \(due) ELSE found.oldest_due_on END AS oldest_due_on
            FROM ((
                SELECT b.customer_id, b.balance_paise, b.last_entry_id, b.oldest_due_on, false AS is_several
                FROM app.ledger_balances AS b CROSS JOIN LATERAL \(shown("b.customer_id", owner, tenant)) AS c
                WHERE b.tenant_id = \(tenant) AND \(isShown) AND b.customer_id NOT IN (SELECT customer_id FROM part)
                ORDER BY \(order) LIMIT \(limit))
            """
        statement += """
             UNION ALL (
                SELECT whole.customer_id, whole.balance_paise, whole.last_entry_id, NULL::bigint, true FROM (
                    SELECT s.customer_id, coalesce(o.balance_paise, 0) + s.balance_paise AS balance_paise,
                           greatest(o.last_entry_id, s.last_entry_id) AS last_entry_id
                    FROM (SELECT customer_id, \(LedgerQueries.bounded("sum(balance_paise)")) AS balance_paise,
                                 (array_agg(last_entry_id ORDER BY last_entry_id DESC))[1] AS last_entry_id
                          FROM part GROUP BY customer_id) AS s
                    CROSS JOIN LATERAL \(shown("s.customer_id", owner, tenant)) AS c
                    LEFT JOIN LATERAL \(kept("s.customer_id")) AS o ON true) AS whole
                WHERE \(isShown))) AS found
            ORDER BY \(order) LIMIT \(limit)
            """
        // Plans are kept of what is asked all the time.
        statement.isPrepared = filter.atLeastPaise == nil && filter.atMostPaise == nil && user == nil
        return Query.all(statement, balance).limited(to: .seconds(3))
    }

    /// Of a customer the id, if they are to be seen.
    /// - Parameter owner: ` AND owner_id = …`, or nothing.
    private static func shown(_ id: Statement, _ owner: Statement, _ tenant: TenantID) -> Statement {
        "(SELECT id FROM app.customers WHERE tenant_id = \(tenant) AND id = \(id) AND deleted_at IS NULL\(owner) LIMIT 1)"
    }

    private static func conditions(
        _ filter: LedgerBalanceFilter, behind position: LedgerBalancePosition, _ isDescending: Bool
    ) -> Statement {
        var statement: Statement =
            isDescending
            ? "(balance_paise, customer_id) < (\(position.balancePaise), \(position.customer))"
            : "(balance_paise, customer_id) > (\(position.balancePaise), \(position.customer))"
        switch filter.state {
        case .owing: statement += " AND balance_paise > 0"
        case .advance: statement += " AND balance_paise < 0"
        case .settled: statement += " AND balance_paise = 0"
        case nil: break
        }
        if let least = filter.atLeastPaise { statement += " AND balance_paise >= \(least)" }
        if let most = filter.atMostPaise { statement += " AND balance_paise <= \(most)" }
        return statement
    }

    @Sendable private static func balance(_ row: inout Row) throws -> LedgerBalance {
        try LedgerBalance(
            customer: row.decode("customer_id"), balancePaise: row.decode("balance_paise"),
            lastEntry: row.decode("last_entry_id"),
            oldestDueOn: (row.decodeIfPresent("oldest_due_on") as Int?).map { LedgerDay(stored: $0) })
    }

    /// A sum that no number of ours holds is told as a quintillion paise.
    static func totals(of tenant: TenantID, visibleTo user: UserID?) -> Query<LedgerTotals> {
        let owner: Statement = user.map { " AND owner_id = \($0)" } ?? ""
        return Query.one(
            """
            SELECT least(coalesce(sum(balance) FILTER (WHERE balance > 0), 0), 1000000000000000000)::bigint AS owed,
                   least(coalesce(-sum(balance) FILTER (WHERE balance < 0), 0), 1000000000000000000)::bigint AS advance,
                   count(*) FILTER (WHERE balance > 0) AS owing, count(*) FILTER (WHERE balance < 0) AS ahead
            FROM (
                SELECT sum(b.balance_paise) AS balance
                FROM app.ledger_balances AS b CROSS JOIN LATERAL (
                    SELECT coalesce(merged_into, id) AS id, merged_into, deleted_at IS NULL\(owner) AS is_shown
                    FROM app.customers WHERE tenant_id = \(tenant) AND id = b.customer_id LIMIT 1) AS c
                WHERE b.tenant_id = \(tenant)
                  AND (c.is_shown OR c.merged_into IS NOT NULL AND \(shown("c.merged_into", owner, tenant)) IS NOT NULL)
                GROUP BY c.id) AS whole
            """
        ) { row in
            try LedgerTotals(
                owedPaise: row.decode("owed"), customersOwing: row.decode("owing"), advancePaise: row.decode("advance"),
                customersAhead: row.decode("ahead"))
        }.limited(to: .seconds(3))
    }

    /// - Parameter customer: one who is there.
    static func summary(of customer: Customer.ID, _ tenant: TenantID) -> Query<LedgerSummary> {
        let isTheirs: Statement = "e.customer_id = ANY (\(LedgerQueries.parts(of: "\(customer)", tenant)))"
        return .one(
            """
            SELECT whole.balance, whole.given, whole.received, whole.adjusted, whole.entries, whole.last_entry_id,
                   \(LedgerQueries.firstDue(isTheirs, owing: "whole.balance", tenant)) AS oldest_due_on
            FROM (
                SELECT \(LedgerQueries.bounded("sum(change)")) AS balance, count(*) AS entries,
                       \(LedgerQueries.bounded("sum(change) FILTER (WHERE kind = 'given')")) AS given,
                       \(LedgerQueries.bounded("-sum(change) FILTER (WHERE kind = 'received')")) AS received,
                       \(LedgerQueries.bounded("sum(change) FILTER (WHERE kind = 'adjusted')")) AS adjusted,
                       (array_agg(id ORDER BY id DESC))[1] AS last_entry_id
                FROM (
                    SELECT e.id, coalesce(e.reverses_kind, e.kind) AS kind,
                           CASE e.debit_account WHEN 'receivable' THEN e.amount_paise ELSE -e.amount_paise END AS change
                    FROM app.ledger_entries AS e WHERE e.tenant_id = \(tenant) AND \(isTheirs)) AS entry) AS whole
            """
        ) { row in
            try LedgerSummary(
                customer: customer, balancePaise: row.decode("balance"), givenPaise: row.decode("given"),
                receivedPaise: row.decode("received"), adjustedPaise: row.decode("adjusted"),
                entries: row.decode("entries"), lastEntry: row.decodeIfPresent("last_entry_id"),
                oldestDueOn: (row.decodeIfPresent("oldest_due_on") as Int?).map { LedgerDay(stored: $0) })
        }
    }
}
