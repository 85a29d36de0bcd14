-- What a person sees of their sign-ins, to tell their own from a stranger's, and when they last proved who they are.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE app.sessions ADD COLUMN device text;   -- what the client calls itself
ALTER TABLE app.sessions ADD COLUMN network text;  -- where it was last used from, without the last part of the address
ALTER TABLE app.sessions ADD COLUMN authenticated_at timestamptz NOT NULL DEFAULT now();
-- Sessions that ended long ago go when their person signs in again.
GRANT DELETE ON app.sessions TO unnati_app;
