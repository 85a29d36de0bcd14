-- The customer book of a business.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.customers (
    tenant_id  uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id         uuid        NOT NULL,  -- UUIDv7, so the newest customers stand together at one end of the key
    name       text,
    name_key   text,                  -- the name without case, width and accents, for searching
    phone      text,                  -- E.164
    email      text,                  -- lower case
    stage      text        NOT NULL DEFAULT 'lead',
    tags       text[]      NOT NULL DEFAULT '{}',
    notes      text,
    version    bigint      NOT NULL DEFAULT 1,  -- grows with every change; the ETag
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT customers_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT customers_phone UNIQUE (tenant_id, phone),
    CONSTRAINT customers_email UNIQUE (tenant_id, email),
    CONSTRAINT customers_known_by CHECK (num_nonnulls(name, phone, email) >= 1),
    CONSTRAINT customers_name_key CHECK ((name IS NULL) = (name_key IS NULL)),
    CONSTRAINT customers_stage CHECK (stage IN ('lead', 'active', 'dormant')),
    CONSTRAINT customers_lengths CHECK (
        octet_length(name) BETWEEN 1 AND 200 AND octet_length(notes) BETWEEN 1 AND 10000 AND cardinality(tags) <= 50),
    CONSTRAINT customers_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id)
);
COMMENT ON TABLE app.customers IS 'tenant: a person in the customer book';
CREATE INDEX customers_stage_id ON app.customers (tenant_id, stage, id);
ALTER TABLE app.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customers_tenant ON app.customers
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.customers TO unnati_app;
GRANT SELECT ON app.customers TO unnati_readonly;
