-- Each row is a complaint.
SELECT 'the worker may read ' || relname FROM pg_catalog.pg_class
WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') AND relname NOT IN ('jobs', 'job_schedules', 'job_workers', 'job_pauses', 'schema_migrations')
  AND has_table_privilege('unnati_worker', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE');
SELECT 'app.jobs leaves no room on its pages' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_class WHERE oid = 'app.jobs'::regclass AND 'fillfactor=50' = ANY (reloptions));
