-- Each row is a complaint.
SELECT 'what happened can be changed afterwards' WHERE has_any_column_privilege('unnati_app', 'app.interactions', 'UPDATE')
    OR has_table_privilege('unnati_app', 'app.interactions', 'DELETE');
SELECT 'one version may be corrected twice' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('app.interactions_corrected_once') AND indisunique AND indisvalid);
