-- What a write was answered that is a person's own and not a business's, such as founding one; see idempotency_keys.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.person_idempotency_keys (
    user_id     uuid        NOT NULL,
    operation   text        NOT NULL,
    key_hash    bytea       NOT NULL,  -- SHA-256 of the key as the client chose it
    tenant_id   uuid        NOT NULL,  -- the business that was founded
    fingerprint bytea       NOT NULL,  -- SHA-256 of what was asked
    status      bigint      NOT NULL,
    location    text,
    etag        text,
    body        bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT person_idempotency_keys_pkey PRIMARY KEY (user_id, operation, key_hash),
    CONSTRAINT person_idempotency_keys_lengths CHECK (octet_length(key_hash) = 32 AND octet_length(fingerprint) = 32)
);
COMMENT ON TABLE app.person_idempotency_keys IS 'person: what a write of theirs was answered, for a day
privacy: tenant delete; person delete';
ALTER TABLE app.person_idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY person_idempotency_keys_person ON app.person_idempotency_keys
    USING (user_id = app.current_user_id()) WITH CHECK (user_id = app.current_user_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.person_idempotency_keys TO unnati_app;
