-- Each row is a complaint.
SELECT conname || ' keeps the numbers of deleted customers' FROM pg_catalog.pg_constraint
WHERE conrelid = 'app.customers'::regclass AND conname IN ('customers_phone', 'customers_email');
