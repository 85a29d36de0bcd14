-- Each row is a complaint.
SELECT 'there is no index for lists of a stage' WHERE to_regclass('app.customers_stage_id') IS NULL;
SELECT 'two customers of a business may share ' || name FROM unnest(ARRAY['customers_phone', 'customers_email']) AS name
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'app.customers'::regclass AND conname = name AND contype = 'u');
