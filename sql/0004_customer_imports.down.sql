-- Imports are the way that customers came by, not the customers.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.customer_import_rows, app.customer_import_parts, app.customer_imports;
