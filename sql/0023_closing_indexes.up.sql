-- no-transaction
-- phase: expand
-- What was closed and has come due is found among a few.
SET lock_timeout = '2s';
SET statement_timeout = '30min';

-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS tenants_erase_after ON app.tenants (erase_after) WHERE erase_after IS NOT NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_erase_after ON app.users (erase_after) WHERE erase_after IS NOT NULL;
