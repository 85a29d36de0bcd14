-- A second thing that somebody has to show when they sign in, and what helps them when it is lost.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.second_factors (
    user_id       uuid        NOT NULL,
    secret        bytea       NOT NULL,            -- of an authenticator app; sealed
    confirmed_at  timestamptz,                     -- NULL: shown, and not in force yet
    last_step     bigint      NOT NULL DEFAULT 0,  -- the code used last; it and older ones are not good again
    failures      bigint      NOT NULL DEFAULT 0,  -- in a row
    blocked_until timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT second_factors_pkey PRIMARY KEY (user_id),
    CONSTRAINT second_factors_user_fkey FOREIGN KEY (user_id) REFERENCES app.users (user_id),
    CONSTRAINT second_factors_bounds CHECK (octet_length(secret) <= 256 AND failures >= 0)
);
COMMENT ON TABLE app.second_factors IS 'person: the authenticator app that codes come from
privacy: person delete unexported';
ALTER TABLE app.second_factors ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY second_factors_person ON app.second_factors
    USING (user_id = app.current_user_id()) WITH CHECK (user_id = app.current_user_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.second_factors TO unnati_app;

CREATE TABLE app.recovery_codes (
    user_id    uuid        NOT NULL,
    code_hash  bytea       NOT NULL,  -- keyed with the server's key
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_user_fkey FOREIGN KEY (user_id) REFERENCES app.users (user_id),
    CONSTRAINT recovery_codes_length CHECK (octet_length(code_hash) = 32)
);
COMMENT ON TABLE app.recovery_codes IS 'person: what lets them in when their telephone is lost; each goes with its use
privacy: person delete unexported';
ALTER TABLE app.recovery_codes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY recovery_codes_person ON app.recovery_codes
    USING (user_id = app.current_user_id()) WITH CHECK (user_id = app.current_user_id());
GRANT SELECT, INSERT, DELETE ON app.recovery_codes TO unnati_app;
