SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

REVOKE DELETE ON app.sessions FROM unnati_app;
-- squawk-ignore ban-drop-column
ALTER TABLE app.sessions DROP COLUMN authenticated_at;
-- squawk-ignore ban-drop-column
ALTER TABLE app.sessions DROP COLUMN network;
-- squawk-ignore ban-drop-column
ALTER TABLE app.sessions DROP COLUMN device;
