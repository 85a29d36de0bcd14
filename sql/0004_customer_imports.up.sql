-- Bringing a customer file in: the file in parts, how far it has got, and what became of each row.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.customer_imports (
    tenant_id     uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id            uuid        NOT NULL,
    state         text        NOT NULL DEFAULT 'receiving',
    created_by    uuid        NOT NULL,
    file_bytes    bigint      NOT NULL DEFAULT 0,
    bytes_done    bigint      NOT NULL DEFAULT 0,
    rows_done     bigint      NOT NULL DEFAULT 0,
    rows_created  bigint      NOT NULL DEFAULT 0,
    rows_updated  bigint      NOT NULL DEFAULT 0,
    rows_rejected bigint      NOT NULL DEFAULT 0,
    ignored_columns text[] NOT NULL DEFAULT '{}',
    failure_code  text,
    failure       text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT customer_imports_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT customer_imports_state CHECK (state IN ('receiving', 'running', 'completed', 'failed')),
    CONSTRAINT customer_imports_failure CHECK ((state = 'failed') = (failure_code IS NOT NULL)),
    CONSTRAINT customer_imports_member_fkey FOREIGN KEY (tenant_id, created_by) REFERENCES app.memberships (tenant_id, user_id)
);
COMMENT ON TABLE app.customer_imports IS 'tenant: a customer file being brought in';
ALTER TABLE app.customer_imports ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_imports_tenant ON app.customer_imports
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.customer_imports TO unnati_app;

-- The file as it came, so that any server can go on with it; deleted when the import has ended.
CREATE TABLE app.customer_import_parts (
    tenant_id uuid   NOT NULL DEFAULT app.current_tenant_id(),
    import_id uuid   NOT NULL,
    part      bigint NOT NULL,
    content   bytea  NOT NULL,
    CONSTRAINT customer_import_parts_pkey PRIMARY KEY (tenant_id, import_id, part),
    CONSTRAINT customer_import_parts_import_fkey FOREIGN KEY (tenant_id, import_id)
        REFERENCES app.customer_imports (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE app.customer_import_parts IS 'tenant: a piece of a customer file';
ALTER TABLE app.customer_import_parts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_import_parts_tenant ON app.customer_import_parts
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, DELETE ON app.customer_import_parts TO unnati_app;

CREATE TABLE app.customer_import_rows (
    tenant_id   uuid   NOT NULL DEFAULT app.current_tenant_id(),
    import_id   uuid   NOT NULL,
    row_number  bigint NOT NULL,  -- the header is row 1, as a spreadsheet counts
    verdict     text   NOT NULL,
    customer_id uuid,             -- as it was then; the customer may have been deleted since
    code        text,
    detail      text,
    CONSTRAINT customer_import_rows_pkey PRIMARY KEY (tenant_id, import_id, row_number),
    CONSTRAINT customer_import_rows_verdict CHECK (verdict IN ('created', 'updated', 'rejected')),
    CONSTRAINT customer_import_rows_reason CHECK ((verdict = 'rejected') = (code IS NOT NULL)),
    CONSTRAINT customer_import_rows_import_fkey FOREIGN KEY (tenant_id, import_id)
        REFERENCES app.customer_imports (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE app.customer_import_rows IS 'tenant: what became of one row of a customer file';
ALTER TABLE app.customer_import_rows ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_import_rows_tenant ON app.customer_import_rows
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.customer_import_rows TO unnati_app;
