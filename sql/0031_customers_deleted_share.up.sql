-- phase: contract
-- A number or an address of a customer who was deleted may be another's: the indexes of those who were not take over.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-constraint
ALTER TABLE app.customers DROP CONSTRAINT customers_phone, DROP CONSTRAINT customers_email;
