-- Imports that another build does not know are forgotten, with what became of their rows.
-- squawk-ignore-file ban-drop-column, ban-drop-constraint, constraint-missing-not-valid
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

REVOKE UPDATE (customers) ON app.customer_operations FROM unnati_app;
DELETE FROM app.customer_import_rows WHERE verdict = 'skipped' OR verdict <> 'rejected' AND code IS NOT NULL;
DELETE FROM app.customer_imports WHERE source_id IS NOT NULL OR state IN ('undoing', 'undone') OR is_trial;
ALTER TABLE app.customer_import_rows
    DROP CONSTRAINT customer_import_rows_reason,
    ADD CONSTRAINT customer_import_rows_reason CHECK ((verdict = 'rejected') = (code IS NOT NULL)),
    DROP CONSTRAINT customer_import_rows_verdict,
    ADD CONSTRAINT customer_import_rows_verdict CHECK (verdict IN ('created', 'updated', 'rejected')),
    DROP COLUMN cells;
ALTER TABLE app.customer_imports
    DROP CONSTRAINT customer_imports_state,
    ADD CONSTRAINT customer_imports_state CHECK (state IN ('receiving', 'running', 'completed', 'failed')),
    DROP CONSTRAINT customer_imports_choices,
    DROP CONSTRAINT customer_imports_source_fkey,
    DROP COLUMN rows_kept,
    DROP COLUMN rows_undone,
    DROP COLUMN rows_skipped,
    DROP COLUMN is_trial,
    DROP COLUMN policy,
    DROP COLUMN targets,
    DROP COLUMN columns,
    DROP COLUMN separator,
    DROP COLUMN encoding,
    DROP COLUMN format,
    DROP COLUMN source_id;
