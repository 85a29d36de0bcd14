-- Each row is a complaint.
SELECT 'there is no index for lists by ' || wanted.name FROM (VALUES ('customers_name', 'name'), ('customers_updated_at', 'change')) AS wanted (index, name)
WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('app.' || wanted.index) AND indrelid = 'app.customers'::regclass AND indisvalid);
