-- What happens between a business and its customers, and what that adds up to for each of them.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- Never rewritten: no UPDATE or DELETE grant. What was written down wrong is corrected, or struck out, by another row.
CREATE TABLE app.interactions (
    tenant_id         uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id                uuid        NOT NULL,  -- UUIDv7: when it was written down
    customer_id       uuid        NOT NULL,
    kind              text        NOT NULL,
    direction         text,   -- seen from the business
    occurred_at       timestamptz NOT NULL,
    actor             text        NOT NULL,
    actor_id          uuid,
    body              text,
    amount_paise      bigint,
    duration_seconds  bigint,
    attachments       text[]      NOT NULL DEFAULT '{}',  -- https links
    attachment_titles text[]      NOT NULL DEFAULT '{}',  -- one for each; empty where there is none
    first_id          uuid        NOT NULL,  -- what all versions of it have in common: the id of the first
    version           bigint      NOT NULL DEFAULT 1,
    corrects          uuid,   -- the version before this one
    struck_reason     text,   -- of a row that strikes out the version before it, and says nothing else
    CONSTRAINT interactions_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT interactions_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id),
    CONSTRAINT interactions_corrects_fkey FOREIGN KEY (tenant_id, corrects) REFERENCES app.interactions (tenant_id, id),
    CONSTRAINT interactions_kind CHECK (
        kind IN ('call', 'visit', 'whatsapp', 'sms', 'email', 'note', 'payment', 'order', 'referral', 'system')),
    CONSTRAINT interactions_direction CHECK (
        direction IN ('in', 'out')
        AND (direction IS NOT NULL) = (kind IN ('call', 'whatsapp', 'sms', 'email', 'payment') AND struck_reason IS NULL)),
    CONSTRAINT interactions_amount CHECK (
        amount_paise BETWEEN 1 AND 10000000000000 AND (amount_paise IS NULL OR kind IN ('payment', 'order'))
        AND (amount_paise IS NOT NULL OR kind <> 'payment' OR struck_reason IS NOT NULL)),
    CONSTRAINT interactions_duration CHECK (
        duration_seconds BETWEEN 0 AND 86400 AND (duration_seconds IS NULL OR kind = 'call')),
    CONSTRAINT interactions_attachments CHECK (
        cardinality(attachments) <= 10 AND cardinality(attachment_titles) = cardinality(attachments)),
    CONSTRAINT interactions_lengths CHECK (octet_length(body) BETWEEN 1 AND 10000 AND octet_length(struck_reason) BETWEEN 1 AND 500),
    CONSTRAINT interactions_versions CHECK (
        version >= 1 AND (version = 1) = (corrects IS NULL) AND (version = 1) = (first_id = id) AND (struck_reason IS NULL OR version > 1)),
    CONSTRAINT interactions_struck CHECK (
        struck_reason IS NULL OR num_nonnulls(body, amount_paise, duration_seconds) = 0 AND cardinality(attachments) = 0)
);
COMMENT ON TABLE app.interactions IS 'tenant: what happened between a business and a customer
privacy: tenant delete; customer(customer_id) delete; person(actor_id) keep unexported';
CREATE INDEX interactions_time ON app.interactions (tenant_id, occurred_at, id);
CREATE INDEX interactions_customer ON app.interactions (tenant_id, customer_id, occurred_at, id);
CREATE INDEX interactions_kind_time ON app.interactions (tenant_id, kind, occurred_at, id);
CREATE INDEX interactions_actor_time ON app.interactions (tenant_id, actor_id, occurred_at, id) WHERE actor_id IS NOT NULL;
-- Each version has one after it at most, so that there is one that stands.
CREATE UNIQUE INDEX interactions_corrected_once ON app.interactions (tenant_id, corrects) WHERE corrects IS NOT NULL;
CREATE INDEX interactions_first ON app.interactions (tenant_id, first_id, version) WHERE corrects IS NOT NULL;
ALTER TABLE app.interactions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY interactions_tenant ON app.interactions
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.interactions TO unnati_app;

-- Sums of the above, kept in the transaction that changes them: who has not been seen for long is asked of all customers at once.
CREATE TABLE app.customer_activity (
    tenant_id           uuid   NOT NULL DEFAULT app.current_tenant_id(),
    customer_id         uuid   NOT NULL,
    last_interaction_at timestamptz,  -- of what stands, whatever the system writes down by itself left out
    last_seen_at        timestamptz,  -- when they came, paid, ordered or got in touch
    spent_paise         bigint NOT NULL DEFAULT 0,  -- payments that came in, without what was paid back
    payments            bigint NOT NULL DEFAULT 0,  -- how many came in
    CONSTRAINT customer_activity_pkey PRIMARY KEY (tenant_id, customer_id),
    CONSTRAINT customer_activity_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id),
    -- So far from the end of bigint that no single statement gets there.
    CONSTRAINT customer_activity_spent CHECK (spent_paise BETWEEN -1000000000000000000 AND 1000000000000000000),
    CONSTRAINT customer_activity_payments CHECK (payments >= 0)
);
COMMENT ON TABLE app.customer_activity IS 'tenant: when a customer was heard of last, and what they have paid
privacy: tenant delete; customer(customer_id) delete';
CREATE INDEX customer_activity_last_interaction ON app.customer_activity (tenant_id, last_interaction_at, customer_id);
CREATE INDEX customer_activity_last_seen ON app.customer_activity (tenant_id, last_seen_at, customer_id);
CREATE INDEX customer_activity_spent_paise ON app.customer_activity (tenant_id, spent_paise, customer_id);
ALTER TABLE app.customer_activity ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_activity_tenant ON app.customer_activity
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.customer_activity TO unnati_app;
GRANT UPDATE (last_interaction_at, last_seen_at, spent_paise, payments) ON app.customer_activity TO unnati_app;
