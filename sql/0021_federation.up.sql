-- Accounts elsewhere that people sign in by (OpenID Connect). Who it is there is told by issuer and subject, never by an address.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.federated_identities (
    issuer    text        NOT NULL,
    subject   text        NOT NULL,
    user_id   uuid        NOT NULL,
    email     text,                   -- as it was called there when it was linked; signs nobody in
    linked_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT federated_identities_pkey PRIMARY KEY (issuer, subject),
    CONSTRAINT federated_identities_one UNIQUE (user_id, issuer),
    CONSTRAINT federated_identities_user_fkey FOREIGN KEY (user_id) REFERENCES app.users (user_id),
    CONSTRAINT federated_identities_lengths CHECK (
        octet_length(issuer) BETWEEN 1 AND 255 AND octet_length(subject) BETWEEN 1 AND 255 AND octet_length(email) <= 320)
);
COMMENT ON TABLE app.federated_identities IS 'directory: accounts elsewhere that sign people in
privacy: person delete';
ALTER TABLE app.federated_identities ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY federated_identities_directory ON app.federated_identities TO unnati_directory USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON app.federated_identities TO unnati_directory;

-- Ways to a provider that somebody has come back from: each is good once. What they were for is in nobody's hands but the browser's.
CREATE TABLE app.used_sign_in_flows (
    id         uuid        NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT used_sign_in_flows_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE app.used_sign_in_flows IS 'operational: ways to a provider and back that have been used, for an hour
privacy: none';
CREATE INDEX used_sign_in_flows_expires_at ON app.used_sign_in_flows (expires_at);
ALTER TABLE app.used_sign_in_flows ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY used_sign_in_flows_app ON app.used_sign_in_flows TO unnati_app USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON app.used_sign_in_flows TO unnati_app;

CREATE FUNCTION app.find_federated_identity(issuer text, subject text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT f.user_id FROM app.federated_identities f
        WHERE f.issuer = find_federated_identity.issuer AND f.subject = find_federated_identity.subject;
    END;

-- For the person of the current transaction. Nothing when it is somebody's, or they have another one there.
CREATE FUNCTION app.claim_federated_identity(issuer text, subject text, email text) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        INSERT INTO app.federated_identities (issuer, subject, user_id, email)
        VALUES (claim_federated_identity.issuer, claim_federated_identity.subject, app.current_user_id(), claim_federated_identity.email)
        ON CONFLICT DO NOTHING
        RETURNING true;
    END;

-- Those of the person of the current transaction, at one issuer or, without one, at all of them.
CREATE FUNCTION app.release_federated_identities(issuer text) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        WITH released AS (
            DELETE FROM app.federated_identities AS f
            WHERE f.user_id = app.current_user_id()
              AND (release_federated_identities.issuer IS NULL OR f.issuer = release_federated_identities.issuer)
            RETURNING f.user_id
        )
        SELECT EXISTS (SELECT FROM released);
    END;

CREATE FUNCTION app.federated_identities_of_current_user() RETURNS TABLE (issuer text, email text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT f.issuer, f.email FROM app.federated_identities f WHERE f.user_id = app.current_user_id() ORDER BY f.issuer;
    END;

-- Whether the person of the current transaction has a number or address to sign in with.
CREATE FUNCTION app.has_login_identity() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT EXISTS (SELECT FROM app.login_identities i WHERE i.user_id = app.current_user_id());
    END;

-- Whether anything at all leads to the person of the current transaction.
CREATE FUNCTION app.has_way_in() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT EXISTS (SELECT FROM app.login_identities i WHERE i.user_id = app.current_user_id())
            OR EXISTS (SELECT FROM app.federated_identities f WHERE f.user_id = app.current_user_id());
    END;

GRANT CREATE ON SCHEMA app TO unnati_directory;
ALTER FUNCTION app.find_federated_identity(text, text) OWNER TO unnati_directory;
ALTER FUNCTION app.claim_federated_identity(text, text, text) OWNER TO unnati_directory;
ALTER FUNCTION app.release_federated_identities(text) OWNER TO unnati_directory;
ALTER FUNCTION app.federated_identities_of_current_user() OWNER TO unnati_directory;
ALTER FUNCTION app.has_login_identity() OWNER TO unnati_directory;
ALTER FUNCTION app.has_way_in() OWNER TO unnati_directory;
REVOKE CREATE ON SCHEMA app FROM unnati_directory;
REVOKE ALL ON FUNCTION app.find_federated_identity(text, text), app.claim_federated_identity(text, text, text),
    app.release_federated_identities(text), app.federated_identities_of_current_user(), app.has_login_identity(), app.has_way_in() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.find_federated_identity(text, text), app.claim_federated_identity(text, text, text),
    app.release_federated_identities(text), app.federated_identities_of_current_user(), app.has_login_identity(), app.has_way_in() TO unnati_app;
