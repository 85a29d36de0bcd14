-- Token buckets that all servers share: for limits that guard money or passwords, and so must not grow with the number of
-- servers. A bucket is one time, the "theoretical arrival time" of the generic cell rate algorithm: how far it lies ahead
-- says how much has been used. A bucket whose time has passed is full, and as good as none.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.rate_buckets (
    policy     text        NOT NULL,
    subject    bytea       NOT NULL,  -- a tenant's or person's id, or a keyed hash: nothing that says who it is
    arrival    timestamptz NOT NULL,
    is_refused boolean     NOT NULL,  -- what the last request was told
    CONSTRAINT rate_buckets_pkey PRIMARY KEY (policy, subject),
    CONSTRAINT rate_buckets_lengths CHECK (octet_length(policy) BETWEEN 1 AND 32 AND octet_length(subject) = 16)
);
COMMENT ON TABLE app.rate_buckets IS 'operational: how much of a shared limit has been used';
-- Every request writes its row; half-empty pages let it stay where it is.
ALTER TABLE app.rate_buckets SET (fillfactor = 50);
CREATE INDEX rate_buckets_arrival ON app.rate_buckets (arrival);
ALTER TABLE app.rate_buckets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY rate_buckets_app ON app.rate_buckets TO unnati_app USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.rate_buckets TO unnati_app;
