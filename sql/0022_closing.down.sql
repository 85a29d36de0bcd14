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
COMMENT ON TABLE app.idempotency_keys IS 'tenant: what a write was answered, for a day
privacy: tenant delete; person delete';
COMMENT ON TABLE app.person_idempotency_keys IS 'person: what a write of theirs was answered, for a day
privacy: tenant delete; person delete';
COMMENT ON TABLE app.jobs IS 'operational: work for later, and what went wrong with it
privacy: tenant delete';
COMMENT ON TABLE app.job_schedules IS 'operational: work that recurs
privacy: tenant delete';
COMMENT ON TABLE app.membership_changes IS 'operational: memberships whose older access tokens are no longer good
privacy: tenant delete; person delete';
COMMENT ON TABLE app.invitations IS 'tenant: who was asked to join a business
privacy: tenant delete; person(invited_by) keep; person(accepted_by) keep';
COMMENT ON TABLE app.audit_events IS 'tenant: who did what, when and from where
privacy: tenant delete after 365 days unexported; person(actor_id) keep';
COMMENT ON TABLE app.api_keys IS 'tenant: keys of programs
privacy: tenant delete; person(created_by) keep';
COMMENT ON TABLE app.customer_imports IS 'tenant: a customer file being brought in
privacy: tenant delete; person(created_by) keep';
COMMENT ON TABLE app.sessions IS 'person: a sign-in on a device
privacy: tenant delete; person delete';
COMMENT ON TABLE app.users IS 'person: someone who signs in
privacy: person mask name = ''Erased'', phone = NULL, email = user_id || ''@erased.invalid''';
-- squawk-ignore ban-drop-column
ALTER TABLE app.users DROP COLUMN closed_at, DROP COLUMN erase_after;
-- squawk-ignore ban-drop-column
ALTER TABLE app.tenants DROP COLUMN closed_at, DROP COLUMN erase_after;
