// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A pipeline with its cards, as somebody sees it.
package struct Board: Sendable {
    package struct Column: Sendable {
        package let stage: Pipeline.Stage
        /// Of all that are in it.
        package let count: Int, valuePaise: Int
        /// The first of them, in order.
        package let cards: [Deal]
        /// Where the rest begins; nil when there is none.
        package let next: DealPosition?
    }

    package let pipeline: Pipeline
    package let columns: [Column]

    /// How many cards of a column are shown at first.
    static let cardsPerColumn = 50
}

package struct BoardService: Sendable {
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// - Throws: `PipelineError.unknown`.
    package func read(_ id: Pipeline.ID, for caller: Caller) async throws -> Board {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID, .read, timeout: .seconds(3)) {
            (tx: borrowing TenantTransaction) in
            guard let pipeline = try tx.run(PipelineQueries.find(id, of: tx.tenantID)).first else {
                throw PipelineError.unknown
            }
            let cards = Dictionary(
                grouping: try tx.run(BoardQueries.cards(of: id, tx.tenantID, visibleTo: visibleTo)), by: \.stage)
            let sums = try tx.run(BoardQueries.sums(of: id, tx.tenantID, visibleTo: visibleTo))
            return Board(
                pipeline: pipeline,
                columns: pipeline.stages.map { stage in
                    let cards = cards[stage.id] ?? [], shown = cards.prefix(Board.cardsPerColumn)
                    let sum = sums.first { $0.stage == stage.id }
                    return Board.Column(
                        stage: stage, count: sum?.count ?? 0, valuePaise: sum?.valuePaise ?? 0, cards: Array(shown),
                        next: cards.count > shown.count ? shown.last.map { DealPosition($0) } : nil)
                })
        }
    }

    /// One column, in order.
    /// - Parameter after: only what stands below this card, or where it stood when it stands there no more.
    /// - Returns: up to one more than `limit`, which says that there is more.
    /// - Throws: `PipelineError.unknown`, `.stageUnknown`.
    package func column(
        _ stage: Pipeline.Stage.ID, of id: Pipeline.ID, after: DealPosition?, limit: Int, for caller: Caller
    ) async throws -> [Deal] {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            guard let pipeline = try tx.run(PipelineQueries.find(id, of: tx.tenantID)).first else {
                throw PipelineError.unknown
            }
            guard pipeline.stages.contains(where: { $0.id == stage }) else { throw PipelineError.stageUnknown }
            return try tx.run(
                BoardQueries.column(stage, after: after, limit: limit + 1, tx.tenantID, visibleTo: visibleTo))
        }
    }
}

enum BoardQueries {
    /// The first cards of each column, and one more where there are more.
    static func cards(of pipeline: Pipeline.ID, _ tenant: TenantID, visibleTo user: UserID?) -> Query<[Deal]> {
        .all(
            """
            SELECT x.id, x.pipeline_id, x.stage_id, x.position, x.title, x.note, x.owner_id, x.value_paise, x.expected_on, x.state,
                   x.lost_reason, x.won_note, x.closed_at, x.version, x.created_at, x.updated_at, x.moved_at, x.customer_id,
                   x.customer_name, x.customer_phone
            FROM app.pipeline_stages g CROSS JOIN LATERAL (
                \(DealQueries.selection(of: tenant)) AND d.stage_id = g.id\(DealQueries.isVisible(to: user, of: tenant))
                ORDER BY d.position LIMIT 51) x
            WHERE g.tenant_id = \(tenant) AND g.pipeline_id = \(pipeline) ORDER BY x.stage_id, x.position
            """, DealQueries.deal)
    }

    typealias Sum = (stage: Pipeline.Stage.ID, count: Int, valuePaise: Int)

    /// What is in each column, as far as every reader of JSON counts exactly (RFC 8259 §6): all that there is, and less what is of
    /// customers who were deleted. They are few: that costs less than to look each deal's customer up.
    static func sums(of pipeline: Pipeline.ID, _ tenant: TenantID, visibleTo user: UserID?) -> Query<[Sum]> {
        .all(
            """
            SELECT stage_id, sum(deals)::bigint AS deals,
                   least(greatest(coalesce(sum(value_paise), 0), 0), 9007199254740991)::bigint AS value_paise
            FROM (
                SELECT d.stage_id, count(*) AS deals, sum(d.value_paise) AS value_paise FROM app.deals d
                WHERE d.tenant_id = \(tenant) AND d.pipeline_id = \(pipeline)\(DealQueries.isVisible(to: user, of: tenant))
                GROUP BY d.stage_id
                UNION ALL
                SELECT d.stage_id, -count(*) AS deals, -sum(d.value_paise) AS value_paise
                FROM (\(NamedCustomer.deleted(of: tenant))) gone JOIN app.deals d ON d.tenant_id = \(tenant) AND d.customer_id = gone.id
                WHERE d.pipeline_id = \(pipeline)\(DealQueries.isVisible(to: user, of: tenant))
                GROUP BY d.stage_id) parts
            GROUP BY stage_id
            """
        ) { row in
            (try row.decode("stage_id"), try row.decode("deals"), try row.decode("value_paise"))
        }
    }

    /// - Parameter after: as for ``BoardService/column(_:of:after:limit:for:)``.
    static func column(
        _ stage: Pipeline.Stage.ID, after: DealPosition?, limit: Int, _ tenant: TenantID, visibleTo user: UserID?
    ) -> Query<[Deal]> {
        var statement = DealQueries.selection(of: tenant)
        statement += DealQueries.isVisible(to: user, of: tenant)
        statement += " AND d.stage_id = \(stage)"
        if let after {
            let now: Statement = """
                (SELECT CASE WHEN stage_id = \(stage) THEN position END FROM app.deals WHERE tenant_id = \(tenant) AND id = \(after.id))
                """
            statement += " AND d.position > CASE WHEN \(now) IS NULL THEN \(after.position) ELSE \(now) END"
        }
        statement += " ORDER BY d.position LIMIT \(limit)"
        return .all(statement, DealQueries.deal)
    }
}
