-- Each row is a complaint.
SELECT 'an import may take another business''s file' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'app.customer_imports'::regclass AND conname = 'customer_imports_source_fkey');
