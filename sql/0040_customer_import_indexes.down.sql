-- Rejected rows are looked for among all; nothing is lost.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore require-concurrent-index-deletion
DROP INDEX app.customer_imports_source, app.customer_import_rows_refused;
