-- Businesses and people that go: shut at once, destroyed after some weeks, and what they take along.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- Closed, and until when that can be taken back; `unnati privacy due` erases what nobody has taken back.
ALTER TABLE app.tenants ADD COLUMN closed_at timestamptz, ADD COLUMN erase_after timestamptz,
    ADD CONSTRAINT tenants_closed CHECK ((closed_at IS NULL) = (erase_after IS NULL)) NOT VALID;
ALTER TABLE app.users ADD COLUMN closed_at timestamptz, ADD COLUMN erase_after timestamptz,
    ADD CONSTRAINT users_closed CHECK ((closed_at IS NULL) = (erase_after IS NULL)) NOT VALID;
GRANT UPDATE (closed_at, erase_after) ON app.tenants, app.users TO unnati_app;
COMMENT ON TABLE app.users IS 'person: someone who signs in
privacy: person mask name = ''Erased'', phone = NULL, email = user_id || ''@erased.invalid'', closed_at = NULL, erase_after = NULL';
-- What somebody takes along is their own: not what they did in a business that is another's, not where a business's people sign in from,
-- and nothing that the server keeps for itself.
COMMENT ON TABLE app.sessions IS 'person: a sign-in on a device
privacy: tenant delete unexported; person delete';
COMMENT ON TABLE app.idempotency_keys IS 'tenant: what a write was answered, for a day
privacy: tenant delete unexported; person delete unexported';
COMMENT ON TABLE app.person_idempotency_keys IS 'person: what a write of theirs was answered, for a day
privacy: tenant delete unexported; person delete unexported';
COMMENT ON TABLE app.jobs IS 'operational: work for later, and what went wrong with it
privacy: tenant delete unexported';
COMMENT ON TABLE app.job_schedules IS 'operational: work that recurs
privacy: tenant delete unexported';
COMMENT ON TABLE app.membership_changes IS 'operational: memberships whose older access tokens are no longer good
privacy: tenant delete unexported; person delete unexported';
COMMENT ON TABLE app.invitations IS 'tenant: who was asked to join a business
privacy: tenant delete; person(invited_by) keep unexported; person(accepted_by) keep unexported';
COMMENT ON TABLE app.audit_events IS 'tenant: who did what, when and from where
privacy: tenant delete after 365 days unexported; person(actor_id) keep unexported';
COMMENT ON TABLE app.api_keys IS 'tenant: keys of programs
privacy: tenant delete; person(created_by) keep unexported';
COMMENT ON TABLE app.customer_imports IS 'tenant: a customer file being brought in
privacy: tenant delete; person(created_by) keep unexported';

-- A closed business is its owners' alone, and all they are in it is that they closed it.
CREATE OR REPLACE FUNCTION app.businesses_of_current_user() RETURNS TABLE (tenant_id uuid, name text, role text, changed_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT m.tenant_id, t.name, CASE WHEN t.closed_at IS NULL THEN m.role ELSE 'closed' END, m.changed_at
        FROM app.memberships m JOIN app.tenants t ON t.tenant_id = m.tenant_id
        WHERE m.user_id = app.current_user_id() AND m.ended_at IS NULL AND (t.closed_at IS NULL OR m.role = 'owner')
        ORDER BY t.closed_at IS NOT NULL, m.created_at, m.tenant_id;
    END;

CREATE TABLE app.data_exports (
    user_id      uuid        NOT NULL,  -- who has asked, and alone may fetch it
    id           uuid        NOT NULL,
    tenant_id    uuid,                  -- the business it is of; the person's own when NULL
    requested_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    bytes        bigint,
    expires_at   timestamptz,
    CONSTRAINT data_exports_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT data_exports_user_fkey FOREIGN KEY (user_id) REFERENCES app.users (user_id),
    CONSTRAINT data_exports_membership_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app.memberships (tenant_id, user_id),
    CONSTRAINT data_exports_completed CHECK (
        (completed_at IS NULL) = (bytes IS NULL) AND (completed_at IS NULL) = (expires_at IS NULL) AND bytes > 0)
);
COMMENT ON TABLE app.data_exports IS 'person: what somebody has asked to take along
privacy: tenant delete; person delete';
CREATE INDEX data_exports_membership ON app.data_exports (tenant_id, user_id);
-- Whoever asks again before it has been written asks for the same.
CREATE UNIQUE INDEX data_exports_once ON app.data_exports (user_id, coalesce(tenant_id, user_id)) WHERE completed_at IS NULL;
CREATE INDEX data_exports_pending ON app.data_exports (requested_at) WHERE completed_at IS NULL;
CREATE INDEX data_exports_expires_at ON app.data_exports (expires_at) WHERE expires_at IS NOT NULL;
ALTER TABLE app.data_exports ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY data_exports_person ON app.data_exports
    USING (user_id = app.current_user_id()) WITH CHECK (user_id = app.current_user_id());
GRANT SELECT ON app.data_exports TO unnati_app;
GRANT INSERT (user_id, id, tenant_id) ON app.data_exports TO unnati_app;

-- Written by the owner, who alone reads all that goes in.
CREATE TABLE app.data_export_parts (
    user_id   uuid   NOT NULL,
    export_id uuid   NOT NULL,
    part      bigint NOT NULL,
    tenant_id uuid,
    content   bytea  NOT NULL,
    CONSTRAINT data_export_parts_pkey PRIMARY KEY (user_id, export_id, part),
    CONSTRAINT data_export_parts_export_fkey FOREIGN KEY (user_id, export_id) REFERENCES app.data_exports (user_id, id)
);
COMMENT ON TABLE app.data_export_parts IS 'person: pieces of what somebody takes along
privacy: tenant delete unexported; person delete unexported';
CREATE INDEX data_export_parts_tenant ON app.data_export_parts (tenant_id) WHERE tenant_id IS NOT NULL;
ALTER TABLE app.data_export_parts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY data_export_parts_person ON app.data_export_parts
    USING (user_id = app.current_user_id()) WITH CHECK (user_id = app.current_user_id());
GRANT SELECT ON app.data_export_parts TO unnati_app;
