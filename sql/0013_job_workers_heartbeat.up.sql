-- no-transaction
-- phase: expand
-- Who has been silent is found without reading all workers.
SET lock_timeout = '2s';
SET statement_timeout = '5min';

-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS job_workers_heartbeat_at ON app.job_workers (heartbeat_at);
