-- no-transaction
-- phase: expand
-- Somebody's customers, the newest first.
SET lock_timeout = '2s';
SET statement_timeout = '30min';

-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_owner ON app.customers (tenant_id, owner_id, id) WHERE owner_id IS NOT NULL;
