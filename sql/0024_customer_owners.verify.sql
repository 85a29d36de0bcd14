-- Each row is a complaint.
SELECT 'a customer may be looked after by somebody of another business' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'app.customers'::regclass AND conname = 'customers_owner_fkey');
