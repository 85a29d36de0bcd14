-- no-transaction
-- phase: expand
-- A number or an address belongs to one customer of a business who was not deleted; who was merged, deleted and is to be erased.
SET lock_timeout = '2s';
SET statement_timeout = '30min';

-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS customers_phone_alive ON app.customers (tenant_id, phone) WHERE deleted_at IS NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS customers_email_alive ON app.customers (tenant_id, email) WHERE deleted_at IS NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS customers_whatsapp_id ON app.customers (tenant_id, whatsapp_id) WHERE whatsapp_id IS NOT NULL AND deleted_at IS NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_merged ON app.customers (tenant_id, merged_into) WHERE merged_into IS NOT NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_deleted ON app.customers (tenant_id, deleted_at, id) WHERE deleted_at IS NOT NULL AND merged_into IS NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_to_erase ON app.customers (erase_after) WHERE erase_after IS NOT NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_birthday ON app.customers (tenant_id, birthday, id) WHERE birthday IS NOT NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_anniversary ON app.customers (tenant_id, anniversary, id) WHERE anniversary IS NOT NULL;
