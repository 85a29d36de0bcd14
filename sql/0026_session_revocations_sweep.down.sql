-- Revocations pile up; nothing is lost.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

REVOKE DELETE ON app.session_revocations FROM unnati_app;
DROP POLICY session_revocations_sweep ON app.session_revocations;
