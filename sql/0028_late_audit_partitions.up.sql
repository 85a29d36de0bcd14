-- A month's partition that is made late takes in what has come before it was there.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE OR REPLACE FUNCTION app.make_audit_partition(month date) RETURNS text
    LANGUAGE plpgsql SET search_path = ''
    AS $$
DECLARE
    name text := 'audit_events_' || pg_catalog.to_char(month, 'YYYY_MM');
    -- The first ids of a moment: its milliseconds, and nothing behind.
    bounds text[] := ARRAY(
        SELECT pg_catalog.lpad(pg_catalog.to_hex((extract(epoch FROM edge AT TIME ZONE 'UTC') * 1000)::bigint), 12, '0') || repeat('0', 20)
        FROM unnest(ARRAY[pg_catalog.date_trunc('month', month::timestamp),
                          pg_catalog.date_trunc('month', month::timestamp) + interval '1 month']) AS edge);
BEGIN
    IF pg_catalog.to_regclass('app.' || name) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    -- Made apart and then attached: what has come before its month's partition was there moves in with it.
    EXECUTE pg_catalog.format('CREATE TABLE app.%I (LIKE app.audit_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    IF pg_catalog.to_regclass('app.audit_events_other') IS NOT NULL THEN
        EXECUTE pg_catalog.format(
            'WITH moved AS (DELETE FROM app.audit_events_other WHERE id >= %L AND id < %L RETURNING *) INSERT INTO app.%I SELECT * FROM moved',
            bounds[1], bounds[2], name);
    END IF;
    EXECUTE pg_catalog.format('ALTER TABLE app.audit_events ATTACH PARTITION app.%I FOR VALUES FROM (%L) TO (%L)', name, bounds[1], bounds[2]);
    PERFORM app.secure_audit_partition(name);
    RETURN name;
END $$;
