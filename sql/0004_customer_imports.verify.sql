-- Each row is a complaint.
SELECT conname || ' does not take the rows along when an import is deleted' FROM pg_catalog.pg_constraint
WHERE conrelid IN ('app.customer_import_parts'::regclass, 'app.customer_import_rows'::regclass) AND contype = 'f' AND confdeltype <> 'c';
SELECT 'the verdict on a row may be changed afterwards' WHERE has_table_privilege('unnati_app', 'app.customer_import_rows', 'UPDATE');
