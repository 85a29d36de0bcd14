// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

// What stands by the ledger, kept with each entry.
extension ConsentQueries {
    /// Has what consents say last stand: a later one takes an earlier one's place, and at one moment a no that of a yes.
    static func stand(_ events: [ConsentEvent], in tx: borrowing TenantTransaction) throws {
        let newest = newest(of: events)
        guard !newest.isEmpty else { return }
        var statement: Statement =
            "INSERT INTO app.consents (tenant_id, customer_id, channel, purpose, state, occurred_at, event_id) VALUES "
        for (index, event) in newest.enumerated() {
            if index > 0 { statement += ", " }
            statement += """
                (\(tx.tenantID), \(event.customer), \(event.channel?.rawValue), \(event.purpose?.rawValue), \(event.kind.rawValue), \
                \(event.occurredAt), \(event.id))
                """
        }
        statement += """
             ON CONFLICT (tenant_id, customer_id, channel, purpose) DO UPDATE
            SET state = excluded.state, occurred_at = excluded.occurred_at, event_id = excluded.event_id
            WHERE (excluded.occurred_at, excluded.state = 'withdrawn') > (consents.occurred_at, consents.state = 'withdrawn')
            """
        statement.isPrepared = newest.count == 1
        try tx.execute(statement)
    }

    /// One for each row that stands, in one order for all: a statement takes a row once, and two that run at once do not wait for
    /// each other.
    private static func newest(of events: [ConsentEvent]) -> [ConsentEvent] {
        struct Key: Hashable { let customer: Customer.ID, channel: ConsentChannel?, purpose: ConsentPurpose? }
        func isNewer(_ one: ConsentEvent, _ other: ConsentEvent) -> Bool {
            (one.occurredAt, one.kind == .withdrawn ? 1 : 0) > (other.occurredAt, other.kind == .withdrawn ? 1 : 0)
        }
        let newest = Dictionary(
            events.map { (Key(customer: $0.customer, channel: $0.channel, purpose: $0.purpose), $0) }
        ) { isNewer($1, $0) ? $1 : $0 }
        return newest.values.sorted { one, other in
            (one.customer, one.channel?.rawValue ?? "", one.purpose?.rawValue ?? "")
                < (other.customer, other.channel?.rawValue ?? "", other.purpose?.rawValue ?? "")
        }
    }

    /// What was set already stays as it was set first.
    static func setDoNotContact(_ event: ConsentEvent, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            INSERT INTO app.do_not_contact (tenant_id, customer_id, channel, reason, set_at, event_id)
            VALUES (\(tx.tenantID), \(event.customer), \(event.channel?.rawValue ?? all), \(event.reason?.rawValue), \(event.occurredAt),
                    \(event.id))
            ON CONFLICT (tenant_id, customer_id, channel, reason) DO NOTHING
            """)
    }

    /// - Returns: of the customer and of those who turned out to be them, who it was set for.
    static func liftDoNotContact(
        _ reason: DoNotContactReason, on channel: ConsentChannel?, of customer: Customer.ID,
        in tx: borrowing TenantTransaction
    ) throws -> [Customer.ID] {
        let people = try tx.all(
            "SELECT id FROM app.customers WHERE tenant_id = \(tx.tenantID) AND (id = \(customer) OR merged_into = \(customer))"
        ) { row in try row.decode("id") as Customer.ID }
        return try tx.all(
            """
            DELETE FROM app.do_not_contact
            WHERE tenant_id = \(tx.tenantID) AND customer_id = ANY (\(UUIDArray(people))) AND channel = \(channel?.rawValue ?? all)
              AND reason = \(reason.rawValue)
            RETURNING customer_id
            """
        ) { row in try row.decode("customer_id") }
    }
}
