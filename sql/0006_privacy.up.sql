-- What becomes of each table's rows when a business, a person who signs in, or a customer is exported or erased: a line in the
-- table's comment, which `unnati privacy` follows and without which `unnati verify` finds fault (docs/database.md).
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

COMMENT ON TABLE app.tenants IS 'tenant: one business
privacy: tenant delete';
-- The row stays, naming nobody: imports and the like refer to whoever made them.
COMMENT ON TABLE app.users IS 'person: someone who signs in
privacy: person mask name = ''Erased'', phone = NULL, email = user_id || ''@erased.invalid''';
COMMENT ON TABLE app.user_passwords IS 'person: the hash of a password
privacy: person delete unexported';
COMMENT ON TABLE app.memberships IS 'tenant: who works in a business, and as what
privacy: tenant delete; person keep';
COMMENT ON TABLE app.sessions IS 'person: a sign-in on a device
privacy: tenant delete; person delete';
COMMENT ON TABLE app.session_revocations IS 'operational: sessions whose access tokens are no longer good
privacy: none';
COMMENT ON TABLE app.login_identities IS 'directory: phone numbers and e-mail addresses that sign in
privacy: person delete';
COMMENT ON TABLE app.customers IS 'tenant: a person in the customer book
privacy: tenant delete; customer(id) delete';
COMMENT ON TABLE app.customer_imports IS 'tenant: a customer file being brought in
privacy: tenant delete; person(created_by) keep';
-- A piece of a file goes when its import ends, minutes later; until then it cannot be looked through for one customer.
COMMENT ON TABLE app.customer_import_parts IS 'tenant: a piece of a customer file
privacy: tenant delete unexported';
COMMENT ON TABLE app.customer_import_rows IS 'tenant: what became of one row of a customer file
privacy: tenant delete; customer mask customer_id = NULL, detail = NULL';
COMMENT ON TABLE app.rate_buckets IS 'operational: how much of a shared limit has been used
privacy: none';
COMMENT ON TABLE app.schema_migrations IS 'operational: which migration files were applied
privacy: none';
COMMENT ON TABLE app.schema_migration_events IS 'operational: what was done with migration files
privacy: none';
COMMENT ON TABLE app.schema_fingerprints IS 'operational: what the schema looked like after a migration
privacy: none';

-- Proof that somebody was erased, by ids that no longer lead anywhere, and what to come back for when a rule says "after".
CREATE TABLE app.erasures (
    id         uuid        NOT NULL DEFAULT gen_random_uuid(),
    subject    text        NOT NULL,
    tenant_id  uuid,                  -- of the business, or of the customer's
    subject_id uuid        NOT NULL,
    erased_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT erasures_pkey PRIMARY KEY (id),
    CONSTRAINT erasures_subject CHECK (subject IN ('tenant', 'person', 'customer'))
);
COMMENT ON TABLE app.erasures IS 'operational: who was erased, and when
privacy: none';
ALTER TABLE app.erasures ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY erasures_owner ON app.erasures TO unnati_owner USING (true) WITH CHECK (true);

-- Access tokens outlive their session by minutes, unless it is on the list of those that do not.
CREATE FUNCTION app.revoke_deleted_session() RETURNS trigger
    LANGUAGE plpgsql SET search_path = ''
    AS $$
BEGIN
    INSERT INTO app.session_revocations (session_id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER sessions_deleted AFTER DELETE ON app.sessions FOR EACH ROW EXECUTE FUNCTION app.revoke_deleted_session();
