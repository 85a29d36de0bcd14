// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum ConsentQueries {
    /// Who a customer `a` turned out to be; themselves unless they were merged. CASE, since coalesce is not taken for leakproof.
    static let survivor: Statement = "CASE WHEN a.merged_into IS NULL THEN a.id ELSE a.merged_into END"

    /// Who somebody turned out to be, and whether they are in the bin.
    typealias Resolved = (id: Customer.ID, isInBin: Bool)

    /// Who those that are asked about are, by the ids that were asked about. Who was deleted for good, or is not to be seen, is missing.
    /// Nobody of them goes until the transaction ends; they are locked in the order of their ids.
    /// - Parameter visibleTo: only those whom this person looks after; anybody's when nil.
    static func resolve(_ ids: [Customer.ID], visibleTo user: UserID?, in tx: borrowing TenantTransaction) throws
        -> [Customer.ID: Resolved]
    {
        var found = try resolved(ids, visibleTo: user, in: tx)
        // Who was merged or became two again while we waited for them is somebody else by now: they are asked for once more.
        let survivors = try CustomerQueries.survivors(of: ids, in: tx)
        let changed = ids.filter { found[$0]?.id != survivors[$0] }
        if !changed.isEmpty {
            let again = try resolved(changed, visibleTo: user, in: tx)
            for id in changed { found[id] = again[id] }
        }
        return found
    }

    private static func resolved(_ ids: [Customer.ID], visibleTo user: UserID?, in tx: borrowing TenantTransaction)
        throws -> [Customer.ID: Resolved]
    {
        guard !ids.isEmpty else { return [:] }
        let pairs = try tx.all(
            """
            SELECT a.id AS asked_id, s.id, s.deleted_at IS NOT NULL AS is_in_bin
            FROM app.customers a JOIN app.customers s ON s.tenant_id = \(tx.tenantID) AND s.id = \(survivor)
            WHERE a.tenant_id = \(tx.tenantID) AND a.id = ANY (\(UUIDArray(ids)))
              AND (s.deleted_at IS NULL OR s.merged_into IS NULL AND s.erase_after > now())
              AND s.owner_id IS NOT DISTINCT FROM coalesce(\(user), s.owner_id)
            ORDER BY s.id FOR KEY SHARE OF s
            """
        ) { row in
            (
                try row.decode("asked_id") as Customer.ID,
                (id: try row.decode("id") as Customer.ID, isInBin: try row.decode("is_in_bin") as Bool)
            )
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// What is known of customers, by the ids that were asked about: of them and of those who were merged into them.
    /// - Parameter visibleTo: as for ``resolve(_:visibleTo:in:)``.
    static func standings(of ids: [Customer.ID], _ tenant: TenantID, visibleTo user: UserID?)
        -> Query<[Customer.ID: ConsentStanding]>
    {
        let statement: Statement = """
            SELECT a.id AS asked_id, s.id, s.phone, s.email, s.whatsapp_id, m.birthday, m.birth_year,
                   CASE WHEN m.id <> s.id THEN m.deleted_at END AS merged_at,
                   k.channel, k.purpose, k.state, k.reason, k.at, k.event_id
            FROM app.customers a JOIN app.customers s ON s.tenant_id = \(tenant) AND s.id = \(survivor)
            CROSS JOIN LATERAL (
                SELECT id, deleted_at, birthday, birth_year FROM app.customers
                WHERE tenant_id = \(tenant) AND (id = s.id OR merged_into = s.id)) m
            LEFT JOIN LATERAL (
                SELECT channel, purpose, state, NULL AS reason, occurred_at AS at, event_id FROM app.consents
                WHERE tenant_id = \(tenant) AND customer_id = m.id
                UNION ALL
                SELECT channel, NULL, NULL, reason, set_at, event_id FROM app.do_not_contact
                WHERE tenant_id = \(tenant) AND customer_id = m.id) k ON true
            WHERE a.tenant_id = \(tenant) AND a.id = ANY (\(UUIDArray(ids))) AND s.deleted_at IS NULL
              AND s.owner_id IS NOT DISTINCT FROM coalesce(\(user), s.owner_id)
            """
        let query = Query.rows(statement) { rows in
            var standings: [Customer.ID: ConsentStanding] = [:]
            try rows.forEach { row in
                let asked: Customer.ID = try row.decode("asked_id")
                if standings[asked] == nil {
                    standings[asked] = try ConsentStanding(
                        customer: row.decode("id"), phone: row.decodeIfPresent("phone"),
                        email: row.decodeIfPresent("email"), whatsAppID: row.decodeIfPresent("whatsapp_id"))
                }
                try standings[asked]?.take(&row)
            }
            return standings
        }
        return ids.count == 1 ? query.quick : query
    }
}

extension ConsentStanding {
    /// Adds what one row of ``ConsentQueries/standings(of:_:visibleTo:)`` says.
    fileprivate mutating func take(_ row: inout Row) throws {
        let birthday: Int? = try row.decodeIfPresent("birthday"), year: Int? = try row.decodeIfPresent("birth_year")
        if let birthday, let year { born = max(born ?? 0, year * 10_000 + birthday) }
        guard let event: ConsentEvent.ID = try row.decodeIfPresent("event_id") else { return }
        let channel = try ConsentQueries.channel(&row), at: Instant = try row.decode("at")
        if let reason: DoNotContactReason = try row.wordIfPresent("reason") {
            let block = Block(channel: channel, reason: reason, setAt: at, event: event)
            // Of two who were merged, one is enough.
            if !blocks.contains(where: { $0.channel == channel && $0.reason == reason }) { blocks.append(block) }
        } else if let channel {
            let state: String = try row.decode("state")
            words.append(
                try Word(
                    channel: channel, purpose: row.word("purpose"), isGiven: state == ConsentEvent.Kind.given.rawValue,
                    occurredAt: at, event: event, mergedAt: row.decodeIfPresent("merged_at")))
        }
    }
}
