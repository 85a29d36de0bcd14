// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

// How many of some customers could be written to, in one statement: what ``ConsentStanding/refusal(on:for:at:_:)`` says of each,
// but for the hours. A test holds the two against each other.
extension ConsentQueries {
    /// A condition on rows of `app.customers` under their own name, to be put behind others.
    static func isReachable(
        on channel: ConsentChannel, for purpose: ConsentPurpose, at now: Instant, of tenant: TenantID
    ) -> Statement {
        var statement: Statement = " AND \(hasAddress(on: channel))"
        let reasons: Statement = purpose.isPromotional ? "" : " AND x.reason <> 'minor'"
        statement +=
            CustomerSet(
                with: "app.do_not_contact",
                where: "(x.channel IN ('all', \(channel.rawValue)) OR x.reason IN ('deceased', 'minor'))\(reasons)",
                of: tenant
            ).excludes
        statement += withdrawn(on: channel, for: purpose, of: tenant).excludes
        guard purpose.isPromotional else { return statement }
        let isMinor: Statement =
            "birth_year * 10000 + birthday > \(SendingHours.indianDay(now) - ConsentStanding.ofAge)"
        statement += " AND (\(isMinor)) IS NOT TRUE"
        statement += CustomerSet.survivors(where: isMinor, of: tenant).excludes
        statement += given(on: channel, for: purpose, of: tenant).contains
        return statement
    }

    private static func hasAddress(on channel: ConsentChannel) -> Statement {
        switch channel {
        case .whatsApp: "(phone IS NOT NULL OR whatsapp_id IS NOT NULL)"
        case .sms, .call: "phone IS NOT NULL"
        case .email: "email IS NOT NULL"
        }
    }

    // MARK: - What somebody's word is, as ``ConsentStanding/word(on:for:)`` has it

    /// Whose word is a no.
    static func withdrawn(on channel: ConsentChannel, for purpose: ConsentPurpose, of tenant: TenantID) -> CustomerSet {
        CustomerSet(
            with: "app.consents", where: said("withdrawn", on: channel, for: purpose),
            ofMerged: """
                NOT EXISTS (
                    SELECT FROM app.consents later
                    WHERE later.tenant_id = \(tenant) AND later.customer_id = m.merged_into AND later.channel = \(channel.rawValue)
                      AND later.purpose = \(purpose.rawValue) AND later.state = 'given' AND later.occurred_at > x.occurred_at
                      AND later.occurred_at > m.deleted_at)
                """, of: tenant)
    }

    /// Who has said yes, or somebody who turned out to be them. It is their word unless they are among those whose word is a no.
    static func given(on channel: ConsentChannel, for purpose: ConsentPurpose, of tenant: TenantID) -> CustomerSet {
        CustomerSet(with: "app.consents", where: said("given", on: channel, for: purpose), of: tenant)
    }

    private static func said(_ state: String, on channel: ConsentChannel, for purpose: ConsentPurpose) -> Statement {
        "x.channel = \(channel.rawValue) AND x.purpose = \(purpose.rawValue) AND x.state = \(state)"
    }
}
