-- What was closed is open again, and what was to be taken along is lost.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.data_export_parts;
-- squawk-ignore ban-drop-table
DROP TABLE app.data_exports;
CREATE OR REPLACE FUNCTION app.businesses_of_current_user() RETURNS TABLE (tenant_id uuid, name text, role text, changed_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT m.tenant_id, t.name, m.role, m.changed_at
        FROM app.memberships m JOIN app.tenants t ON t.tenant_id = m.tenant_id
        WHERE m.user_id = app.current_user_id() AND m.ended_at IS NULL
        ORDER BY m.created_at, m.tenant_id;
    END;
COMMENT ON TABLE app.sessions IS 'person: a sign-in on a device
privacy: tenant delete; person delete';
COMMENT ON TABLE app.users IS 'person: someone who signs in
privacy: person mask name = ''Erased'', phone = NULL, email = user_id || ''@erased.invalid''';
-- squawk-ignore ban-drop-column
ALTER TABLE app.users DROP COLUMN closed_at, DROP COLUMN erase_after;
-- squawk-ignore ban-drop-column
ALTER TABLE app.tenants DROP COLUMN closed_at, DROP COLUMN erase_after;
