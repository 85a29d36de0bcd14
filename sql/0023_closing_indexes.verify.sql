-- Each row is a complaint.
SELECT 'there is no index for what was closed among ' || name FROM (VALUES ('tenants'), ('users')) AS wanted (name)
WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_index
    WHERE indexrelid = to_regclass('app.' || name || '_erase_after') AND indrelid = ('app.' || name)::regclass AND indisvalid);
