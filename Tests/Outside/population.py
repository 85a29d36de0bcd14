# SPDX-License-Identifier: Apache-2.0
"""Fills a database with the rows of many businesses, past the server, in seconds."""

# Businesses of equal size, each with an owner who signs in. Ids are made so that they can be told from a number.
BUSINESSES = """
    INSERT INTO app.tenants (tenant_id, name) SELECT md5('tenant' || n)::uuid, 'Business ' || n FROM generate_series({first}, {last}) AS n;
    INSERT INTO app.users (user_id, name, phone) SELECT md5('user' || n)::uuid, 'Owner ' || n, '+917' || lpad(n::text, 9, '0') FROM generate_series({first}, {last}) AS n;
    INSERT INTO app.user_passwords (user_id, hash) SELECT md5('user' || n)::uuid, '!' FROM generate_series({first}, {last}) AS n;
    INSERT INTO app.login_identities (kind, value, user_id) SELECT 'phone', '+917' || lpad(n::text, 9, '0'), md5('user' || n)::uuid FROM generate_series({first}, {last}) AS n;
    INSERT INTO app.memberships (tenant_id, user_id, role) SELECT md5('tenant' || n)::uuid, md5('user' || n)::uuid, 'owner' FROM generate_series({first}, {last}) AS n;
    INSERT INTO app.sessions (user_id, id, tenant_id, expires_at)
        SELECT md5('user' || n)::uuid, gen_random_uuid(), md5('tenant' || n)::uuid, now() + interval '9 days' FROM generate_series({first}, {last}) AS n, generate_series(1, 10);
"""
CUSTOMERS = """
    INSERT INTO app.customers (tenant_id, id, name, name_key, phone, stage, tags, notes)
        SELECT {tenant}, {id}, 'Customer ' || {number}, 'customer ' || {number}, '+918' || lpad(({number})::text, 9, '0'),
               (ARRAY['lead', 'active', 'dormant'])[1 + {number} % 3], ARRAY['silk', 'tag ' || {number} % 50], 'Likes number ' || {number}
        FROM {source};
"""
# As the server makes them: version 7, in order of time. One row comes in a millisecond.
ID = "(lpad(to_hex(1700000000000 + {moment}), 12, '0') || '7' || left(md5({moment}::text), 3) || '8' || right(md5({moment}::text), 15))::uuid"


def businesses(sql, count, customers, first=1):
    """`count` businesses with so many customers each."""
    sql(BUSINESSES.format(first=first, last=first + count - 1)
        + CUSTOMERS.format(tenant="md5('tenant' || t)::uuid", number="n", id=ID.format(moment=f"(t::bigint * {customers} + n)"), source=f"generate_series({first}, {first + count - 1}) AS t, generate_series(1, {customers}) AS n")
        + SEARCH_KEYS + "ANALYZE;")


# As the server makes them, but for the sound, which is the consonants here.
SEARCH_KEYS = """
    INSERT INTO app.customer_search_keys (tenant_id, customer_id, key, names, sound, note_words)
        SELECT c.tenant_id, c.id, concat(' ', c.name_key, ' ~', translate(c.name_key, 'aeiouh ', '~'), ' ', c.phone, ' #', array_to_string(c.tags, ' #'), ' '), c.name_key,
               translate(c.name_key, 'aeiouh ', ''), to_tsvector('simple', c.notes)
        FROM app.customers c WHERE NOT EXISTS (SELECT FROM app.customer_search_keys k WHERE k.tenant_id = c.tenant_id AND k.customer_id = c.id);
"""


def customers(sql, tenant, count):
    """So many customers of one business, named by its id."""
    sql(CUSTOMERS.format(tenant=f"'{tenant}'::uuid", number="n", id=ID.format(moment="n::bigint"), source=f"generate_series(1, {count}) AS n") + SEARCH_KEYS + "ANALYZE;")


def leftovers(sql, tenant):
    """Rows of the tables that hold what is over."""
    sql(f"""
        INSERT INTO app.session_revocations (session_id, revoked_at) SELECT gen_random_uuid(), now() - n * interval '1 minute' FROM generate_series(1, 50000) AS n;
        INSERT INTO app.membership_changes (tenant_id, user_id, changed_at, noted_at) SELECT gen_random_uuid(), gen_random_uuid(), now(), now() - n * interval '1 minute' FROM generate_series(1, 50000) AS n;
        INSERT INTO app.invitations (tenant_id, id, role, token_hash, invited_by, expires_at)
            SELECT m.tenant_id, gen_random_uuid(), 'staff', sha256(convert_to(m.tenant_id::text || n, 'UTF8')), m.user_id, now() - n * interval '1 day' FROM app.memberships m, generate_series(1, 50) AS n;
        INSERT INTO app.audit_events (tenant_id, id, event, actor)
            SELECT m.tenant_id, (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - n), 12, '0') || '7' || left(md5(m.tenant_id::text || n), 3) || '8' || right(md5(m.tenant_id::text || n), 15))::uuid,
                   (ARRAY['session.begun', 'customers.exported'])[1 + n % 2], 'system' FROM app.memberships m, generate_series(1, CASE m.tenant_id WHEN '{tenant}' THEN 20000 ELSE 50 END) AS n;
        INSERT INTO app.api_keys (tenant_id, id, name, scopes, last_four, created_by, revoked_at)
            SELECT m.tenant_id, gen_random_uuid(), 'Till', '{{customers:read}}', 'abcd', m.user_id, now() FROM app.memberships m, generate_series(1, 20) AS n;
        INSERT INTO app.api_key_hashes (hash, tenant_id, key_id) SELECT sha256(convert_to(k.id::text, 'UTF8')), k.tenant_id, k.id FROM app.api_keys k;
        INSERT INTO app.second_factors (user_id, secret) SELECT user_id, sha256('') || sha256('') FROM app.users;
        INSERT INTO app.recovery_codes (user_id, code_hash) SELECT user_id, sha256(convert_to(n::text, 'UTF8')) FROM app.users, generate_series(1, 10) AS n;
        INSERT INTO app.sign_in_failures (subject, failures, failed_at) SELECT sha256(convert_to(n::text, 'UTF8')), 3, now() - n * interval '10 seconds' FROM generate_series(1, 50000) AS n;
        INSERT INTO app.data_exports (user_id, id, tenant_id, completed_at, bytes, expires_at)
            SELECT m.user_id, gen_random_uuid(), m.tenant_id, now(), 1, now() + interval '1 day' FROM app.memberships m, generate_series(1, 20) AS n;
        INSERT INTO app.data_export_parts (user_id, export_id, part, tenant_id, content) SELECT user_id, id, n, tenant_id, 'x' FROM app.data_exports, generate_series(0, 3) AS n;
        INSERT INTO app.federated_identities (issuer, subject, user_id) SELECT 'https://accounts.google.com', user_id::text, user_id FROM app.users;
        INSERT INTO app.used_sign_in_flows (id, expires_at) SELECT gen_random_uuid(), now() + n * interval '1 second' FROM generate_series(1, 50000) AS n;
        INSERT INTO app.challenges (id, purpose, kind, value, code_hash, expires_at)
            SELECT gen_random_uuid(), 'register', 'phone', '+916' || lpad(n::text, 9, '0'), sha256(''), now() + n * interval '1 second' FROM generate_series(1, 50000) AS n;
        INSERT INTO app.rate_buckets (policy, subject, arrival, is_refused) SELECT 'identity', decode(md5(n::text), 'hex'), now() + n * interval '1 second', false FROM generate_series(1, 50000) AS n;
        INSERT INTO app.idempotency_keys (tenant_id, user_id, operation, key_hash, fingerprint, status, body)
            SELECT m.tenant_id, m.user_id, 'createCustomer', sha256(convert_to(n::text, 'UTF8')), sha256(''), 201, '' FROM app.memberships m, generate_series(1, CASE m.tenant_id WHEN '{tenant}' THEN 5000 ELSE 50 END) AS n;
        INSERT INTO app.customer_fields (tenant_id, id, key, label, kind, position)
            SELECT tenant_id, md5(tenant_id::text || n)::uuid, 'field_' || n, 'Field', (ARRAY['number', 'text'])[1 + n % 2], n FROM app.tenants, generate_series(1, 4) AS n;
        INSERT INTO app.customer_field_values (tenant_id, customer_id, field_id, text_value, text_key, number)
            SELECT c.tenant_id, c.id, f.id, CASE f.kind WHEN 'text' THEN c.name END, CASE f.kind WHEN 'text' THEN c.name_key END,
                   CASE f.kind WHEN 'number' THEN hashtext(c.name) END
            FROM app.customers c JOIN app.customer_fields f ON f.tenant_id = c.tenant_id WHERE c.name LIKE '%7' OR c.name LIKE '%3';
        INSERT INTO app.customer_operations (tenant_id, id, kind, actor, customers)
            SELECT m.tenant_id, gen_random_uuid(), 'update', 'system', 1 FROM app.memberships m, generate_series(1, CASE m.tenant_id WHEN '{tenant}' THEN 2000 ELSE 20 END) AS n;
        INSERT INTO app.customer_changes (tenant_id, id, customer_id, kind, actor) SELECT tenant_id, id, id, 'updated', 'system' FROM app.customers;
        INSERT INTO app.interactions (tenant_id, id, customer_id, first_id, kind, direction, occurred_at, actor, actor_id, body, amount_paise)
            SELECT tenant_id, id, customer_id, id, kind, CASE WHEN kind IN ('call', 'payment') THEN 'in' END, now() - n * interval '1 minute', 'person', user_id, 'Said something',
                   CASE kind WHEN 'payment' THEN 1000 END
            FROM (SELECT c.tenant_id, c.id AS customer_id, m.user_id, gen_random_uuid() AS id, hashtext(c.name) & 1023 AS n,
                         (ARRAY['call', 'visit', 'note', 'payment'])[1 + (hashtext(c.name) & 3)] AS kind
                  FROM app.customers c JOIN app.memberships m ON m.tenant_id = c.tenant_id WHERE c.tenant_id = '{tenant}' OR c.name LIKE '%7') AS i;
        INSERT INTO app.interactions (tenant_id, id, customer_id, first_id, version, corrects, kind, direction, occurred_at, actor, body, amount_paise)
            SELECT tenant_id, gen_random_uuid(), customer_id, id, 2, id, kind, direction, occurred_at, 'system', 'Said something else', amount_paise
            FROM app.interactions WHERE hashtext(id::text) & 63 = 0;
        INSERT INTO app.interactions (tenant_id, id, customer_id, first_id, version, corrects, kind, occurred_at, actor, struck_reason)
            SELECT tenant_id, gen_random_uuid(), customer_id, id, 2, id, kind, occurred_at, 'system', 'Somebody else' FROM app.interactions WHERE hashtext(id::text) & 255 = 1 AND version = 1;
        INSERT INTO app.customer_activity (tenant_id, customer_id, last_interaction_at, last_seen_at, spent_paise, payments)
            SELECT tenant_id, customer_id, max(occurred_at), max(occurred_at), coalesce(sum(amount_paise), 0), count(amount_paise) FROM app.interactions GROUP BY tenant_id, customer_id;
        INSERT INTO app.consent_notices (tenant_id, id, purpose, version, actor)
            SELECT t.tenant_id, md5(t.tenant_id::text || purpose || n)::uuid, purpose, n, 'system'
            FROM app.tenants t, unnest(ARRAY['marketing', 'referral']) AS purpose, generate_series(1, CASE t.tenant_id WHEN '{tenant}' THEN 99 ELSE 5 END) AS n;
        INSERT INTO app.consent_notice_texts (tenant_id, notice_id, language, text)
            SELECT tenant_id, id, language, 'What we do with your data' FROM app.consent_notices, unnest(ARRAY['en', 'hi', 'gu']) AS language;
        INSERT INTO app.consent_events (tenant_id, id, customer_id, kind, channel, purpose, occurred_at, how, notice_id, notice_version, language, actor)
            SELECT c.tenant_id, md5(c.id::text || channel)::uuid, c.id, 'given', channel, 'marketing', now(), 'form', md5(c.tenant_id::text || 'marketing1')::uuid, 1, 'hi', 'system'
            FROM app.customers c, unnest(ARRAY['whatsapp', 'sms']) AS channel WHERE c.name LIKE '%7' OR c.name LIKE '%3';
        INSERT INTO app.consents (tenant_id, customer_id, channel, purpose, state, occurred_at, event_id)
            SELECT tenant_id, customer_id, channel, purpose, CASE WHEN hashtext(id::text) % 5 = 0 THEN 'withdrawn' ELSE 'given' END, occurred_at, id FROM app.consent_events;
        INSERT INTO app.consent_events (tenant_id, id, customer_id, kind, channel, reason, occurred_at, actor)
            SELECT tenant_id, md5(id::text || 'asked')::uuid, id, 'do_not_contact_set', 'all', 'asked', now(), 'system' FROM app.customers WHERE name LIKE '%57';
        INSERT INTO app.do_not_contact (tenant_id, customer_id, channel, reason, set_at, event_id)
            SELECT tenant_id, customer_id, channel, reason, occurred_at, id FROM app.consent_events WHERE kind = 'do_not_contact_set';
        INSERT INTO app.customers_apart (tenant_id, first_id, second_id) SELECT tenant_id, id, id FROM app.customers WHERE name LIKE '%9';
        INSERT INTO app.customer_merges (tenant_id, id, survivor_id, merged_id, fields, actor) SELECT tenant_id, id, id, id, '{{}}', 'system' FROM app.customers WHERE name LIKE '%99';
        INSERT INTO app.ledger_entries (tenant_id, id, customer_id, kind, debit_account, credit_account, amount_paise, occurred_on, due_on, method, actor)
            SELECT c.tenant_id, md5(c.id::text || n)::uuid, c.id, CASE n WHEN 3 THEN 'received' ELSE 'given' END, CASE n WHEN 3 THEN 'cash_received' ELSE 'receivable' END,
                   CASE n WHEN 3 THEN 'receivable' ELSE 'sales_on_credit' END, 100 + abs(hashtext(c.id::text) % 100000), 20260100 + n, CASE n WHEN 2 THEN 20260201 END,
                   CASE n WHEN 3 THEN 'cash' END, 'system'
            FROM app.customers c, generate_series(1, 3) AS n WHERE c.tenant_id = '{tenant}' OR c.name LIKE '%7';
        INSERT INTO app.ledger_balances (tenant_id, customer_id, balance_paise, last_entry_id, oldest_due_on)
            SELECT tenant_id, customer_id, sum(CASE debit_account WHEN 'receivable' THEN amount_paise ELSE -amount_paise END), (array_agg(id))[1], 20260201
            FROM app.ledger_entries GROUP BY tenant_id, customer_id;
        INSERT INTO app.follow_ups (tenant_id, id, title, customer_id, assignee_id, due_at, state, done_at, done_actor, creator)
            SELECT c.tenant_id, c.id, 'Call', c.id, m.user_id, now() - hashtext(c.name) % 300 * interval '1 day', f.state,
                   CASE f.state WHEN 'done' THEN now() END, CASE f.state WHEN 'done' THEN 'system' END, 'system'
            FROM app.customers c JOIN app.memberships m ON m.tenant_id = c.tenant_id
            CROSS JOIN LATERAL (SELECT CASE WHEN c.name LIKE '%5' THEN 'open' ELSE 'done' END AS state) f WHERE c.name LIKE '%5' OR c.name LIKE '%1';
        INSERT INTO app.pipelines (tenant_id, id, name, position) SELECT tenant_id, md5(tenant_id::text || 'pipeline' || n)::uuid, 'Orders', n FROM app.tenants, generate_series(1, 2) AS n;
        INSERT INTO app.pipeline_stages (tenant_id, id, pipeline_id, name, kind, position)
            SELECT tenant_id, md5(id::text || n)::uuid, id, 'Stage ' || n, (ARRAY['open', 'open', 'won', 'lost'])[n], n FROM app.pipelines, generate_series(1, 4) AS n;
        INSERT INTO app.deals (tenant_id, id, pipeline_id, stage_id, position, title, customer_id, owner_id, value_paise, expected_on, state, closed_at, lost_reason)
            SELECT c.tenant_id, c.id, g.pipeline_id, g.id, row_number() OVER (PARTITION BY g.tenant_id, g.id ORDER BY c.id) * 1048576, 'Order', c.id, m.user_id,
                   100000, 20260101 + (hashtext(c.name) & 65535) % 28, g.kind, CASE WHEN g.kind <> 'open' THEN now() END, CASE g.kind WHEN 'lost' THEN 'Price' END
            FROM app.customers c JOIN app.memberships m ON m.tenant_id = c.tenant_id JOIN app.pipelines p ON p.tenant_id = c.tenant_id AND p.position = 1
            JOIN app.pipeline_stages g ON g.tenant_id = c.tenant_id AND g.pipeline_id = p.id AND g.position = 1 + (hashtext(c.name) & 65535) % 4
            WHERE c.name LIKE '%9' OR c.name LIKE '%4';
        INSERT INTO app.deal_moves (tenant_id, id, deal_id, pipeline_id, to_stage_id, to_stage, to_kind, actor)
            SELECT tenant_id, id, id, pipeline_id, stage_id, 'Stage', state, 'system' FROM app.deals;
        INSERT INTO app.segments (tenant_id, id, name, definition)
            SELECT tenant_id, md5(tenant_id::text || 'segment' || n)::uuid, 'Segment ' || n, '{{"version": 1, "all": [{{"field": "tags", "op": "has", "value": "silk"}}]}}'
            FROM app.tenants, generate_series(1, CASE tenant_id WHEN '{tenant}' THEN 90 ELSE 5 END) AS n;
        INSERT INTO app.business_profiles (tenant_id, city) SELECT tenant_id, 'Surat' FROM app.tenants;
        INSERT INTO app.business_hours (tenant_id, day, opens, closes) SELECT tenant_id, day, 600, 1200 FROM app.tenants, generate_series(1, 6) AS day;
        INSERT INTO app.person_idempotency_keys (user_id, operation, key_hash, tenant_id, fingerprint, status, body)
            SELECT m.user_id, 'createTenant', sha256(convert_to(n::text, 'UTF8')), m.tenant_id, sha256(''), 201, '' FROM app.memberships m, generate_series(1, CASE m.tenant_id WHEN '{tenant}' THEN 500 ELSE 5 END) AS n;
        INSERT INTO app.customer_imports (tenant_id, id, created_by, state)
            SELECT m.tenant_id, gen_random_uuid(), m.user_id, 'completed' FROM app.memberships m, generate_series(1, CASE m.tenant_id WHEN '{tenant}' THEN 2000 ELSE 20 END) AS n;
        INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts)
            SELECT m.tenant_id, gen_random_uuid(), 'customer_import', '{{}}', 3, 'scheduled', now() + n * interval '1 hour', 12 FROM app.memberships m, generate_series(1, CASE m.tenant_id WHEN '{tenant}' THEN 5000 ELSE 50 END) AS n;
        INSERT INTO app.job_schedules (tenant_id, kind, every, next_run_at) SELECT tenant_id, 'nothing', interval '1 day', now() + interval '1 day' FROM app.tenants;
        INSERT INTO app.customer_import_rows (tenant_id, import_id, row_number, verdict) SELECT i.tenant_id, i.id, n, 'created' FROM app.customer_imports i, generate_series(1, 10) AS n;
        INSERT INTO app.customer_import_parts (tenant_id, import_id, part, content) SELECT i.tenant_id, i.id, n, 'x' FROM app.customer_imports i, generate_series(1, 2) AS n;
        ANALYZE;""")


# One comes in every seven seconds, the last of them now; one of sixty-four is corrected. Nothing refers to what is not there, so that is not looked for.
INTERACTIONS = """
    SET session_replication_role = replica;
    SET statement_timeout = '300s';
    INSERT INTO app.interactions (tenant_id, id, customer_id, first_id, kind, direction, occurred_at, actor, body, amount_paise)
        SELECT tenant_id, id, customer_id, id, kind, CASE WHEN kind IN ('call', 'payment') THEN 'in' END, now() - n * interval '7 seconds', 'system', 'Said something of number ' || n,
               CASE kind WHEN 'payment' THEN 1000 + n END
        FROM (SELECT tenant_id, customer_id, n, {id} AS id, (ARRAY['call', 'visit', 'note', 'payment'])[1 + n % 4] AS kind FROM ({source}) AS s) AS i;
    INSERT INTO app.interactions (tenant_id, id, customer_id, first_id, version, corrects, kind, direction, occurred_at, actor, body, amount_paise)
        SELECT tenant_id, gen_random_uuid(), customer_id, id, 2, id, kind, direction, occurred_at, 'system', 'Said something else', amount_paise
        FROM app.interactions WHERE {tenants} AND hashtext(id::text) & 63 = 0;
"""


def timelines(sql, tenant, count):
    """So many interactions of one business, named by its id: a tenth of them with one customer, the rest with all of them alike."""
    customers = f"SELECT tenant_id, id, row_number() OVER (ORDER BY id DESC) AS place FROM app.customers WHERE tenant_id = '{tenant}'"
    # Whose turn it is stands on one side of the join alone, so that it can be hashed.
    turns = f"""
        SELECT n, CASE n % 10 WHEN 0 THEN 1 ELSE 1 + n % total END AS place
        FROM generate_series(1, {count}) AS n, (SELECT count(*) AS total FROM app.customers WHERE tenant_id = '{tenant}') AS t"""
    sql(INTERACTIONS.format(id=ID.format(moment=f"({count}::bigint - n)"), tenants=f"tenant_id = '{tenant}'",
                            source=f"SELECT c.tenant_id, c.id AS customer_id, t.n FROM ({turns}) AS t JOIN ({customers}) AS c ON c.place = t.place"))


def timelines_of_businesses(sql, count, customers, each, first=1):
    """So many interactions with each customer of businesses that ``businesses`` has made."""
    tenants = f"tenant_id IN (SELECT md5('tenant' || t)::uuid FROM generate_series({first}, {first + count - 1}) AS t)"
    sql(INTERACTIONS.format(id=ID.format(moment=f"({customers * each}::bigint - n)"), tenants=tenants, source=f"""
        SELECT c.tenant_id, c.id AS customer_id, (c.place - 1) * {each} + n AS n
        FROM (SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS place FROM app.customers WHERE {tenants}) AS c, generate_series(1, {each}) AS n"""))
