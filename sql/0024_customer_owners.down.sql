-- Who looks after whom is lost, and staff see every customer.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-function
DROP FUNCTION app.standings_of_current_user();
-- squawk-ignore ban-drop-column
ALTER TABLE app.tenants DROP COLUMN staff_see_own_customers;
COMMENT ON TABLE app.customers IS 'tenant: a person in the customer book
privacy: tenant delete; customer(id) delete';
-- squawk-ignore ban-drop-column
ALTER TABLE app.customers DROP COLUMN owner_id;
