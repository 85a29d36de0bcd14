-- What has come due is found by looking through all; nothing is lost.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore require-concurrent-index-deletion
DROP INDEX app.tenants_erase_after;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX app.users_erase_after;
