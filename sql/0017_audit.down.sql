-- The audit log is lost.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.audit_events;
-- squawk-ignore ban-drop-function
DROP FUNCTION app.make_audit_partition(date);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.secure_audit_partition(text);
