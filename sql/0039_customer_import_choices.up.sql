-- How a customer file is read and what is done with people who are there already; trials, rows that were refused, and undoing all of it.
-- phase: expand
-- squawk-ignore-file ban-drop-constraint
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE app.customer_imports
    ADD COLUMN source_id    uuid,            -- whose file it is, when that was brought for another import
    ADD COLUMN format       text    NOT NULL DEFAULT 'csv',
    ADD COLUMN encoding     text,
    ADD COLUMN separator    text,
    ADD COLUMN columns      text[]  NOT NULL DEFAULT '{}',  -- as the file names them
    ADD COLUMN targets      text[]  NOT NULL DEFAULT '{}',  -- what each is about; empty for nothing
    ADD COLUMN policy       text    NOT NULL DEFAULT 'update',
    ADD COLUMN is_trial     boolean NOT NULL DEFAULT false,
    ADD COLUMN rows_skipped bigint  NOT NULL DEFAULT 0,
    ADD COLUMN rows_undone  bigint  NOT NULL DEFAULT 0,
    ADD COLUMN rows_kept    bigint  NOT NULL DEFAULT 0,  -- changed again since, and so not undone
    ADD CONSTRAINT customer_imports_source_fkey FOREIGN KEY (tenant_id, source_id) REFERENCES app.customer_imports (tenant_id, id) NOT VALID,
    ADD CONSTRAINT customer_imports_choices CHECK (
        format IN ('csv', 'vcard') AND policy IN ('update', 'skip', 'create') AND cardinality(columns) = cardinality(targets)
        AND cardinality(columns) <= 200) NOT VALID,
    DROP CONSTRAINT customer_imports_state,
    ADD CONSTRAINT customer_imports_state CHECK (
        state IN ('receiving', 'running', 'completed', 'failed', 'undoing', 'undone')) NOT VALID;
ALTER TABLE app.customer_import_rows
    ADD COLUMN cells text[],  -- of a row that was refused, as they stand in the file
    DROP CONSTRAINT customer_import_rows_verdict,
    ADD CONSTRAINT customer_import_rows_verdict CHECK (verdict IN ('created', 'updated', 'skipped', 'rejected')) NOT VALID,
    -- A row may be taken in without a part of it that was wrong.
    DROP CONSTRAINT customer_import_rows_reason,
    ADD CONSTRAINT customer_import_rows_reason CHECK (verdict <> 'rejected' OR code IS NOT NULL) NOT VALID;
GRANT UPDATE (customers) ON app.customer_operations TO unnati_app;
