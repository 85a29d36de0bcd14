-- Who is invited is lost, and who has left is there again.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-function
DROP FUNCTION app.members_of_current_tenant();
-- squawk-ignore ban-drop-function
DROP FUNCTION app.businesses_of_current_user();
-- squawk-ignore ban-drop-function
DROP FUNCTION app.find_invitation(uuid, uuid, bytea);
REVOKE SELECT ON app.users FROM unnati_directory;
DROP POLICY users_directory ON app.users;
DROP POLICY memberships_directory_team ON app.memberships;
-- squawk-ignore ban-drop-table
DROP TABLE app.invitations;
-- squawk-ignore ban-drop-table
DROP TABLE app.membership_changes;
REVOKE UPDATE (role, ended_at, changed_at) ON app.memberships FROM unnati_app;
COMMENT ON TABLE app.memberships IS 'tenant: who works in a business, and as what
privacy: tenant delete; person keep';
-- squawk-ignore ban-drop-column
ALTER TABLE app.memberships DROP COLUMN changed_at;
-- squawk-ignore ban-drop-column
ALTER TABLE app.memberships DROP COLUMN ended_at;
