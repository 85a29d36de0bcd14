-- A revocation is over when the last access token of its session is.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE POLICY session_revocations_sweep ON app.session_revocations FOR DELETE TO unnati_app USING (true);
GRANT DELETE ON app.session_revocations TO unnati_app;
