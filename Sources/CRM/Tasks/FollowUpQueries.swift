// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

enum FollowUpQueries {
    /// All that ``followUp(_:)`` reads, of `app.follow_ups` as `f` beside ``NamedCustomer`` as `c`.
    static let columns: Statement = """
        f.id, f.title, f.note, f.assignee_id, f.due_at, f.all_day, f.repeats, f.repeat_interval, f.repeat_until, f.repeat_day,
        f.snoozed_until, f.state, f.done_at, f.done_actor, f.done_actor_id, f.creator, f.creator_id, f.version, f.created_at,
        f.updated_at, \(NamedCustomer.columns)
        """

    /// What there is of a business, but for what is about a customer who was deleted. A WHERE goes on from here.
    private static func selection(of tenant: TenantID) -> Statement {
        """
        SELECT \(columns) FROM app.follow_ups f LEFT JOIN LATERAL \(NamedCustomer.ofRow("f.customer_id", of: tenant)) c ON true
        WHERE f.tenant_id = \(tenant) AND (f.customer_id IS NULL OR c.id IS NOT NULL)
        """
    }

    /// Of these what somebody sees who sees their own customers alone: what they are to do, and what is about those.
    static func selection(of tenant: TenantID, visibleTo user: UserID?) -> Statement {
        var statement = selection(of: tenant)
        if let user {
            statement += """
                 AND (f.assignee_id = \(user) OR f.customer_id IN (\(NamedCustomer.lookedAfter(by: user, of: tenant))))
                """
        }
        return statement
    }

    /// One of these, asked for without going through all that somebody sees.
    private static func one(_ id: FollowUp.ID, of tenant: TenantID, visibleTo user: UserID?) -> Statement {
        var statement = selection(of: tenant)
        statement += " AND f.id = \(id)"
        if let user { statement += " AND (f.assignee_id = \(user) OR c.owner_id = \(user))" }
        return statement
    }

    // MARK: - Reading

    /// At most `limit` follow-ups behind `after`, by when they are due.
    static func page(
        _ filter: FollowUpFilter, isDescending: Bool, after: FollowUpPosition?, limit: Int, of tenant: TenantID
    ) -> Query<[FollowUp]> {
        var statement = selection(of: tenant, visibleTo: filter.visibleTo)
        switch filter.state {
        case .open: statement += " AND f.state = 'open'"
        case let state?: statement += " AND f.state = \(state.rawValue)"
        case nil: break
        }
        if let assignee = filter.assignee { statement += " AND f.assignee_id = \(assignee)" }
        if let customer = filter.customer {
            statement += " AND f.customer_id IN (\(NamedCustomer.all(of: customer, tenant)))"
        }
        if let time = filter.dueAtLeast { statement += " AND f.due_at >= \(time)" }
        if let time = filter.dueAtMost { statement += " AND f.due_at <= \(time)" }
        if let after {
            statement +=
                isDescending
                ? " AND (f.due_at, f.id) < (\(after.dueAt), \(after.id))"
                : " AND (f.due_at, f.id) > (\(after.dueAt), \(after.id))"
        }
        statement += isDescending ? " ORDER BY f.due_at DESC, f.id DESC" : " ORDER BY f.due_at, f.id"
        statement += " LIMIT \(limit)"
        statement.isPrepared = filter.isCommon
        return .all(statement, followUp)
    }

    static func find(_ id: FollowUp.ID, of tenant: TenantID, visibleTo user: UserID?) -> Query<FollowUp?> {
        .first(one(id, of: tenant, visibleTo: user), followUp)
    }

    /// Keeps the row as it is until the transaction ends.
    static func lock(_ id: FollowUp.ID, visibleTo user: UserID?, in tx: borrowing TenantTransaction) throws -> FollowUp?
    {
        var statement = one(id, of: tx.tenantID, visibleTo: user)
        statement += " FOR UPDATE OF f"
        return try tx.first(statement, followUp)
    }

    /// The one that came of another.
    static func next(after id: FollowUp.ID, of tenant: TenantID, visibleTo user: UserID?) -> Query<FollowUp?> {
        var statement = selection(of: tenant, visibleTo: user)
        statement += " AND f.previous_id = \(id)"
        return .first(statement, followUp)
    }

    @Sendable static func followUp(_ row: inout Row) throws -> FollowUp {
        let assignee: UserID = try row.decode("assignee_id"), dueAt: Instant = try row.decode("due_at")
        var fields = FollowUpFields(
            title: try row.decode("title"), assignee: assignee,
            due: Due(at: dueAt, isAllDay: try row.decode("all_day")))
        fields.note = try row.decodeIfPresent("note")
        let customer = try NamedCustomer(&row)
        fields.customer = customer?.id
        fields.repetition = try repetition(&row)
        guard let state = FollowUp.State(rawValue: try row.decode("state")) else {
            throw DatabaseError.decoding(column: "state")
        }
        let doneAt: Instant? = try row.decodeIfPresent("done_at")
        let doneBy = try doer(row.decodeIfPresent("done_actor"), row.decodeIfPresent("done_actor_id"))
        let done = if let doneAt, let doneBy { (at: doneAt, by: doneBy) } else { nil as (at: Instant, by: Doer)? }
        return try FollowUp(
            id: row.decode("id"), fields: fields, state: state, snoozedUntil: row.decodeIfPresent("snoozed_until"),
            done: done, creator: Doer(kind: row.decode("creator"), id: row.decodeIfPresent("creator_id")),
            customer: customer, version: row.decode("version"), createdAt: row.decode("created_at"),
            updatedAt: row.decode("updated_at"))
    }

    private static func doer(_ kind: String?, _ id: UUIDv7?) -> Doer? { kind.map { Doer(kind: $0, id: id) } }

    private static func repetition(_ row: inout Row) throws -> Repetition? {
        guard let name: String = try row.decodeIfPresent("repeats") else { return nil }
        guard let frequency = Repetition.Frequency(rawValue: name) else {
            throw DatabaseError.decoding(column: "repeats")
        }
        let until: Int? = try row.decodeIfPresent("repeat_until")
        return try Repetition(
            frequency, interval: row.decode("repeat_interval"), until: until.map { IndianDay(stored: $0) },
            day: row.decode("repeat_day"))
    }

    // MARK: - Writing

    /// - Parameter previous: the one that it came of. Where another has come of that already, nothing is added.
    static func insert(
        _ id: FollowUp.ID, _ fields: FollowUpFields, after previous: FollowUp.ID? = nil, by actor: AuditEvent.Actor,
        in tx: borrowing TenantTransaction
    ) throws {
        let repetition = fields.repetition
        try tx.execute(
            """
            INSERT INTO app.follow_ups (tenant_id, id, title, note, customer_id, assignee_id, due_at, all_day, repeats, repeat_interval,
                                        repeat_until, repeat_day, previous_id, creator, creator_id)
            VALUES (\(tx.tenantID), \(id), \(fields.title), \(fields.note), \(fields.customer), \(fields.assignee), \(fields.due.at),
                    \(fields.due.isAllDay), \(repetition?.frequency.rawValue), \(repetition?.interval), \(repetition?.until?.stored),
                    \(repetition?.day), \(previous), \(actor.kind), \(actor.id))
            ON CONFLICT (tenant_id, previous_id) DO NOTHING
            """)
    }

    /// What is due at another time is no longer snoozed.
    static func update(
        _ id: FollowUp.ID, from old: FollowUpFields, to fields: FollowUpFields, isCancelled: Bool,
        in tx: borrowing TenantTransaction
    ) throws {
        let repetition = fields.repetition
        // Of a customer who was merged the row goes on to name the one whom it was about.
        let isAnothers = fields.customer != old.customer, isDueAnew = fields.due != old.due
        try tx.execute(
            """
            UPDATE app.follow_ups
            SET title = \(fields.title), note = \(fields.note), assignee_id = \(fields.assignee), due_at = \(fields.due.at),
                all_day = \(fields.due.isAllDay), repeats = \(repetition?.frequency.rawValue), repeat_interval = \(repetition?.interval),
                repeat_until = \(repetition?.until?.stored), repeat_day = \(repetition?.day),
                customer_id = CASE WHEN \(isAnothers) THEN \(fields.customer) ELSE customer_id END,
                snoozed_until = CASE WHEN \(isDueAnew) THEN NULL ELSE snoozed_until END,
                state = CASE WHEN \(isCancelled) THEN 'cancelled' ELSE state END, version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
    }

    static func markDone(_ id: FollowUp.ID, by actor: AuditEvent.Actor, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            UPDATE app.follow_ups
            SET state = 'done', done_at = now(), done_actor = \(actor.kind), done_actor_id = \(actor.id), snoozed_until = NULL,
                version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
    }

    static func reopen(_ id: FollowUp.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            UPDATE app.follow_ups
            SET state = 'open', done_at = NULL, done_actor = NULL, done_actor_id = NULL, version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
    }

    /// What came of one that was not done after all, unless somebody has touched it.
    static func takeBack(after id: FollowUp.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            DELETE FROM app.follow_ups
            WHERE tenant_id = \(tx.tenantID) AND previous_id = \(id) AND state = 'open' AND version = 1
            """)
    }

    static func snooze(_ id: FollowUp.ID, until: Instant, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            UPDATE app.follow_ups SET snoozed_until = \(until), version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
    }

    static func delete(_ id: FollowUp.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute("DELETE FROM app.follow_ups WHERE tenant_id = \(tx.tenantID) AND id = \(id)")
    }
}
