-- The schema, the two settings that every row-security policy compares with, and who may enter.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

REVOKE ALL ON SCHEMA public FROM PUBLIC;
-- Functions are executable by everyone unless this is said; each grant below is then deliberate.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

GRANT USAGE ON SCHEMA app TO unnati_app, unnati_worker, unnati_readonly, unnati_search, unnati_directory;

-- The business, and the person, of the current transaction; NULL when none is set, which no row equals. A pooled
-- connection reports '' and not NULL once a setting has lived in it.
CREATE FUNCTION app.current_tenant_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(pg_catalog.current_setting('app.tenant_id', true), '')::uuid;
CREATE FUNCTION app.current_user_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(pg_catalog.current_setting('app.user_id', true), '')::uuid;
GRANT EXECUTE ON FUNCTION app.current_tenant_id(), app.current_user_id()
    TO unnati_app, unnati_worker, unnati_readonly, unnati_search, unnati_directory;

-- A server compares what was applied with what its build knows before it starts.
ALTER TABLE app.schema_migrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY schema_migrations_read ON app.schema_migrations FOR SELECT TO unnati_app, unnati_worker USING (true);
GRANT SELECT ON app.schema_migrations TO unnati_app, unnati_worker;
