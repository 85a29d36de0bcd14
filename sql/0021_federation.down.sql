-- Whoever signs in by an account elsewhere alone cannot come in any more.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-function
DROP FUNCTION app.has_way_in();
-- squawk-ignore ban-drop-function
DROP FUNCTION app.has_login_identity();
-- squawk-ignore ban-drop-function
DROP FUNCTION app.federated_identities_of_current_user();
-- squawk-ignore ban-drop-function
DROP FUNCTION app.release_federated_identities(text);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.claim_federated_identity(text, text, text);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.find_federated_identity(text, text);
-- squawk-ignore ban-drop-table
DROP TABLE app.used_sign_in_flows;
-- squawk-ignore ban-drop-table
DROP TABLE app.federated_identities;
