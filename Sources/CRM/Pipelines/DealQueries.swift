// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum DealQueries {
    /// All that ``deal(_:)`` reads, of `app.deals` as `d` beside ``NamedCustomer`` as `c`.
    static let columns: Statement = """
        d.id, d.pipeline_id, d.stage_id, d.position, d.title, d.note, d.owner_id, d.value_paise, d.expected_on, d.state, d.lost_reason,
        d.won_note, d.closed_at, d.version, d.created_at, d.updated_at, d.moved_at, \(NamedCustomer.columns)
        """

    /// What there is of a business, but for what is of a customer who was deleted. A WHERE goes on from here.
    static func selection(of tenant: TenantID) -> Statement {
        """
        SELECT \(columns) FROM app.deals d LEFT JOIN LATERAL \(NamedCustomer.ofRow("d.customer_id", of: tenant)) c ON true
        WHERE d.tenant_id = \(tenant) AND (d.customer_id IS NULL OR c.id IS NOT NULL)
        """
    }

    /// Of these what somebody sees who sees their own customers alone: what they look after, and what is of those.
    static func isVisible(to user: UserID?, of tenant: TenantID) -> Statement {
        guard let user else { return "" }
        return " AND (d.owner_id = \(user) OR d.customer_id IN (\(NamedCustomer.lookedAfter(by: user, of: tenant))))"
    }

    private static func one(_ id: Deal.ID, of tenant: TenantID, visibleTo user: UserID?) -> Statement {
        var statement = selection(of: tenant)
        statement += " AND d.id = \(id)"
        if let user { statement += " AND (d.owner_id = \(user) OR c.owner_id = \(user))" }
        return statement
    }

    // MARK: - Reading

    /// At most `limit` deals that were begun before `before`, the newest first.
    static func page(_ filter: DealFilter, before: Deal.ID?, limit: Int, of tenant: TenantID) -> Query<[Deal]> {
        var statement = selection(of: tenant)
        statement += isVisible(to: filter.visibleTo, of: tenant)
        statement += " AND d.id < \(before?.uuid ?? .greatest)"
        if let pipeline = filter.pipeline { statement += " AND d.pipeline_id = \(pipeline)" }
        if let stage = filter.stage { statement += " AND d.stage_id = \(stage)" }
        if let customer = filter.customer {
            statement += " AND d.customer_id IN (\(NamedCustomer.all(of: customer, tenant)))"
        }
        if let owner = filter.owner { statement += " AND d.owner_id = \(owner)" }
        if let state = filter.state { statement += " AND d.state = \(state.rawValue)" }
        if let day = filter.expectedAtLeast { statement += " AND d.expected_on >= \(day.stored)" }
        if let day = filter.expectedAtMost { statement += " AND d.expected_on <= \(day.stored)" }
        statement += " ORDER BY d.id DESC LIMIT \(limit)"
        statement.isPrepared = filter.isCommon
        return .all(statement, deal)
    }

    static func find(_ id: Deal.ID, of tenant: TenantID, visibleTo user: UserID?) -> Query<Deal?> {
        .first(one(id, of: tenant, visibleTo: user), deal)
    }

    /// Keeps the row as it is until the transaction ends.
    static func lock(_ id: Deal.ID, visibleTo user: UserID?, in tx: borrowing TenantTransaction) throws -> Deal? {
        var statement = one(id, of: tx.tenantID, visibleTo: user)
        statement += " FOR UPDATE OF d"
        return try tx.first(statement, deal)
    }

    @Sendable static func deal(_ row: inout Row) throws -> Deal {
        var fields = DealFields(title: try row.decode("title"), owner: try row.decodeIfPresent("owner_id"))
        fields.note = try row.decodeIfPresent("note")
        fields.valuePaise = try row.decodeIfPresent("value_paise")
        let expectedOn: Int? = try row.decodeIfPresent("expected_on")
        fields.expectedOn = expectedOn.map { IndianDay(stored: $0) }
        let customer = try NamedCustomer(&row)
        fields.customer = customer?.id
        guard let state = Pipeline.Stage.Kind(rawValue: try row.decode("state")) else {
            throw DatabaseError.decoding(column: "state")
        }
        let closedAt: Instant? = try row.decodeIfPresent("closed_at")
        let lostReason: String? = try row.decodeIfPresent("lost_reason")
        let wonNote: String? = try row.decodeIfPresent("won_note")
        return try Deal(
            id: row.decode("id"), fields: fields, pipeline: row.decode("pipeline_id"), stage: row.decode("stage_id"),
            state: state,
            closing: closedAt.map { DealClosing(at: $0, lostReason: lostReason, wonNote: wonNote) },
            customer: customer, position: row.decode("position"), version: row.decode("version"),
            createdAt: row.decode("created_at"), updatedAt: row.decode("updated_at"), movedAt: row.decode("moved_at"))
    }

    // MARK: - Writing

    static func insert(
        _ id: Deal.ID, _ fields: DealFields, at position: Int, in column: PipelineQueries.Column, _ end: DealEnd,
        in tx: borrowing TenantTransaction
    ) throws {
        let kind = column.stage.kind
        try tx.execute(
            """
            INSERT INTO app.deals (tenant_id, id, pipeline_id, stage_id, position, title, note, customer_id, owner_id, value_paise,
                                   expected_on, state, lost_reason, won_note, closed_at)
            VALUES (\(tx.tenantID), \(id), \(column.pipeline), \(column.stage.id), \(position), \(fields.title), \(fields.note),
                    \(fields.customer), \(fields.owner), \(fields.valuePaise), \(fields.expectedOn?.stored), \(kind.rawValue),
                    \(end.lostReason), \(end.wonNote), CASE WHEN \(kind != .open) THEN now() END)
            """)
    }

    static func update(
        _ id: Deal.ID, from old: DealFields, to fields: DealFields, _ end: DealEnd, in tx: borrowing TenantTransaction
    ) throws {
        // Of a customer who was merged the row goes on to name the one whose it was.
        let isAnothers = fields.customer != old.customer
        try tx.execute(
            """
            UPDATE app.deals
            SET title = \(fields.title), note = \(fields.note), owner_id = \(fields.owner), value_paise = \(fields.valuePaise),
                expected_on = \(fields.expectedOn?.stored), lost_reason = \(end.lostReason), won_note = \(end.wonNote),
                customer_id = CASE WHEN \(isAnothers) THEN \(fields.customer) ELSE customer_id END, version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
    }

    /// Puts a card elsewhere in its own column: nothing that anybody has written about it changes.
    static func put(_ id: Deal.ID, at position: Int, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            "UPDATE app.deals SET position = \(position) WHERE tenant_id = \(tx.tenantID) AND id = \(id)")
    }

    /// Puts a card into another column.
    static func put(
        _ id: Deal.ID, at position: Int, in column: PipelineQueries.Column, _ end: DealEnd,
        in tx: borrowing TenantTransaction
    ) throws {
        let kind = column.stage.kind
        try tx.execute(
            """
            UPDATE app.deals
            SET pipeline_id = \(column.pipeline), stage_id = \(column.stage.id), position = \(position), state = \(kind.rawValue),
                lost_reason = \(end.lostReason), won_note = \(end.wonNote),
                closed_at = CASE WHEN state = \(kind.rawValue) THEN closed_at WHEN \(kind != .open) THEN now() END,
                moved_at = now(), version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
    }

    static func delete(_ id: Deal.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute("DELETE FROM app.deals WHERE tenant_id = \(tx.tenantID) AND id = \(id)")
    }

    // MARK: - Whole columns

    static func isEmpty(_ pipeline: Pipeline.ID, in tx: borrowing TenantTransaction) throws -> Bool {
        try tx.first(
            "SELECT id FROM app.deals WHERE tenant_id = \(tx.tenantID) AND pipeline_id = \(pipeline) LIMIT 1"
        ) { row in try row.decode("id") as Deal.ID } == nil
    }

    /// Every card of a column in order, whoever sees it, locked.
    static func lock(allOf stage: Pipeline.Stage.ID, limit: Int, in tx: borrowing TenantTransaction) throws -> [(
        id: Deal.ID, valuePaise: Int?
    )] {
        try tx.all(
            """
            SELECT id, value_paise FROM app.deals WHERE tenant_id = \(tx.tenantID) AND stage_id = \(stage)
            ORDER BY position LIMIT \(limit) FOR UPDATE
            """
        ) { row in (try row.decode("id"), try row.decodeIfPresent("value_paise")) }
    }

    /// Puts cards below all others of another column of the same pipeline, in this order.
    static func append(
        _ deals: [Deal.ID], to stage: Pipeline.Stage.ID, in tx: borrowing TenantTransaction
    ) throws {
        let bottom = try DealPlacement.edge(of: stage, isTop: false, in: tx) ?? 0
        let positions = deals.indices.map { String(bottom + ($0 + 1) * DealPlacement.gap) }
        try tx.execute(
            """
            UPDATE app.deals d
            SET stage_id = \(stage), position = place.position, moved_at = now(), version = version + 1, updated_at = now()
            FROM unnest(\(UUIDArray(deals)), \(TextArray(positions))::bigint[]) AS place (id, position)
            WHERE d.tenant_id = \(tx.tenantID) AND d.id = place.id
            """)
    }
}
