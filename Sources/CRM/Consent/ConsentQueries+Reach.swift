// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

// How many of some customers could be written to, in one statement: what ``ConsentStanding/refusal(on:for:at:_:)`` says of each,
// but for the hours. A test holds the two against each other.
extension ConsentQueries {
    /// A condition on rows of `app.customers` under their own name, to be put behind others.
    ///
    /// Each part is a set that is found once and looked into for each row. NOT IN and IS TRUE keep PostgreSQL from joining
    /// them, which it would do row by row: a plan that is made once does not know how many there will be.
    static func isReachable(
        on channel: ConsentChannel, for purpose: ConsentPurpose, at now: Instant, of tenant: TenantID
    ) -> Statement {
        var statement: Statement = """
             AND \(hasAddress(on: channel)) AND id NOT IN (
                SELECT \(survivor) FROM app.do_not_contact d JOIN app.customers a ON a.tenant_id = \(tenant) AND a.id = d.customer_id
                WHERE d.tenant_id = \(tenant) AND d.channel IN ('all', \(channel.rawValue))
                  AND (d.reason <> 'minor' OR \(purpose.isPromotional)))
            """
        statement += """
             AND id NOT IN (
                SELECT \(survivor) FROM app.consents k JOIN app.customers a ON a.tenant_id = \(tenant) AND a.id = k.customer_id
                WHERE k.tenant_id = \(tenant) AND k.channel = \(channel.rawValue) AND k.purpose = \(purpose.rawValue)
                  AND k.state = 'withdrawn' AND NOT EXISTS (
                      SELECT FROM app.consents later
                      WHERE later.tenant_id = \(tenant) AND later.customer_id = a.merged_into AND later.channel = \(channel.rawValue)
                        AND later.purpose = \(purpose.rawValue) AND later.state = 'given' AND later.occurred_at > k.occurred_at
                        AND later.occurred_at > a.deleted_at))
            """
        guard purpose.isPromotional else { return statement }
        statement += """
             AND id NOT IN (
                SELECT \(survivor) FROM app.customers a
                WHERE a.tenant_id = \(tenant) AND a.birthday IS NOT NULL
                  AND a.birth_year * 10000 + a.birthday > \(SendingHours.indianDay(now) - ConsentStanding.ofAge))
             AND (id IN (
                SELECT \(survivor) FROM app.consents k JOIN app.customers a ON a.tenant_id = \(tenant) AND a.id = k.customer_id
                WHERE k.tenant_id = \(tenant) AND k.channel = \(channel.rawValue) AND k.purpose = \(purpose.rawValue)
                  AND k.state = 'given')) IS TRUE
            """
        return statement
    }

    private static func hasAddress(on channel: ConsentChannel) -> Statement {
        switch channel {
        case .whatsApp: "(phone IS NOT NULL OR whatsapp_id IS NOT NULL)"
        case .sms, .call: "phone IS NOT NULL"
        case .email: "email IS NOT NULL"
        }
    }

    /// How many customers could be written to for this purpose on this channel.
    static func reachable(
        on channel: ConsentChannel, for purpose: ConsentPurpose, at now: Instant, of tenant: TenantID,
        visibleTo user: UserID?
    ) -> Query<Int> {
        var statement: Statement = """
            SELECT count(*) AS reachable FROM app.customers
            WHERE tenant_id = \(tenant) AND deleted_at IS NULL AND \(CustomerQueries.isVisible(to: user))
            """
        statement += isReachable(on: channel, for: purpose, at: now, of: tenant)
        return Query.one(statement) { row in try row.decode("reachable") }.limited(to: .seconds(3))
    }
}

extension ConsentService {
    /// How many of a business's customers could be written to for this purpose on this channel, at some hour of the day.
    package func reachable(
        on channel: ConsentChannel, for purpose: ConsentPurpose, for caller: Caller, at now: Instant = .now()
    ) async throws -> Int {
        try await database.browse(
            ConsentQueries.reachable(
                on: channel, for: purpose, at: now, of: caller.tenantID, visibleTo: caller.seesCustomersOf),
            in: .tenant(caller.tenantID))
    }
}
