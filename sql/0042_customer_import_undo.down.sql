-- Failed imports that were undone are held for failed again.
-- squawk-ignore-file ban-drop-column, ban-drop-constraint, constraint-missing-not-valid
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

UPDATE app.customer_imports SET state = 'failed' WHERE failure_code IS NOT NULL;
ALTER TABLE app.customer_imports
    DROP CONSTRAINT customer_imports_failure,
    ADD CONSTRAINT customer_imports_failure CHECK ((state = 'failed') = (failure_code IS NOT NULL)),
    DROP COLUMN undone_row;
