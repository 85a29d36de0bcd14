-- A job belongs to the trace of the request that asked for it.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE app.jobs ADD COLUMN trace text;  -- traceparent (W3C Trace Context)
