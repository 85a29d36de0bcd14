-- Several people in one business: who may do what, who is invited, and who is no longer there.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- A membership that has ended stays: imports and the like refer to whoever made them.
ALTER TABLE app.memberships ADD COLUMN ended_at timestamptz;
-- Grows with every change. Access tokens say which state of it they were made in.
ALTER TABLE app.memberships ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
COMMENT ON TABLE app.memberships IS 'tenant: who works in a business, and as what
privacy: tenant delete; person mask ended_at = coalesce(ended_at, now())';
GRANT UPDATE (role, ended_at, changed_at) ON app.memberships TO unnati_app;

-- Access tokens say what a person is in a business and live for minutes; every server reads this list to end them early.
CREATE TABLE app.membership_changes (
    tenant_id  uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    changed_at timestamptz NOT NULL,  -- tokens of an older state are no longer good
    noted_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT membership_changes_pkey PRIMARY KEY (tenant_id, user_id)
);
COMMENT ON TABLE app.membership_changes IS 'operational: memberships whose older access tokens are no longer good
privacy: tenant delete; person delete';
CREATE INDEX membership_changes_noted_at ON app.membership_changes (noted_at);
ALTER TABLE app.membership_changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY membership_changes_app ON app.membership_changes TO unnati_app USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.membership_changes TO unnati_app;

CREATE TABLE app.invitations (
    tenant_id   uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id          uuid        NOT NULL,
    role        text        NOT NULL,
    kind        text,                  -- only for whoever has proved this number or address; for anybody when NULL
    value       text,
    token_hash  bytea       NOT NULL,  -- SHA-256 of what the link holds
    invited_by  uuid        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    accepted_by uuid,
    closed_at   timestamptz,           -- accepted, or taken back
    CONSTRAINT invitations_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT invitations_role CHECK (role IN ('owner', 'manager', 'staff', 'viewer')),
    CONSTRAINT invitations_kind CHECK (kind IN ('phone', 'email')),
    CONSTRAINT invitations_whom CHECK ((kind IS NULL) = (value IS NULL) AND octet_length(value) <= 320),
    CONSTRAINT invitations_accepted CHECK (accepted_by IS NULL OR closed_at IS NOT NULL),
    CONSTRAINT invitations_token CHECK (octet_length(token_hash) = 32),
    CONSTRAINT invitations_inviter_fkey FOREIGN KEY (tenant_id, invited_by) REFERENCES app.memberships (tenant_id, user_id)
);
COMMENT ON TABLE app.invitations IS 'tenant: who was asked to join a business
privacy: tenant delete; person(invited_by) keep; person(accepted_by) keep';
CREATE INDEX invitations_open ON app.invitations (tenant_id, expires_at) WHERE closed_at IS NULL;
ALTER TABLE app.invitations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY invitations_tenant ON app.invitations
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, UPDATE ON app.invitations TO unnati_app;

CREATE POLICY invitations_directory ON app.invitations FOR SELECT TO unnati_directory USING (true);
CREATE POLICY memberships_directory_team ON app.memberships FOR SELECT TO unnati_directory
    USING (tenant_id = app.current_tenant_id());
CREATE POLICY users_directory ON app.users FOR SELECT TO unnati_directory USING (true);
GRANT SELECT ON app.invitations, app.users TO unnati_directory;

-- The invitation that a token opens, whatever business it is of. The token names both; its bearer knows what else it holds.
CREATE FUNCTION app.find_invitation(tenant_id uuid, id uuid, token_hash bytea)
    RETURNS TABLE (tenant_id uuid, id uuid, business_name text, role text, kind text, value text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT i.tenant_id, i.id, t.name, i.role, i.kind, i.value
        FROM app.invitations i JOIN app.tenants t ON t.tenant_id = i.tenant_id
        WHERE i.tenant_id = find_invitation.tenant_id AND i.id = find_invitation.id AND i.token_hash = find_invitation.token_hash
          AND i.closed_at IS NULL AND i.expires_at > now();
    END;

-- The businesses of the person of the current transaction, who still works there.
CREATE FUNCTION app.businesses_of_current_user() RETURNS TABLE (tenant_id uuid, name text, role text, changed_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT m.tenant_id, t.name, m.role, m.changed_at
        FROM app.memberships m JOIN app.tenants t ON t.tenant_id = m.tenant_id
        WHERE m.user_id = app.current_user_id() AND m.ended_at IS NULL
        ORDER BY m.created_at, m.tenant_id;
    END;

-- The people of the business of the current transaction: rows of several persons, so row security would hide their names.
CREATE FUNCTION app.members_of_current_tenant()
    RETURNS TABLE (user_id uuid, name text, phone text, email text, role text, created_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT m.user_id, u.name, u.phone, u.email, m.role, m.created_at
        FROM app.memberships m JOIN app.users u ON u.user_id = m.user_id
        WHERE m.tenant_id = app.current_tenant_id() AND m.ended_at IS NULL
        ORDER BY m.created_at, m.user_id;
    END;

GRANT CREATE ON SCHEMA app TO unnati_directory;
ALTER FUNCTION app.find_invitation(uuid, uuid, bytea) OWNER TO unnati_directory;
ALTER FUNCTION app.businesses_of_current_user() OWNER TO unnati_directory;
ALTER FUNCTION app.members_of_current_tenant() OWNER TO unnati_directory;
REVOKE CREATE ON SCHEMA app FROM unnati_directory;
REVOKE ALL ON FUNCTION app.find_invitation(uuid, uuid, bytea), app.businesses_of_current_user(), app.members_of_current_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.find_invitation(uuid, uuid, bytea), app.businesses_of_current_user(), app.members_of_current_tenant() TO unnati_app;
