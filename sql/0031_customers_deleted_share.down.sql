-- Fails where a deleted customer's number has become another's.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30min';

ALTER TABLE app.customers ADD CONSTRAINT customers_phone UNIQUE (tenant_id, phone), ADD CONSTRAINT customers_email UNIQUE (tenant_id, email);
