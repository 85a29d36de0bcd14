-- What businesses have said of themselves is lost, but for their names.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

REVOKE UPDATE (name) ON app.tenants FROM unnati_app;
REVOKE UPDATE (name) ON app.users FROM unnati_app;
-- squawk-ignore ban-drop-table
DROP TABLE app.business_hours;
-- squawk-ignore ban-drop-table
DROP TABLE app.business_profiles;
