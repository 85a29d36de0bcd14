-- Each row is a complaint.
SELECT 'there is no index for workers that are silent' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_index
    WHERE indexrelid = to_regclass('app.job_workers_heartbeat_at') AND indrelid = 'app.job_workers'::regclass AND indisvalid);
