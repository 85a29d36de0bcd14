-- Each row is a complaint.
SELECT 'what was changed of customers can be changed afterwards' WHERE has_any_column_privilege('unnati_app', 'app.customer_changes', 'UPDATE')
    OR has_table_privilege('unnati_app', 'app.customer_changes', 'DELETE');
SELECT 'a customer may be merged into one of another business' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'app.customers'::regclass AND conname = 'customers_merged_fkey');
