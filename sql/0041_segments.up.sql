-- Customers of a kind that a business has given a name, found anew whenever they are asked for.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.segments (
    tenant_id  uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    definition jsonb       NOT NULL,  -- {"version": 1, "all": [{"field": "stage", "op": "is", "value": "active"}]}, checked by the server
    version    bigint      NOT NULL DEFAULT 1,  -- grows with every change; the ETag
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT segments_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT segments_name UNIQUE (tenant_id, name),
    CONSTRAINT segments_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id),
    CONSTRAINT segments_lengths CHECK (octet_length(name) BETWEEN 1 AND 100 AND octet_length(definition::text) <= 131072)
);
COMMENT ON TABLE app.segments IS 'tenant: customers of a kind that a business has given a name
privacy: tenant delete';
ALTER TABLE app.segments ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY segments_tenant ON app.segments
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, DELETE ON app.segments TO unnati_app;
GRANT UPDATE (name, definition, version, updated_at) ON app.segments TO unnati_app;
