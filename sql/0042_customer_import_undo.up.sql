-- Undoing an import goes on where it was left, also of one that did not get to its end.
-- phase: expand
-- squawk-ignore-file ban-drop-constraint
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE app.customer_imports
    ADD COLUMN undone_row bigint NOT NULL DEFAULT 0,  -- the last whose change has been taken back
    DROP CONSTRAINT customer_imports_failure,
    ADD CONSTRAINT customer_imports_failure CHECK (
        (state <> 'failed' OR failure_code IS NOT NULL)
        AND (failure_code IS NULL OR state IN ('failed', 'undoing', 'undone'))) NOT VALID;
