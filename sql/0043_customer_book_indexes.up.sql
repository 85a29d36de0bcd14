-- no-transaction
-- phase: expand
-- Who owes something by a day, which rows of files have become a customer, which are kept as they stood, and who was erased.
SET lock_timeout = '2s';
SET statement_timeout = '30min';

-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS ledger_entries_due ON app.ledger_entries (tenant_id, customer_id) WHERE due_on IS NOT NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customer_import_rows_customer ON app.customer_import_rows (tenant_id, customer_id) WHERE customer_id IS NOT NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customer_import_rows_kept ON app.customer_import_rows (tenant_id, import_id) WHERE cells IS NOT NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS erasures_subject ON app.erasures (subject_id);
