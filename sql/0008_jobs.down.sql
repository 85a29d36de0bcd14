-- What waits is lost: let the workers finish first (`unnati jobs list`).
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.job_pauses;
-- squawk-ignore ban-drop-table
DROP TABLE app.job_workers;
-- squawk-ignore ban-drop-table
DROP TABLE app.job_schedules;
-- squawk-ignore ban-drop-table
DROP TABLE app.jobs;
