-- Each row is a complaint.
SELECT 'jobs do not know their trace' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_attribute WHERE attrelid = 'app.jobs'::regclass AND attname = 'trace' AND atttypid = 'text'::regtype);
