-- Each row is a complaint.
SELECT 'there is no index for somebody''s customers' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_index
    WHERE indexrelid = to_regclass('app.customers_owner') AND indrelid = 'app.customers'::regclass AND indisvalid);
