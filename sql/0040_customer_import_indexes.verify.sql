-- Each row is a complaint.
SELECT name || ' is missing or was not finished' FROM unnest(ARRAY['customer_imports_source', 'customer_import_rows_refused']) AS name
WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE c.relname = name AND i.indisvalid);
