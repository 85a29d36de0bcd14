-- no-transaction
-- phase: expand
-- The customer book by name, and by what was changed last. Those without a name come behind all others.
SET lock_timeout = '2s';
SET statement_timeout = '30min';

-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_name ON app.customers (tenant_id, (coalesce(name_key, U&'\+10FFFF')), id);
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_updated_at ON app.customers (tenant_id, updated_at, id);
