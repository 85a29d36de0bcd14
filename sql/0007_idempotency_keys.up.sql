-- What a write was answered, so that the same request, sent again because its reply was lost, is answered alike and done once.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.idempotency_keys (
    tenant_id   uuid        NOT NULL DEFAULT app.current_tenant_id(),
    user_id     uuid        NOT NULL,
    operation   text        NOT NULL,
    key_hash    bytea       NOT NULL,  -- SHA-256 of the key as the client chose it
    fingerprint bytea       NOT NULL,  -- SHA-256 of what was asked
    status      bigint      NOT NULL,
    location    text,
    etag        text,
    body        bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, user_id, operation, key_hash),
    CONSTRAINT idempotency_keys_lengths CHECK (octet_length(key_hash) = 32 AND octet_length(fingerprint) = 32)
);
COMMENT ON TABLE app.idempotency_keys IS 'tenant: what a write was answered, for a day
privacy: tenant delete; person delete';
CREATE INDEX idempotency_keys_created_at ON app.idempotency_keys (tenant_id, created_at);
ALTER TABLE app.idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY idempotency_keys_tenant ON app.idempotency_keys
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.idempotency_keys TO unnati_app;
