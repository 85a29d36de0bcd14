-- How often somebody has failed to sign in as somebody, from anywhere, so that guessing with many addresses is slowed down too.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.sign_in_failures (
    subject       bytea       NOT NULL,  -- a keyed hash of what was typed: it says of nobody whether they exist
    failures      bigint      NOT NULL,  -- in a row
    failed_at     timestamptz NOT NULL DEFAULT now(),
    blocked_until timestamptz,
    CONSTRAINT sign_in_failures_pkey PRIMARY KEY (subject),
    CONSTRAINT sign_in_failures_bounds CHECK (octet_length(subject) = 32 AND failures > 0)
);
COMMENT ON TABLE app.sign_in_failures IS 'operational: how often somebody has failed to sign in as somebody
privacy: none';
ALTER TABLE app.sign_in_failures SET (fillfactor = 50);
CREATE INDEX sign_in_failures_failed_at ON app.sign_in_failures (failed_at);
ALTER TABLE app.sign_in_failures ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY sign_in_failures_app ON app.sign_in_failures TO unnati_app USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.sign_in_failures TO unnati_app;
