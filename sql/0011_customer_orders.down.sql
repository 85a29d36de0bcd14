-- Lists by name or change become slow; nothing is lost.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore require-concurrent-index-deletion
DROP INDEX app.customers_name;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX app.customers_updated_at;
