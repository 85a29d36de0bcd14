-- Keys by which programs of a business come in.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.api_keys (
    tenant_id    uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id           uuid        NOT NULL,
    name         text        NOT NULL,
    scopes       text[]      NOT NULL,
    networks     text[]      NOT NULL DEFAULT '{}',  -- where it may be used from; anywhere when empty
    last_four    text        NOT NULL,
    replaces     uuid,                               -- the key whose place it takes
    created_by   uuid        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz,                        -- to the minute
    revoked_at   timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT api_keys_bounds CHECK (
        octet_length(name) BETWEEN 1 AND 200 AND cardinality(scopes) BETWEEN 1 AND 32 AND cardinality(networks) <= 16 AND octet_length(last_four) = 4),
    CONSTRAINT api_keys_member_fkey FOREIGN KEY (tenant_id, created_by) REFERENCES app.memberships (tenant_id, user_id)
);
COMMENT ON TABLE app.api_keys IS 'tenant: keys of programs
privacy: tenant delete; person(created_by) keep';
ALTER TABLE app.api_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY api_keys_tenant ON app.api_keys
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
CREATE POLICY api_keys_directory ON app.api_keys FOR SELECT TO unnati_directory USING (true);
GRANT SELECT, INSERT ON app.api_keys TO unnati_app;
GRANT UPDATE (expires_at, last_used_at, revoked_at) ON app.api_keys TO unnati_app;
GRANT SELECT ON app.api_keys TO unnati_directory;

-- A key is found by its hash before it is known whose it is.
CREATE TABLE app.api_key_hashes (
    hash      bytea NOT NULL,  -- SHA-256
    tenant_id uuid  NOT NULL,
    key_id    uuid  NOT NULL,
    CONSTRAINT api_key_hashes_pkey PRIMARY KEY (hash),
    CONSTRAINT api_key_hashes_length CHECK (octet_length(hash) = 32)
);
COMMENT ON TABLE app.api_key_hashes IS 'directory: whose a key is
privacy: tenant delete unexported';
CREATE INDEX api_key_hashes_tenant ON app.api_key_hashes (tenant_id);
ALTER TABLE app.api_key_hashes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY api_key_hashes_directory ON app.api_key_hashes TO unnati_directory USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON app.api_key_hashes TO unnati_directory;

-- For the business of the current transaction alone.
CREATE FUNCTION app.register_api_key(hash bytea, key_id uuid) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        INSERT INTO app.api_key_hashes (hash, tenant_id, key_id)
        VALUES (register_api_key.hash, app.current_tenant_id(), register_api_key.key_id);
    END;

CREATE FUNCTION app.find_api_key(hash bytea)
    RETURNS TABLE (tenant_id uuid, id uuid, scopes text[], networks text[], created_by uuid, expires_at timestamptz, last_used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT k.tenant_id, k.id, k.scopes, k.networks, k.created_by, k.expires_at, k.last_used_at
        FROM app.api_key_hashes h JOIN app.api_keys k ON k.tenant_id = h.tenant_id AND k.id = h.key_id
        WHERE h.hash = find_api_key.hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());
    END;

GRANT CREATE ON SCHEMA app TO unnati_directory;
ALTER FUNCTION app.register_api_key(bytea, uuid) OWNER TO unnati_directory;
ALTER FUNCTION app.find_api_key(bytea) OWNER TO unnati_directory;
REVOKE CREATE ON SCHEMA app FROM unnati_directory;
REVOKE ALL ON FUNCTION app.register_api_key(bytea, uuid), app.find_api_key(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.register_api_key(bytea, uuid), app.find_api_key(bytea) TO unnati_app;
