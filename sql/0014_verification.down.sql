-- Codes under way are lost, and with them which identities somebody has proved.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

REVOKE UPDATE (phone, email) ON app.users FROM unnati_app;
REVOKE DELETE ON app.user_passwords FROM unnati_app;
-- squawk-ignore ban-drop-function
DROP FUNCTION app.release_login_identities(text, text);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.confirm_login_identity(text, text);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.claim_verified_identity(text, text);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.void_challenges(text, text);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.answer_challenge(uuid, bytea);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.find_challenge(uuid);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.open_challenge(uuid, text, text, text, uuid, bytea, bytea, timestamptz);
-- squawk-ignore ban-drop-table
DROP TABLE app.challenges;
REVOKE UPDATE, DELETE ON app.login_identities FROM unnati_directory;
-- squawk-ignore ban-drop-column
ALTER TABLE app.login_identities DROP COLUMN verified_at;
