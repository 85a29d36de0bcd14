// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

enum InteractionQueries {
    // MARK: - One of them

    /// - Parameter visibleTo: only if they look after the customer; anybody's when nil.
    static func find(_ id: Interaction.ID, of tenant: TenantID, visibleTo user: UserID?) -> Query<Interaction?> {
        .first(
            """
            SELECT s.id AS survivor_id, \(columns) FROM app.interactions i\(survivor(tenant, visibleTo: user))
            WHERE i.tenant_id = \(tenant) AND i.id = \(id) AND i.struck_reason IS NULL
            """, interaction
        ).quick
    }

    /// One beside all its versions.
    static func details(of interaction: Interaction, in tx: borrowing TenantTransaction) throws -> InteractionDetails {
        var versions: [Interaction] = [], strike: InteractionDetails.Strike?
        let rows = try tx.all(
            """
            SELECT \(interaction.customer) AS survivor_id, i.struck_reason, \(columns) FROM app.interactions i
            WHERE i.tenant_id = \(tx.tenantID) AND (i.id = \(interaction.first) OR i.first_id = \(interaction.first) AND i.corrects IS NOT NULL)
            ORDER BY i.version
            """
        ) { row in (reason: try row.decodeIfPresent("struck_reason") as String?, version: try Self.interaction(&row)) }
        for (reason, version) in rows {
            if let reason {
                strike = InteractionDetails.Strike(
                    at: version.loggedAt, actor: version.actor, actorID: version.actorID, reason: reason)
            } else {
                versions.append(version)
            }
        }
        return InteractionDetails(interaction: interaction, versions: versions, strike: strike)
    }

    // MARK: - Writing

    /// Keeps many customers as they are until the transaction ends, locked in the order of their ids: who each of those that are there, and
    /// to be seen, turned out to be.
    static func lockCustomers(
        _ ids: Set<Customer.ID>, visibleTo user: UserID?, in tx: borrowing TenantTransaction
    ) throws -> [Customer.ID: Customer.ID] {
        var found = try lockOnce(ids, visibleTo: user, in: tx)
        // Who was merged or became two again while we waited for them is somebody else by now: they are asked for once more.
        let survivors = try CustomerQueries.survivors(of: Array(ids), in: tx)
        let changed = ids.filter { found[$0] != survivors[$0] }
        if !changed.isEmpty {
            let again = try lockOnce(changed, visibleTo: user, in: tx)
            for id in changed { found[id] = again[id] }
        }
        return found
    }

    private static func lockOnce(
        _ ids: Set<Customer.ID>, visibleTo user: UserID?, in tx: borrowing TenantTransaction
    ) throws -> [Customer.ID: Customer.ID] {
        let named = try tx.all(
            """
            SELECT id, coalesce(merged_into, id) AS survivor_id FROM app.customers
            WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(UUIDArray(ids)))
            """
        ) { row in (id: try row.decode("id") as Customer.ID, survivor: try row.decode("survivor_id") as Customer.ID) }
        let there = try tx.all(
            """
            SELECT id FROM app.customers
            WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(UUIDArray(Set(named.map(\.survivor)))))
              AND deleted_at IS NULL AND \(CustomerQueries.isVisible(to: user))
            ORDER BY id FOR NO KEY UPDATE
            """
        ) { row in try row.decode("id") as Customer.ID }
        let known = Set(there)
        return Dictionary(
            uniqueKeysWithValues: named.filter { known.contains($0.survivor) }.map { ($0.id, $0.survivor) })
    }

    /// Up to 500 in one statement.
    static func insert(_ interactions: [Interaction], in tx: borrowing TenantTransaction) throws {
        guard !interactions.isEmpty else { return }
        var statement: Statement = """
            INSERT INTO app.interactions (tenant_id, id, customer_id, kind, direction, occurred_at, actor, actor_id, body, amount_paise,
                                          duration_seconds, attachments, attachment_titles, first_id, version, corrects) VALUES 
            """
        for (index, interaction) in interactions.enumerated() {
            if index > 0 { statement += ", " }
            let content = interaction.content
            statement += """
                (\(tx.tenantID), \(interaction.id), \(interaction.writtenWith), \(content.kind.rawValue), \(content.direction?.rawValue), \
                \(content.occurredAt), \(interaction.actor), \(interaction.actorID), \(content.body), \(content.amountPaise), \
                \(content.durationSeconds), \(TextArray(content.attachments.map(\.url.text))), \
                \(TextArray(content.attachments.map { $0.title ?? "" })), \(interaction.first), \(interaction.version), \
                \(interaction.corrects))
                """
        }
        statement.isPrepared = interactions.count == 1
        try tx.execute(statement)
    }

    /// Strikes out the version that stands.
    static func insertStrike(
        of interaction: Interaction, _ reason: String, by actor: AuditEvent.Actor, in tx: borrowing TenantTransaction
    ) throws {
        try tx.execute(
            """
            INSERT INTO app.interactions (tenant_id, id, customer_id, kind, occurred_at, actor, actor_id, first_id, version, corrects,
                                          struck_reason)
            VALUES (\(tx.tenantID), \(Interaction.ID.next()), \(interaction.writtenWith), \(interaction.content.kind.rawValue),
                    \(interaction.content.occurredAt), \(actor.kind), \(actor.id), \(interaction.first), \(interaction.version + 1),
                    \(interaction.id), \(reason))
            """)
    }

    // MARK: - Reading

    /// Whom each `i` is shown with, as `s`. Looked up row by row (LIMIT keeps the planner from another way), so that rows stay in
    /// the order in which they were found.
    static func survivor(_ tenant: TenantID, visibleTo user: UserID? = nil) -> Statement {
        """
         CROSS JOIN LATERAL (
            SELECT coalesce(merged_into, id) AS id FROM app.customers WHERE tenant_id = \(tenant) AND id = i.customer_id LIMIT 1) c
        CROSS JOIN LATERAL (
            SELECT id FROM app.customers
            WHERE tenant_id = \(tenant) AND id = c.id AND deleted_at IS NULL AND \(CustomerQueries.isVisible(to: user)) LIMIT 1) s
        """
    }

    /// Whether `i` counts. What has taken its place is looked for by key, in each row: NOT EXISTS would be planned as a join, and
    /// one over all rows of the tenant may look cheap.
    static func stands(_ tenant: TenantID) -> Statement {
        """
        i.struck_reason IS NULL
        AND (SELECT n.corrects FROM app.interactions n WHERE n.tenant_id = \(tenant) AND n.corrects = i.id) IS NULL
        """
    }

    /// All that ``interaction(_:)`` reads of `i`, besides `survivor_id`.
    static let columns: Statement = """
        i.id, i.customer_id, i.kind, i.direction, i.occurred_at, i.actor, i.actor_id, i.body, i.amount_paise, i.duration_seconds,
        i.attachments, i.attachment_titles, i.first_id, i.version, i.corrects
        """

    @Sendable static func interaction(_ row: inout Row) throws -> Interaction {
        guard let kind = Interaction.Kind(rawValue: try row.decode("kind")) else {
            throw DatabaseError.decoding(column: "kind")
        }
        let direction = (try row.decodeIfPresent("direction") as String?).flatMap {
            Interaction.Direction(rawValue: $0)
        }
        let urls: TextArray = try row.decode("attachments"), titles: TextArray = try row.decode("attachment_titles")
        let attachments = zip(urls.elements, titles.elements).map { url, title in
            Interaction.Attachment(url: WebLink(stored: url), title: title.isEmpty ? nil : title)
        }
        let content = InteractionContent(
            kind: kind, direction: direction, occurredAt: try row.decode("occurred_at"),
            body: try row.decodeIfPresent("body"), amountPaise: try row.decodeIfPresent("amount_paise"),
            durationSeconds: try row.decodeIfPresent("duration_seconds"), attachments: attachments)
        return try Interaction(
            id: row.decode("id"), customer: row.decode("survivor_id"), content: content, actor: row.decode("actor"),
            actorID: row.decodeIfPresent("actor_id"), corrects: row.decodeIfPresent("corrects"),
            writtenWith: row.decode("customer_id"), first: row.decode("first_id"), version: row.decode("version"))
    }
}
