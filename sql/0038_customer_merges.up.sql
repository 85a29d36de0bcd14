-- Two customers who turned out to be one, and how to take that back.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- What was written down of either keeps the customer it was written for: those who were merged point to whom they turned out to be.
CREATE TABLE app.customer_merges (
    tenant_id   uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id          uuid        NOT NULL,
    survivor_id uuid        NOT NULL,
    merged_id   uuid        NOT NULL,
    fields      jsonb       NOT NULL,  -- what it changed of the survivor: {"name": {"from": "…", "to": "…"}}
    moved       uuid[]      NOT NULL DEFAULT '{}',  -- who had been merged into the one that was merged
    actor       text        NOT NULL,
    actor_id    uuid,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT customer_merges_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT customer_merges_once UNIQUE (tenant_id, merged_id),
    CONSTRAINT customer_merges_survivor_fkey FOREIGN KEY (tenant_id, survivor_id) REFERENCES app.customers (tenant_id, id),
    CONSTRAINT customer_merges_merged_fkey FOREIGN KEY (tenant_id, merged_id) REFERENCES app.customers (tenant_id, id)
);
COMMENT ON TABLE app.customer_merges IS 'tenant: two customers who turned out to be one
privacy: tenant delete; customer(merged_id) delete; customer(survivor_id) delete; person(actor_id) keep unexported';
CREATE INDEX customer_merges_survivor ON app.customer_merges (tenant_id, survivor_id);
ALTER TABLE app.customer_merges ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_merges_tenant ON app.customer_merges
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, DELETE ON app.customer_merges TO unnati_app;
GRANT UPDATE (actor) ON app.customer_merges TO unnati_app;  -- for locking alone

-- Two customers of whom somebody has said that they are two, the lower id first.
CREATE TABLE app.customers_apart (
    tenant_id uuid        NOT NULL DEFAULT app.current_tenant_id(),
    first_id  uuid        NOT NULL,
    second_id uuid        NOT NULL,
    said_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT customers_apart_pkey PRIMARY KEY (tenant_id, first_id, second_id),
    CONSTRAINT customers_apart_first_fkey FOREIGN KEY (tenant_id, first_id) REFERENCES app.customers (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT customers_apart_second_fkey FOREIGN KEY (tenant_id, second_id) REFERENCES app.customers (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE app.customers_apart IS 'tenant: two customers who are not one
privacy: tenant delete; customer(first_id) delete; customer(second_id) delete';
CREATE INDEX customers_apart_second ON app.customers_apart (tenant_id, second_id);
ALTER TABLE app.customers_apart ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customers_apart_tenant ON app.customers_apart
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.customers_apart TO unnati_app;
