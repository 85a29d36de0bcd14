-- All API keys are lost.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-function
DROP FUNCTION app.find_api_key(bytea);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.register_api_key(bytea, uuid);
-- squawk-ignore ban-drop-table
DROP TABLE app.api_key_hashes;
-- squawk-ignore ban-drop-table
DROP TABLE app.api_keys;
