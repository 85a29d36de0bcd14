-- Each row is a complaint.
SELECT 'there is no index for lists of a stage' WHERE to_regclass('app.customers_stage_id') IS NULL;
-- The constraints, until the indexes of those who were not deleted take over.
SELECT 'two customers of a business may share ' || name FROM unnest(ARRAY['customers_phone', 'customers_email']) AS name
WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = 'app.customers'::regclass AND i.indisunique AND i.indisvalid AND c.relname IN (name, name || '_alive'));
