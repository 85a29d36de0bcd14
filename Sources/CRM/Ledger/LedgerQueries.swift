// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// Entries. A customer's book is what stands under their own id and under those of all who turned out to be them.
enum LedgerQueries {
    // MARK: - Writing

    /// - Parameter customer: under whom it stands.
    /// - Throws: `DatabaseError` naming `ledger_entries_reversed_once` when `reverses` was reversed before.
    static func insert(
        _ id: LedgerEntry.ID, _ new: NewLedgerEntry, of customer: Customer.ID, reversing reversed: LedgerEntry? = nil,
        by actor: AuditEvent.Actor, in tx: borrowing TenantTransaction
    ) throws {
        try tx.execute(
            """
            INSERT INTO app.ledger_entries (tenant_id, id, customer_id, kind, debit_account, credit_account, amount_paise, occurred_on, due_on,
                                            method, note, reason, reverses_id, reverses_kind, actor, actor_id)
            VALUES (\(tx.tenantID), \(id), \(customer), \(new.kind.rawValue), \(new.debit.rawValue), \(new.credit.rawValue),
                    \(new.amountPaise), \(new.occurredOn.number), \(new.dueOn?.number), \(new.method?.rawValue), \(new.note), \(new.reason),
                    \(reversed?.id), \(reversed?.kind.rawValue), \(actor.kind), \(actor.id))
            """)
    }

    /// Brings the sum kept of a customer's entries up to one that was added. The row is locked from here on.
    /// - Throws: `DatabaseError` naming `ledger_balances_bound` when it becomes too large.
    static func add(
        _ changePaise: Int, by entry: LedgerEntry.ID, to customer: Customer.ID, in tx: borrowing TenantTransaction
    ) throws {
        try tx.execute(
            """
            INSERT INTO app.ledger_balances (tenant_id, customer_id, balance_paise, last_entry_id)
            VALUES (\(tx.tenantID), \(customer), \(changePaise), \(entry))
            ON CONFLICT (tenant_id, customer_id) DO UPDATE
            SET balance_paise = ledger_balances.balance_paise + excluded.balance_paise, last_entry_id = excluded.last_entry_id
            """)
    }

    /// Notes what is due first of a customer's entries.
    /// - Parameter whole: who is asked about; those who turned out to be them count.
    /// - Returns: what they owe in all.
    static func settle(_ customer: Customer.ID, of whole: Customer.ID, in tx: borrowing TenantTransaction) throws -> Int
    {
        let first = firstDue("e.customer_id = \(customer)", owing: "ledger_balances.balance_paise", tx.tenantID)
        // The whole book is gone through for it: only where something is owed, and something was ever due.
        let due: Statement = """
            CASE WHEN ledger_balances.balance_paise > 0 AND EXISTS (
                SELECT FROM app.ledger_entries AS d
                WHERE d.tenant_id = \(tx.tenantID) AND d.customer_id = \(customer) AND d.due_on IS NOT NULL)
            THEN \(first) END
            """
        return try tx.one(
            """
            UPDATE app.ledger_balances SET oldest_due_on = \(due) WHERE tenant_id = \(tx.tenantID) AND customer_id = \(customer)
            RETURNING (
                SELECT \(bounded("sum(b.balance_paise)")) FROM app.ledger_balances AS b
                WHERE b.tenant_id = \(tx.tenantID) AND b.customer_id = ANY (\(parts(of: "\(whole)", tx.tenantID)))) AS balance
            """
        ) { row in try row.decode("balance") }
    }

    /// The first day on which something is due that is not paid. Payments settle what was given first, so that unpaid is what was given
    /// last, up to what is owed. What was reversed was never given.
    /// - Parameters:
    ///   - isTheirs: which of the entries `e`.
    ///   - balance: what is owed.
    static func firstDue(_ isTheirs: Statement, owing balance: Statement, _ tenant: TenantID) -> Statement {
        """
        (SELECT min(given.due_on) FROM (
            SELECT e.due_on, sum(e.amount_paise) OVER (ORDER BY e.occurred_on DESC, e.id DESC) - e.amount_paise AS later
            FROM app.ledger_entries AS e
            WHERE e.tenant_id = \(tenant) AND \(isTheirs) AND e.debit_account = 'receivable' AND e.reverses_id IS NULL AND \(reversal(tenant)) IS NULL) AS given
        WHERE given.later < \(balance))
        """
    }

    /// The ids under which a customer's entries stand, as an array: each is looked up, whatever the planner thinks of a business's size.
    static func parts(of customer: Statement, _ tenant: TenantID) -> Statement {
        "ARRAY(SELECT id FROM app.customers WHERE tenant_id = \(tenant) AND (id = \(customer) OR merged_into = \(customer)))"
    }

    /// What has taken an entry `e` back; looked up as well.
    private static func reversal(_ tenant: TenantID) -> Statement {
        "(SELECT r.id FROM app.ledger_entries AS r WHERE r.tenant_id = \(tenant) AND r.reverses_id = e.id)"
    }

    /// A sum as a number of ours: of many who were merged it may be larger than any of them may owe.
    static func bounded(_ sum: Statement) -> Statement {
        "greatest(least(coalesce(\(sum), 0), 1000000000000000000), -1000000000000000000)::bigint"
    }

    // MARK: - Reading

    private static let columns: Statement = """
        id, kind, debit_account, credit_account, amount_paise, occurred_on, due_on, method, note, reason, reverses_id, actor, actor_id
        """
    private static let columnsOfE: Statement = """
        e.id, e.kind, e.debit_account, e.credit_account, e.amount_paise, e.occurred_on, e.due_on, e.method, e.note, e.reason, e.reverses_id,
        e.actor, e.actor_id
        """

    /// The newest first, each with what was owed when it had happened. One statement, so that both are of one moment.
    static func page(
        of customer: Customer.ID, before: LedgerPosition, limit: Int, _ tenant: TenantID
    ) -> Query<[LedgerLine]> {
        .rows(
            """
            SELECT \(columnsOfE), \(customer) AS customer_id, \(reversal(tenant)) AS reversed_by_id, (
                SELECT \(bounded("sum(CASE s.debit_account WHEN 'receivable' THEN s.amount_paise ELSE -s.amount_paise END)"))
                FROM app.ledger_entries AS s
                WHERE s.tenant_id = \(tenant) AND s.customer_id = ANY (\(parts(of: "\(customer)", tenant)))
                  AND (s.occurred_on, s.id) < (\(before.day), \(before.id))) AS balance
            FROM app.customers AS c CROSS JOIN LATERAL (
                SELECT \(columns) FROM app.ledger_entries
                WHERE tenant_id = \(tenant) AND customer_id = c.id AND (occurred_on, id) < (\(before.day), \(before.id))
                ORDER BY occurred_on DESC, id DESC LIMIT \(limit)) AS e
            WHERE c.tenant_id = \(tenant) AND (c.id = \(customer) OR c.merged_into = \(customer))
            ORDER BY e.occurred_on DESC, e.id DESC LIMIT \(limit)
            """
        ) { rows in
            var lines: [LedgerLine] = [], balance: Int?
            try rows.forEach { row in
                let entry = try entry(&row)
                let now = try balance ?? row.decode("balance")
                lines.append(LedgerLine(entry: entry, balancePaise: now))
                balance = try LedgerBalance.sum(now, -entry.changePaise)
            }
            return lines
        }
    }

    /// The oldest first, of those that were written down before `bound`.
    static func page(
        of customer: Customer.ID, after: LedgerPosition, until last: LedgerDay, before bound: LedgerEntry.ID,
        limit: Int,
        _ tenant: TenantID
    ) -> Query<[LedgerEntry]> {
        .all(
            """
            SELECT \(columnsOfE), \(customer) AS customer_id, NULL::uuid AS reversed_by_id
            FROM app.customers AS c CROSS JOIN LATERAL (
                SELECT \(columns) FROM app.ledger_entries
                WHERE tenant_id = \(tenant) AND customer_id = c.id AND (occurred_on, id) > (\(after.day), \(after.id))
                  AND occurred_on <= \(last.number) AND id < \(bound)
                ORDER BY occurred_on, id LIMIT \(limit)) AS e
            WHERE c.tenant_id = \(tenant) AND (c.id = \(customer) OR c.merged_into = \(customer))
            ORDER BY e.occurred_on, e.id LIMIT \(limit)
            """, entry)
    }

    /// What was owed at the end of the day before `first`, by what was written down before `bound`.
    static func opening(
        of customer: Customer.ID, before first: LedgerDay, and bound: LedgerEntry.ID, _ tenant: TenantID
    ) -> Query<Int> {
        .one(
            """
            SELECT \(bounded("sum(CASE e.debit_account WHEN 'receivable' THEN e.amount_paise ELSE -e.amount_paise END)")) AS balance
            FROM app.ledger_entries AS e
            WHERE e.tenant_id = \(tenant) AND e.customer_id = ANY (\(parts(of: "\(customer)", tenant)))
              AND e.occurred_on < \(first.number) AND e.id < \(bound)
            """
        ) { row in try row.decode("balance") }
    }

    /// An entry of a customer who was not deleted, shown as theirs who they turned out to be.
    /// - Parameter visibleTo: only if they look after the customer; anybody's when nil.
    static func find(
        _ id: LedgerEntry.ID, of tenant: TenantID, visibleTo user: UserID?
    ) -> Query<(entry: LedgerEntry, standsUnder: Customer.ID)?> {
        .first(
            """
            SELECT \(columnsOfE), c.id AS customer_id, e.customer_id AS part_id, \(reversal(tenant)) AS reversed_by_id
            FROM app.ledger_entries AS e JOIN app.customers AS p ON p.tenant_id = \(tenant) AND p.id = e.customer_id
            JOIN app.customers AS c ON c.tenant_id = \(tenant) AND c.id = CASE WHEN p.merged_into IS NULL THEN p.id ELSE p.merged_into END
            WHERE e.tenant_id = \(tenant) AND e.id = \(id) AND c.deleted_at IS NULL
              AND c.owner_id IS NOT DISTINCT FROM coalesce(\(user), c.owner_id)
            """
        ) { row in (try entry(&row), try row.decode("part_id")) }.quick
    }

    @Sendable private static func entry(_ row: inout Row) throws -> LedgerEntry {
        func spelled<Word: RawRepresentable>(_ name: StaticString) throws -> Word where Word.RawValue == String {
            guard let word = Word(rawValue: try row.decode(name)) else {
                throw DatabaseError.decoding(column: "\(name)")
            }
            return word
        }
        return try LedgerEntry(
            id: row.decode("id"), customer: row.decode("customer_id"), kind: spelled("kind"),
            debit: spelled("debit_account"), credit: spelled("credit_account"), amountPaise: row.decode("amount_paise"),
            occurredOn: LedgerDay(stored: row.decode("occurred_on")),
            dueOn: (row.decodeIfPresent("due_on") as Int?).map { LedgerDay(stored: $0) },
            method: (row.decodeIfPresent("method") as String?).flatMap { LedgerEntry.Method(rawValue: $0) },
            note: row.decodeIfPresent("note"), reason: row.decodeIfPresent("reason"),
            reverses: row.decodeIfPresent("reverses_id"), reversedBy: row.decodeIfPresent("reversed_by_id"),
            actor: row.decode("actor"), actorID: row.decodeIfPresent("actor_id"))
    }
}
