-- What was kept of a customer who was erased, sealed so that nothing here opens it, for the year that logs are kept by law.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.erased_copies (
    id          uuid        NOT NULL,
    tenant_id   uuid        NOT NULL,
    customer_id uuid        NOT NULL,
    part        bigint      NOT NULL,  -- 0 holds what the key for the others is made from
    content     bytea       NOT NULL,
    CONSTRAINT erased_copies_pkey PRIMARY KEY (id, part)
);
COMMENT ON TABLE app.erased_copies IS 'operational: sealed copies of who was erased
privacy: tenant delete after 365 days unexported; customer(customer_id) delete after 365 days unexported';
CREATE INDEX erased_copies_customer ON app.erased_copies (tenant_id, customer_id);
ALTER TABLE app.erased_copies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY erased_copies_owner ON app.erased_copies TO unnati_owner USING (true) WITH CHECK (true);
