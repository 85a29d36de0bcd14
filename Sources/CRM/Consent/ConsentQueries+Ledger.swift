// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

// The ledger, to which rows are added alone.
extension ConsentQueries {
    static func insert(_ events: [ConsentEvent], in tx: borrowing TenantTransaction) throws {
        guard !events.isEmpty else { return }
        var statement: Statement = """
            INSERT INTO app.consent_events (tenant_id, id, customer_id, kind, channel, purpose, reason, occurred_at, how, notice_id,
                                            notice_version, language, note, actor, actor_id) VALUES 
            """
        for (index, event) in events.enumerated() {
            if index > 0 { statement += ", " }
            let notice = event.shown.flatMap { $0.version > 0 ? $0.notice : nil }
            statement += """
                (\(tx.tenantID), \(event.id), \(event.customer), \(event.kind.rawValue), \(event.channel?.rawValue ?? all), \
                \(event.purpose?.rawValue), \(event.reason?.rawValue), \(event.occurredAt), \(event.how?.rawValue), \(notice), \
                \(event.shown?.version), \(event.shown?.language.rawValue), \(event.note), \(event.actor), \(event.actorID))
                """
        }
        statement.isPrepared = events.count == 1
        try tx.execute(statement)
    }

    /// How the channel of what holds for all of them is written.
    static let all = "all"

    /// What was said of a customer, and of those who turned out to be them, the newest first.
    static func page(
        of customer: Customer.ID, before: ConsentEvent.ID?, limit: Int, _ tenant: TenantID
    ) -> Query<[ConsentEvent]> {
        .all(
            """
            SELECT e.id, e.customer_id, e.kind, e.channel, e.purpose, e.reason, e.occurred_at, e.how, e.notice_id, e.notice_version,
                   e.language, e.note, e.actor, e.actor_id
            FROM app.customers c CROSS JOIN LATERAL (
                SELECT id, customer_id, kind, channel, purpose, reason, occurred_at, how, notice_id, notice_version, language, note,
                       actor, actor_id
                FROM app.consent_events
                WHERE tenant_id = \(tenant) AND customer_id = c.id AND id < \(before?.uuid ?? .greatest) ORDER BY id DESC LIMIT \(limit)) e
            WHERE c.tenant_id = \(tenant) AND (c.id = \(customer) OR c.merged_into = \(customer))
            ORDER BY e.id DESC LIMIT \(limit)
            """, event)
    }

    /// What was written down of each of these rows since a moment, in its order; of each by itself, whoever it turned out to be.
    /// - Parameter start: the least of ids made then.
    static func events(of customers: [Customer.ID], from start: UUIDv7, in tx: borrowing TenantTransaction) throws
        -> [ConsentEvent]
    {
        try tx.all(
            """
            SELECT id, customer_id, kind, channel, purpose, reason, occurred_at, how, notice_id, notice_version, language, note, actor,
                   actor_id
            FROM app.consent_events
            WHERE tenant_id = \(tx.tenantID) AND customer_id = ANY (\(UUIDArray(customers))) AND id >= \(start) ORDER BY id
            """, event)
    }

    /// What one row had said last before a moment, on each channel for each purpose.
    static func lastWords(of customer: Customer.ID, before end: UUIDv7, in tx: borrowing TenantTransaction) throws
        -> [ConsentEvent]
    {
        try tx.all(
            """
            SELECT DISTINCT ON (channel, purpose)
                   id, customer_id, kind, channel, purpose, reason, occurred_at, how, notice_id, notice_version, language, note, actor,
                   actor_id
            FROM app.consent_events
            WHERE tenant_id = \(tx.tenantID) AND customer_id = ANY (\(UUIDArray([customer]))) AND id < \(end)
              AND kind IN ('given', 'withdrawn')
            ORDER BY channel, purpose, occurred_at DESC, kind = 'withdrawn' DESC
            """, event)
    }

    @Sendable private static func event(_ row: inout Row) throws -> ConsentEvent {
        let purpose: ConsentPurpose? = try row.wordIfPresent("purpose")
        var shown: ConsentEvent.Shown?
        if let version: Int = try row.decodeIfPresent("notice_version"),
            let language: Language = try row.wordIfPresent("language"), let purpose
        {
            let own: ConsentNotice.ID? = try row.decodeIfPresent("notice_id")
            shown = ConsentEvent.Shown(
                notice: own ?? DefaultNotices.id(of: purpose), version: version, language: language)
        }
        return try ConsentEvent(
            id: row.decode("id"), customer: row.decode("customer_id"), kind: row.word("kind"), channel: channel(&row),
            purpose: purpose, reason: row.wordIfPresent("reason"), occurredAt: row.decode("occurred_at"),
            how: row.wordIfPresent("how"), shown: shown, note: row.decodeIfPresent("note"), actor: row.decode("actor"),
            actorID: row.decodeIfPresent("actor_id"))
    }

    /// Nil for all of them.
    static func channel(_ row: inout Row) throws -> ConsentChannel? {
        let text: String = try row.decode("channel")
        if text == all { return nil }
        guard let channel = ConsentChannel(rawValue: text) else { throw DatabaseError.decoding(column: "channel") }
        return channel
    }
}

extension Row {
    /// One of a closed set, spelled as in the source.
    mutating func word<Word: RawRepresentable>(_ name: StaticString) throws -> Word
    where Word.RawValue == String {
        guard let word: Word = try wordIfPresent(name) else { throw DatabaseError.decoding(column: "\(name)") }
        return word
    }

    mutating func wordIfPresent<Word: RawRepresentable>(_ name: StaticString) throws -> Word?
    where Word.RawValue == String {
        guard let text: String = try decodeIfPresent(name) else { return nil }
        guard let word = Word(rawValue: text) else { throw DatabaseError.decoding(column: "\(name)") }
        return word
    }
}
