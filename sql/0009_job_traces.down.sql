-- Jobs are done as before; what they do belongs to no trace.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-column
ALTER TABLE app.jobs DROP COLUMN trace;
