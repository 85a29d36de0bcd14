-- Each row is a complaint.
SELECT name || ' is missing or was not finished' FROM unnest(ARRAY[
    'ledger_entries_due', 'customer_import_rows_customer', 'customer_import_rows_kept', 'erasures_subject']) AS name
WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE c.relname = name AND i.indisvalid);
