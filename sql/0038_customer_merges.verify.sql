-- Each row is a complaint.
SELECT 'a customer may be merged into one of another business' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'app.customer_merges'::regclass AND conname = 'customer_merges_survivor_fkey');
