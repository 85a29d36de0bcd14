// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A row such as any business, or person, may have, for ``IsolationProbe`` to try the border with. Every table of kind
/// `tenant` or `person` needs one here.
struct ProbeRow: Sendable {
    let table: String
    private let columns: String
    private let values: String
    /// The same values, tied to what belongs to the other side; a foreign key must refuse them. Nil where nothing is
    /// referred to.
    private let crossing: String?

    private init(_ table: String, _ columns: String, _ values: String, crossing: String? = nil) {
        self.table = table
        self.columns = columns
        self.values = values
        self.crossing = crossing
    }

    /// Parents before children. `{tenant}`, `{user}` and `{id}` become identifiers; `{other …}` those of the other side.
    static let all = [
        ProbeRow("tenants", "tenant_id, name", "'{tenant}', 'Probe'"),
        ProbeRow("users", "user_id, name, email", "'{user}', 'Probe', '{user}@probe.invalid'"),
        ProbeRow("user_passwords", "user_id, hash", "'{user}', '!'"),
        ProbeRow("second_factors", "user_id, secret", "'{user}', ''"),
        ProbeRow("recovery_codes", "user_id, code_hash", "'{user}', sha256('{number}')"),
        ProbeRow("memberships", "tenant_id, user_id, role", "'{tenant}', '{user}', 'owner'"),
        ProbeRow(
            "sessions", "user_id, id, tenant_id, expires_at", "'{user}', '{id}', '{tenant}', now()",
            crossing: "'{user}', '{id}', '{other tenant}', now()"),
        ProbeRow(
            "data_exports", "user_id, id, tenant_id", "'{user}', '{id}', '{tenant}'",
            crossing: "'{user}', '{id}', '{other tenant}'"),
        ProbeRow(
            "idempotency_keys", "tenant_id, user_id, operation, key_hash, fingerprint, status, body",
            "'{tenant}', '{user}', 'probe', sha256('{number}'), sha256(''), 201, ''"),
        ProbeRow(
            "invitations", "tenant_id, id, role, token_hash, invited_by, expires_at",
            "'{tenant}', '{id}', 'staff', sha256('{number}'), '{user}', now()",
            crossing: "'{tenant}', '{id}', 'staff', sha256('{number}'), '{other user}', now()"),
        ProbeRow(
            "api_keys", "tenant_id, id, name, scopes, last_four, created_by",
            "'{tenant}', '{id}', 'Probe', '{customers:read}', 'abcd', '{user}'",
            crossing: "'{tenant}', '{id}', 'Probe', '{customers:read}', 'abcd', '{other user}'"),
        ProbeRow("audit_events", "tenant_id, id, event, actor", "'{tenant}', '{id}', 'probe', 'system'"),
        ProbeRow("business_profiles", "tenant_id, city", "'{tenant}', 'Probe'"),
        ProbeRow("business_hours", "tenant_id, day, opens, closes", "'{tenant}', 1, {number}, 1440"),
        ProbeRow(
            "person_idempotency_keys", "user_id, operation, key_hash, tenant_id, fingerprint, status, body",
            "'{user}', 'probe', sha256('{number}'), '{tenant}', sha256(''), 201, ''"),
        ProbeRow("customers", "tenant_id, id, name, name_key", "'{tenant}', '{id}', 'Probe', 'probe'"),
        ProbeRow(
            "customer_search_keys", "tenant_id, customer_id, key, names, sound, note_words",
            "'{tenant}', '{id}', 'probe', 'probe', '', ''",
            crossing: "'{tenant}', '{other id}', 'probe', 'probe', '', ''"),
        ProbeRow(
            "customer_merges", "tenant_id, id, survivor_id, merged_id, fields, actor",
            "'{tenant}', '{id}', '{id}', '{id}', '{}', 'system'",
            crossing: "'{tenant}', '{id}', '{other id}', '{other id}', '{}', 'system'"),
        ProbeRow(
            "customers_apart", "tenant_id, first_id, second_id", "'{tenant}', '{id}', '{id}'",
            crossing: "'{tenant}', '{id}', '{other id}'"),
        ProbeRow(
            "customer_fields", "tenant_id, id, key, label, kind, position",
            "'{tenant}', '{id}', 'probe_{number}', 'Probe', 'text', 1"),
        ProbeRow(
            "customer_field_values", "tenant_id, customer_id, field_id, number", "'{tenant}', '{id}', '{id}', {number}",
            crossing: "'{tenant}', '{other id}', '{other id}', {number}"),
        ProbeRow(
            "customer_operations", "tenant_id, id, kind, actor, customers", "'{tenant}', '{id}', 'update', 'system', 1"),
        ProbeRow(
            "customer_changes", "tenant_id, id, customer_id, operation_id, kind, actor",
            "'{tenant}', '{id}', '{id}', '{id}', 'updated', 'system'",
            crossing: "'{tenant}', '{id}', '{other id}', '{other id}', 'updated', 'system'"),
        ProbeRow(
            "interactions", "tenant_id, id, customer_id, kind, occurred_at, actor, first_id",
            "'{tenant}', '{id}', '{id}', 'visit', now(), 'system', '{id}'",
            crossing: "'{tenant}', '{id}', '{other id}', 'visit', now(), 'system', '{id}'"),
        ProbeRow(
            "customer_activity", "tenant_id, customer_id", "'{tenant}', '{id}'", crossing: "'{tenant}', '{other id}'"),
        ProbeRow(
            "consent_notices", "tenant_id, id, purpose, version, actor",
            "'{tenant}', '{id}', 'marketing', {number}, 'system'"),
        ProbeRow(
            "consent_notice_texts", "tenant_id, notice_id, language, text", "'{tenant}', '{id}', 'x{number}', 'Probe'",
            crossing: "'{tenant}', '{other id}', 'x{number}', 'Probe'"),
        ProbeRow(
            "consent_events", "tenant_id, id, customer_id, kind, channel, reason, occurred_at, actor",
            "'{tenant}', '{id}', '{id}', 'do_not_contact_set', 'all', 'asked', now(), 'system'",
            crossing: "'{tenant}', '{id}', '{other id}', 'do_not_contact_set', 'all', 'asked', now(), 'system'"),
        ProbeRow(
            "consents", "tenant_id, customer_id, channel, purpose, state, occurred_at, event_id",
            "'{tenant}', '{id}', (ARRAY['sms', 'email'])[{number}], 'marketing', 'given', now(), '{id}'",
            crossing:
                "'{tenant}', '{other id}', (ARRAY['sms', 'email'])[{number}], 'marketing', 'given', now(), '{other id}'"
        ),
        ProbeRow(
            "do_not_contact", "tenant_id, customer_id, channel, reason, set_at, event_id",
            "'{tenant}', '{id}', (ARRAY['sms', 'all'])[{number}], 'asked', now(), '{id}'",
            crossing: "'{tenant}', '{other id}', (ARRAY['sms', 'all'])[{number}], 'asked', now(), '{other id}'"),
        ProbeRow("segments", "tenant_id, id, name, definition", "'{tenant}', '{id}', 'Probe {number}', '{}'"),
        ProbeRow(
            "ledger_entries",
            "tenant_id, id, customer_id, kind, debit_account, credit_account, amount_paise, occurred_on, actor",
            "'{tenant}', '{id}', '{id}', 'given', 'receivable', 'sales_on_credit', {number}, 20260131, 'system'",
            crossing:
                "'{tenant}', '{id}', '{other id}', 'given', 'receivable', 'sales_on_credit', {number}, 20260131, 'system'"
        ),
        ProbeRow(
            "ledger_balances", "tenant_id, customer_id, balance_paise, last_entry_id",
            "'{tenant}', '{id}', {number}, '{id}'", crossing: "'{tenant}', '{other id}', {number}, '{id}'"),
        ProbeRow(
            "follow_ups", "tenant_id, id, title, customer_id, assignee_id, due_at, creator",
            "'{tenant}', '{id}', 'Probe', '{id}', '{user}', now(), 'system'",
            crossing: "'{tenant}', '{id}', 'Probe', '{other id}', '{other user}', now(), 'system'"),
        ProbeRow("pipelines", "tenant_id, id, name, position", "'{tenant}', '{id}', 'Probe', 1"),
        ProbeRow(
            "pipeline_stages", "tenant_id, id, pipeline_id, name, kind, position",
            "'{tenant}', '{id}', '{id}', 'Probe', 'open', 1",
            crossing: "'{tenant}', '{id}', '{other id}', 'Probe', 'open', 1"),
        ProbeRow(
            "deals", "tenant_id, id, pipeline_id, stage_id, position, title, customer_id, owner_id",
            "'{tenant}', '{id}', '{id}', '{id}', {number}, 'Probe', '{id}', '{user}'",
            crossing: "'{tenant}', '{id}', '{other id}', '{other id}', {number}, 'Probe', '{other id}', '{other user}'"),
        ProbeRow(
            "deal_moves", "tenant_id, id, deal_id, pipeline_id, to_stage_id, to_stage, to_kind, actor",
            "'{tenant}', '{id}', '{id}', '{id}', '{id}', 'Probe', 'open', 'system'",
            crossing: "'{tenant}', '{id}', '{other id}', '{id}', '{id}', 'Probe', 'open', 'system'"),
        ProbeRow(
            "customer_imports", "tenant_id, id, created_by", "'{tenant}', '{id}', '{user}'",
            crossing: "'{tenant}', '{id}', '{other user}'"),
        ProbeRow(
            "customer_import_parts", "tenant_id, import_id, part, content", "'{tenant}', '{id}', {number}, ''",
            crossing: "'{tenant}', '{other id}', {number}, ''"),
        ProbeRow(
            "customer_import_rows", "tenant_id, import_id, row_number, verdict",
            "'{tenant}', '{id}', {number}, 'created'",
            crossing: "'{tenant}', '{other id}', {number}, 'created'"),
    ]

    /// Tables whose rows the owner of the schema alone makes.
    static let writtenByTheOwner: Set = ["data_export_parts"]

    /// One side of the border: a business, someone who works there, and what is theirs.
    struct Side: Sendable {
        private(set) var tenant = UUIDv7.next(), user = UUIDv7.next(), id = UUIDv7.next()

        /// The same business and person with something new.
        var renewed: Side {
            var side = self
            side.id = .next()
            return side
        }
    }

    /// - Parameter number: tells apart several rows of one parent.
    func insert(for side: Side, number: Int) -> String { insert(values, side, other: side, number) }

    /// Nil where the row refers to nothing.
    func insertCrossing(from side: Side, to other: Side) -> String? {
        crossing.map { insert($0, side, other: other, 2) }
    }

    private func insert(_ values: String, _ side: Side, other: Side, _ number: Int) -> String {
        let tokens = [
            "{tenant}": side.tenant.hex, "{user}": side.user.hex, "{id}": side.id.hex, "{number}": String(number),
            "{other tenant}": other.tenant.hex, "{other user}": other.user.hex, "{other id}": other.id.hex,
        ]
        let filled = tokens.reduce(values) { $0.replacing($1.key, with: $1.value) }
        return "INSERT INTO app.\(table) (\(columns)) VALUES (\(filled))"
    }
}
