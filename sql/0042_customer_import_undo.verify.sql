-- Each row is a complaint.
SELECT 'a failed import cannot be undone' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint
    WHERE conrelid = 'app.customer_imports'::regclass AND conname = 'customer_imports_failure' AND pg_get_constraintdef(oid) LIKE '%undoing%');
