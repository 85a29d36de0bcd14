-- Each row is a complaint.
SELECT 'app.rate_buckets leaves no room on its pages' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_class WHERE oid = 'app.rate_buckets'::regclass AND 'fillfactor=50' = ANY (reloptions));
