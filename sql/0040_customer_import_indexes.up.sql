-- no-transaction
-- phase: expand
-- Which imports have taken another's file, and what became of the rows of one by how they fared.
SET lock_timeout = '2s';
SET statement_timeout = '30min';

-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customer_imports_source ON app.customer_imports (tenant_id, source_id) WHERE source_id IS NOT NULL;
-- squawk-ignore ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customer_import_rows_refused ON app.customer_import_rows (tenant_id, import_id, row_number) WHERE verdict = 'rejected';
