-- What customers have agreed to: a ledger that nobody rewrites, what stands by it, and the notices that they were shown.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- What a business tells its customers of what it does with their data, version by version. Never rewritten: somebody has agreed to it.
CREATE TABLE app.consent_notices (
    tenant_id uuid   NOT NULL DEFAULT app.current_tenant_id(),
    id        uuid   NOT NULL,  -- UUIDv7: its moment
    purpose   text   NOT NULL,
    version   bigint NOT NULL,  -- counts from 1 for each purpose; 0 comes with the server
    actor     text   NOT NULL,
    actor_id  uuid,
    CONSTRAINT consent_notices_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT consent_notices_version UNIQUE (tenant_id, purpose, version),
    CONSTRAINT consent_notices_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id),
    CONSTRAINT consent_notices_purpose CHECK (purpose IN ('service', 'marketing', 'referral')),
    CONSTRAINT consent_notices_bounds CHECK (version BETWEEN 1 AND 100)
);
COMMENT ON TABLE app.consent_notices IS 'tenant: a version of what a business tells its customers of what it does with their data
privacy: tenant delete; person(actor_id) keep unexported';
ALTER TABLE app.consent_notices ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY consent_notices_tenant ON app.consent_notices
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.consent_notices TO unnati_app;

CREATE TABLE app.consent_notice_texts (
    tenant_id uuid NOT NULL DEFAULT app.current_tenant_id(),
    notice_id uuid NOT NULL,
    language  text NOT NULL,  -- ISO 639
    text      text NOT NULL,
    CONSTRAINT consent_notice_texts_pkey PRIMARY KEY (tenant_id, notice_id, language),
    CONSTRAINT consent_notice_texts_notice_fkey FOREIGN KEY (tenant_id, notice_id) REFERENCES app.consent_notices (tenant_id, id),
    CONSTRAINT consent_notice_texts_lengths CHECK (octet_length(language) BETWEEN 2 AND 8 AND octet_length(text) BETWEEN 1 AND 5000)
);
COMMENT ON TABLE app.consent_notice_texts IS 'tenant: the text of a notice in one language
privacy: tenant delete';
ALTER TABLE app.consent_notice_texts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY consent_notice_texts_tenant ON app.consent_notice_texts
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.consent_notice_texts TO unnati_app;

-- The ledger: what customers have said, and what the business has noted. Never rewritten: no UPDATE or DELETE grant.
CREATE TABLE app.consent_events (
    tenant_id      uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id             uuid        NOT NULL,  -- UUIDv7: when it was written down
    customer_id    uuid        NOT NULL,
    kind           text        NOT NULL,
    channel        text        NOT NULL,  -- 'all' with do-not-contact alone
    purpose        text,                  -- of a consent
    reason         text,                  -- of do-not-contact
    occurred_at    timestamptz NOT NULL,  -- when it was said
    how            text,                  -- by which way a consent was given or withdrawn
    notice_id      uuid,                  -- what was shown; NULL with version 0, which comes with the server
    notice_version bigint,
    language       text,                  -- in which it was shown
    note           text,                  -- what proves it, or says more
    actor          text        NOT NULL,
    actor_id       uuid,
    CONSTRAINT consent_events_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT consent_events_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id),
    CONSTRAINT consent_events_notice_fkey FOREIGN KEY (tenant_id, notice_id, language)
        REFERENCES app.consent_notice_texts (tenant_id, notice_id, language),
    CONSTRAINT consent_events_kind CHECK (
        kind IN ('given', 'withdrawn') AND purpose IS NOT NULL AND how IS NOT NULL AND reason IS NULL AND channel <> 'all'
        OR kind IN ('do_not_contact_set', 'do_not_contact_lifted') AND purpose IS NULL AND how IS NULL AND reason IS NOT NULL),
    CONSTRAINT consent_events_channel CHECK (channel IN ('whatsapp', 'sms', 'email', 'call', 'all')),
    CONSTRAINT consent_events_purpose CHECK (purpose IN ('service', 'marketing', 'referral')),
    CONSTRAINT consent_events_reason CHECK (reason IN ('deceased', 'asked', 'wrong_number', 'dispute', 'minor', 'other')),
    CONSTRAINT consent_events_how CHECK (how IN ('in_person', 'form', 'whatsapp', 'sms', 'email', 'phone', 'import', 'api')),
    -- Whoever agrees has been shown something.
    CONSTRAINT consent_events_notice CHECK (
        (kind = 'given') = (notice_version IS NOT NULL) AND (notice_version IS NULL) = (language IS NULL)
        AND (notice_id IS NULL) = (coalesce(notice_version, 0) = 0)),
    CONSTRAINT consent_events_lengths CHECK (octet_length(note) BETWEEN 1 AND 2000 AND octet_length(language) BETWEEN 2 AND 8)
);
COMMENT ON TABLE app.consent_events IS 'tenant: what a customer has agreed to or taken back, and who is not to be contacted
privacy: tenant delete; customer(customer_id) delete; person(actor_id) keep unexported';
CREATE INDEX consent_events_customer ON app.consent_events (tenant_id, customer_id, id);
CREATE INDEX consent_events_shown ON app.consent_events (tenant_id, notice_id, language) WHERE notice_id IS NOT NULL;
ALTER TABLE app.consent_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY consent_events_tenant ON app.consent_events
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.consent_events TO unnati_app;

-- What stands by the ledger: the newest word on each channel and purpose. At one moment no is newer than yes.
CREATE TABLE app.consents (
    tenant_id   uuid        NOT NULL DEFAULT app.current_tenant_id(),
    customer_id uuid        NOT NULL,
    channel     text        NOT NULL,
    purpose     text        NOT NULL,
    state       text        NOT NULL,
    occurred_at timestamptz NOT NULL,
    event_id    uuid        NOT NULL,  -- in the ledger
    CONSTRAINT consents_pkey PRIMARY KEY (tenant_id, customer_id, channel, purpose),
    CONSTRAINT consents_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id),
    CONSTRAINT consents_channel CHECK (channel IN ('whatsapp', 'sms', 'email', 'call')),
    CONSTRAINT consents_purpose CHECK (purpose IN ('service', 'marketing', 'referral')),
    CONSTRAINT consents_state CHECK (state IN ('given', 'withdrawn'))
);
COMMENT ON TABLE app.consents IS 'tenant: what a customer has said last of a purpose on a channel
privacy: tenant delete; customer(customer_id) delete';
CREATE INDEX consents_state_customer ON app.consents (tenant_id, channel, purpose, state, customer_id);
ALTER TABLE app.consents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY consents_tenant ON app.consents
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.consents TO unnati_app;
GRANT UPDATE (state, occurred_at, event_id) ON app.consents TO unnati_app;

-- Who is not to be contacted, each reason by itself. What is lifted goes; the ledger keeps it.
CREATE TABLE app.do_not_contact (
    tenant_id   uuid        NOT NULL DEFAULT app.current_tenant_id(),
    customer_id uuid        NOT NULL,
    channel     text        NOT NULL,  -- 'all', or one
    reason      text        NOT NULL,
    set_at      timestamptz NOT NULL,
    event_id    uuid        NOT NULL,  -- in the ledger
    CONSTRAINT do_not_contact_pkey PRIMARY KEY (tenant_id, customer_id, channel, reason),
    CONSTRAINT do_not_contact_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id),
    CONSTRAINT do_not_contact_channel CHECK (channel IN ('whatsapp', 'sms', 'email', 'call', 'all')),
    CONSTRAINT do_not_contact_reason CHECK (reason IN ('deceased', 'asked', 'wrong_number', 'dispute', 'minor', 'other'))
);
COMMENT ON TABLE app.do_not_contact IS 'tenant: a customer who is not to be contacted, and why
privacy: tenant delete; customer(customer_id) delete';
ALTER TABLE app.do_not_contact ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY do_not_contact_tenant ON app.do_not_contact
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, DELETE ON app.do_not_contact TO unnati_app;
