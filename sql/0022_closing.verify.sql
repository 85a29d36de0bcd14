-- Each row is a complaint.
SELECT 'the server may say that an export is complete' WHERE has_any_column_privilege('unnati_app', 'app.data_exports', 'UPDATE');
SELECT 'the server may write what somebody takes along' WHERE has_table_privilege('unnati_app', 'app.data_export_parts', 'INSERT');
SELECT name || ' may be closed without saying until when' FROM (VALUES ('tenants'), ('users')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = ('app.' || name)::regclass AND conname = name || '_closed');
