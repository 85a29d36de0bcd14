-- Numbers and addresses count once they are proved: the codes that were sent out, and which identities somebody has proved.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- NULL: said by somebody and proved by nobody. Whoever proves it first has it, and what was set up in its name before is void.
ALTER TABLE app.login_identities ADD COLUMN verified_at timestamptz;
GRANT UPDATE, DELETE ON app.login_identities TO unnati_directory;

-- A code that was sent somewhere, to be typed back. Found before anyone is known.
CREATE TABLE app.challenges (
    id         uuid        NOT NULL,
    purpose    text        NOT NULL,
    kind       text        NOT NULL,  -- where it was sent
    value      text        NOT NULL,
    user_id    uuid,                  -- who may answer it, where that is known
    code_hash  bytea       NOT NULL,  -- keyed with the server's key
    content    bytea,                 -- sealed: what was asked for, done when the code is right
    tries      bigint      NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    CONSTRAINT challenges_pkey PRIMARY KEY (id),
    CONSTRAINT challenges_purpose CHECK (purpose IN ('register', 'log_in', 'reset_password', 'add_identity', 'confirm')),
    CONSTRAINT challenges_kind CHECK (kind IN ('phone', 'email')),
    CONSTRAINT challenges_person CHECK ((purpose IN ('add_identity', 'confirm')) = (user_id IS NOT NULL)),
    CONSTRAINT challenges_tries CHECK (tries BETWEEN 0 AND 5),
    CONSTRAINT challenges_lengths CHECK (octet_length(code_hash) = 32 AND octet_length(content) <= 8192 AND octet_length(value) <= 320)
);
COMMENT ON TABLE app.challenges IS 'directory: codes that were sent, for minutes
privacy: person delete unexported';
CREATE INDEX challenges_expires_at ON app.challenges (expires_at);
CREATE INDEX challenges_value ON app.challenges (kind, value);
ALTER TABLE app.challenges ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY challenges_directory ON app.challenges TO unnati_directory USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.challenges TO unnati_directory;

CREATE FUNCTION app.open_challenge(
    id uuid, purpose text, kind text, value text, user_id uuid, code_hash bytea, content bytea, expires_at timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        -- Each takes some old ones away, so they never pile up and nobody has to come and sweep.
        DELETE FROM app.challenges AS old WHERE old.id IN (
            SELECT c.id FROM app.challenges AS c WHERE c.expires_at < now() - interval '1 hour' ORDER BY c.expires_at LIMIT 8
            FOR UPDATE SKIP LOCKED);
        INSERT INTO app.challenges (id, purpose, kind, value, user_id, code_hash, content, expires_at)
        VALUES (open_challenge.id, open_challenge.purpose, open_challenge.kind, open_challenge.value, open_challenge.user_id,
                open_challenge.code_hash, open_challenge.content, open_challenge.expires_at);
    END;

CREATE FUNCTION app.find_challenge(id uuid)
    RETURNS TABLE (purpose text, kind text, value text, user_id uuid, content bytea, is_open boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT c.purpose, c.kind, c.value, c.user_id, c.content, c.used_at IS NULL AND c.expires_at > now() AND c.tries < 5
        FROM app.challenges c WHERE c.id = find_challenge.id;
    END;

-- One try. No row when there is none left.
CREATE FUNCTION app.answer_challenge(id uuid, code_hash bytea) RETURNS TABLE (is_right boolean, tries_left bigint)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        UPDATE app.challenges AS c
        SET tries = c.tries + 1, used_at = CASE WHEN c.code_hash = answer_challenge.code_hash THEN now() END
        WHERE c.id = answer_challenge.id AND c.used_at IS NULL AND c.expires_at > now() AND c.tries < 5
        RETURNING c.used_at IS NOT NULL, 5 - c.tries;
    END;

-- Whoever proves an identity ends what others had begun in its name.
CREATE FUNCTION app.void_challenges(kind text, value text) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        DELETE FROM app.challenges AS c
        WHERE c.kind = void_challenges.kind AND c.value = void_challenges.value AND c.used_at IS NULL;
    END;

-- For the person of the current transaction, who has proved it: nobody who has proved it before loses it by this. What was said
-- in the person's own name and never proved goes: nobody is let in by it who has proved less than they have.
CREATE FUNCTION app.claim_verified_identity(kind text, value text) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        DELETE FROM app.login_identities AS i
        WHERE i.user_id = app.current_user_id() AND i.verified_at IS NULL
          AND (i.kind, i.value) <> (claim_verified_identity.kind, claim_verified_identity.value);
        INSERT INTO app.login_identities AS i (kind, value, user_id, verified_at)
        VALUES (claim_verified_identity.kind, claim_verified_identity.value, app.current_user_id(), now())
        ON CONFLICT ON CONSTRAINT login_identities_pkey
            DO UPDATE SET user_id = excluded.user_id, verified_at = now(), created_at = now()
            WHERE i.verified_at IS NULL OR i.user_id = excluded.user_id
        RETURNING true;
    END;

-- The person of the current transaction proves an identity of theirs; true when it is for the first time. What else was said in
-- their name and never proved is taken away, since it may have been said by somebody else.
CREATE FUNCTION app.confirm_login_identity(kind text, value text) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        WITH confirmed AS (
            UPDATE app.login_identities AS i SET verified_at = now()
            WHERE i.kind = confirm_login_identity.kind AND i.value = confirm_login_identity.value
              AND i.user_id = app.current_user_id() AND i.verified_at IS NULL
            RETURNING i.user_id
        ), voided AS (
            DELETE FROM app.login_identities AS i USING confirmed c
            WHERE i.user_id = c.user_id AND i.verified_at IS NULL
              AND (i.kind, i.value) <> (confirm_login_identity.kind, confirm_login_identity.value)
        )
        SELECT EXISTS (SELECT FROM confirmed);
    END;

-- The person of the current transaction signs in by this one of its kind alone.
CREATE FUNCTION app.release_login_identities(kind text, kept text) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        DELETE FROM app.login_identities AS i
        WHERE i.user_id = app.current_user_id() AND i.kind = release_login_identities.kind
          AND i.value IS DISTINCT FROM release_login_identities.kept;
    END;

GRANT CREATE ON SCHEMA app TO unnati_directory;
ALTER FUNCTION app.open_challenge(uuid, text, text, text, uuid, bytea, bytea, timestamptz) OWNER TO unnati_directory;
ALTER FUNCTION app.find_challenge(uuid) OWNER TO unnati_directory;
ALTER FUNCTION app.answer_challenge(uuid, bytea) OWNER TO unnati_directory;
ALTER FUNCTION app.void_challenges(text, text) OWNER TO unnati_directory;
ALTER FUNCTION app.claim_verified_identity(text, text) OWNER TO unnati_directory;
ALTER FUNCTION app.confirm_login_identity(text, text) OWNER TO unnati_directory;
ALTER FUNCTION app.release_login_identities(text, text) OWNER TO unnati_directory;
REVOKE CREATE ON SCHEMA app FROM unnati_directory;
REVOKE ALL ON FUNCTION app.open_challenge(uuid, text, text, text, uuid, bytea, bytea, timestamptz), app.find_challenge(uuid),
    app.answer_challenge(uuid, bytea), app.void_challenges(text, text), app.claim_verified_identity(text, text),
    app.confirm_login_identity(text, text), app.release_login_identities(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.open_challenge(uuid, text, text, text, uuid, bytea, bytea, timestamptz), app.find_challenge(uuid),
    app.answer_challenge(uuid, bytea), app.void_challenges(text, text), app.claim_verified_identity(text, text),
    app.confirm_login_identity(text, text), app.release_login_identities(text, text) TO unnati_app;

-- A password that was set before its person had proved anything is void.
GRANT DELETE ON app.user_passwords TO unnati_app;
GRANT UPDATE (phone, email) ON app.users TO unnati_app;
