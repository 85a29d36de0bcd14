-- Businesses, the people who work in them, how they sign in, and their sessions.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.tenants (
    tenant_id  uuid        NOT NULL,  -- UUIDv7, made by the server
    name       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_name_length CHECK (octet_length(name) BETWEEN 1 AND 200)
);
COMMENT ON TABLE app.tenants IS 'tenant: one business';
ALTER TABLE app.tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants_tenant ON app.tenants
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.tenants TO unnati_app;

CREATE TABLE app.users (
    user_id    uuid        NOT NULL,
    name       text        NOT NULL,
    phone      text,
    email      text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_pkey PRIMARY KEY (user_id),
    CONSTRAINT users_name_length CHECK (octet_length(name) BETWEEN 1 AND 200),
    CONSTRAINT users_reachable CHECK (num_nonnulls(phone, email) >= 1)
);
COMMENT ON TABLE app.users IS 'person: someone who signs in';
ALTER TABLE app.users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY users_person ON app.users
    USING (user_id = app.current_user_id()) WITH CHECK (user_id = app.current_user_id());
GRANT SELECT, INSERT ON app.users TO unnati_app;

CREATE TABLE app.user_passwords (
    user_id    uuid        NOT NULL,
    hash       text        NOT NULL,  -- modular crypt format, such as $bcrypt-sha256$…
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_passwords_pkey PRIMARY KEY (user_id),
    CONSTRAINT user_passwords_user_fkey FOREIGN KEY (user_id) REFERENCES app.users (user_id)
);
COMMENT ON TABLE app.user_passwords IS 'person: the hash of a password';
ALTER TABLE app.user_passwords ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY user_passwords_person ON app.user_passwords
    USING (user_id = app.current_user_id()) WITH CHECK (user_id = app.current_user_id());
GRANT SELECT, INSERT, UPDATE ON app.user_passwords TO unnati_app;

CREATE TABLE app.memberships (
    tenant_id  uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    role       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT memberships_pkey PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT memberships_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id),
    CONSTRAINT memberships_user_fkey FOREIGN KEY (user_id) REFERENCES app.users (user_id),
    CONSTRAINT memberships_role CHECK (role IN ('owner', 'manager', 'staff', 'viewer'))
);
COMMENT ON TABLE app.memberships IS 'tenant: who works in a business, and as what';
CREATE INDEX memberships_user_id ON app.memberships (user_id);
ALTER TABLE app.memberships ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY memberships_tenant ON app.memberships
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.memberships TO unnati_app;

-- One sign-in on one device. The refresh token is computed from user, session and generation, so only the latter is kept.
CREATE TABLE app.sessions (
    user_id      uuid        NOT NULL,
    id           uuid        NOT NULL,
    tenant_id    uuid        NOT NULL,  -- the business worked in at present
    generation   bigint      NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now(),
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    CONSTRAINT sessions_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT sessions_user_fkey FOREIGN KEY (user_id) REFERENCES app.users (user_id),
    -- Foreign-key checks skip row security: a session can only ever stand in a business its person belongs to.
    CONSTRAINT sessions_membership_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app.memberships (tenant_id, user_id)
);
COMMENT ON TABLE app.sessions IS 'person: a sign-in on a device';
CREATE INDEX sessions_membership ON app.sessions (tenant_id, user_id);
ALTER TABLE app.sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY sessions_person ON app.sessions
    USING (user_id = app.current_user_id()) WITH CHECK (user_id = app.current_user_id());
GRANT SELECT, INSERT, UPDATE ON app.sessions TO unnati_app;

-- Access tokens outlive their session by minutes; every server reads this list to end them early. It names no person.
CREATE TABLE app.session_revocations (
    session_id uuid        NOT NULL,
    revoked_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT session_revocations_pkey PRIMARY KEY (session_id)
);
COMMENT ON TABLE app.session_revocations IS 'operational: sessions whose access tokens are no longer good';
CREATE INDEX session_revocations_revoked_at ON app.session_revocations (revoked_at);
ALTER TABLE app.session_revocations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY session_revocations_read ON app.session_revocations FOR SELECT TO unnati_app USING (true);
CREATE POLICY session_revocations_add ON app.session_revocations FOR INSERT TO unnati_app WITH CHECK (true);
GRANT SELECT, INSERT ON app.session_revocations TO unnati_app;

-- What a person types to sign in. Unique over all businesses and looked up before anyone is known: no grants, only the
-- functions below.
CREATE TABLE app.login_identities (
    kind       text        NOT NULL,
    value      text        NOT NULL,  -- E.164 number or lower-case address
    user_id    uuid        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT login_identities_pkey PRIMARY KEY (kind, value),
    CONSTRAINT login_identities_kind CHECK (kind IN ('phone', 'email')),
    CONSTRAINT login_identities_user_fkey FOREIGN KEY (user_id) REFERENCES app.users (user_id)
);
COMMENT ON TABLE app.login_identities IS 'directory: phone numbers and e-mail addresses that sign in';
CREATE INDEX login_identities_user_id ON app.login_identities (user_id);
ALTER TABLE app.login_identities ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY login_identities_directory ON app.login_identities TO unnati_directory USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON app.login_identities TO unnati_directory;

CREATE FUNCTION app.find_login_identity(kind text, value text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT i.user_id FROM app.login_identities i
        WHERE i.kind = find_login_identity.kind AND i.value = find_login_identity.value;
    END;

CREATE FUNCTION app.claim_login_identity(kind text, value text) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        -- Only for the person of the current transaction: nobody can claim in another's name.
        INSERT INTO app.login_identities (kind, value, user_id)
        VALUES (claim_login_identity.kind, claim_login_identity.value, app.current_user_id());
    END;

-- The businesses of the person of the current transaction: rows of several tenants, so row security would hide them.
CREATE FUNCTION app.memberships_of_current_user() RETURNS TABLE (tenant_id uuid, name text, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT m.tenant_id, t.name, m.role
        FROM app.memberships m JOIN app.tenants t ON t.tenant_id = m.tenant_id
        WHERE m.user_id = app.current_user_id()
        ORDER BY m.created_at, m.tenant_id;
    END;
CREATE POLICY memberships_directory ON app.memberships FOR SELECT TO unnati_directory USING (user_id = app.current_user_id());
CREATE POLICY tenants_directory ON app.tenants FOR SELECT TO unnati_directory USING (true);
GRANT SELECT ON app.memberships, app.tenants TO unnati_directory;

-- A new owner of a function must be able to create in its schema, at this moment only.
GRANT CREATE ON SCHEMA app TO unnati_directory;
ALTER FUNCTION app.find_login_identity(text, text) OWNER TO unnati_directory;
ALTER FUNCTION app.claim_login_identity(text, text) OWNER TO unnati_directory;
ALTER FUNCTION app.memberships_of_current_user() OWNER TO unnati_directory;
REVOKE CREATE ON SCHEMA app FROM unnati_directory;
REVOKE ALL ON FUNCTION app.find_login_identity(text, text), app.claim_login_identity(text, text),
    app.memberships_of_current_user() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.find_login_identity(text, text), app.claim_login_identity(text, text),
    app.memberships_of_current_user() TO unnati_app;
