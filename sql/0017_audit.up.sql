-- Who did what in a business, when and from where: added to and never changed, kept for at least a year (DPDP Rules 2025, rule 8).
-- A partition for each month, by the time that is in an id; `unnati audit maintain` makes them ahead and drops the old ones.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.audit_events (
    tenant_id  uuid NOT NULL DEFAULT app.current_tenant_id(),
    id         uuid NOT NULL,  -- UUIDv7: it says when, too
    event      text NOT NULL,
    actor      text NOT NULL,
    actor_id   uuid,
    subject    text,           -- an id as the API spells it
    detail     text,           -- ids, names of roles and numbers; nothing that a person wrote
    network    text,           -- without the last part of the address
    request_id uuid,
    CONSTRAINT audit_events_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_events_actor CHECK (actor IN ('person', 'api_key', 'system')),
    CONSTRAINT audit_events_lengths CHECK (
        octet_length(event) BETWEEN 1 AND 64 AND octet_length(subject) <= 64 AND octet_length(detail) <= 512 AND octet_length(network) <= 64)
) PARTITION BY RANGE (id);
COMMENT ON TABLE app.audit_events IS 'tenant: who did what, when and from where
privacy: tenant delete after 365 days unexported; person(actor_id) keep';
ALTER TABLE app.audit_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_events_tenant ON app.audit_events
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
CREATE INDEX audit_events_event ON app.audit_events (tenant_id, event, id);
GRANT SELECT, INSERT ON app.audit_events TO unnati_app;

-- The partition of a month; nothing happens when it is there. For the owner alone.
CREATE FUNCTION app.make_audit_partition(month date) RETURNS text
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
    EXECUTE pg_catalog.format('CREATE TABLE app.%I PARTITION OF app.audit_events FOR VALUES FROM (%L) TO (%L)', name, bounds[1], bounds[2]);
    PERFORM app.secure_audit_partition(name);
    RETURN name;
END $$;

-- Row security of the whole table does not hold for who asks a part of it by name.
CREATE FUNCTION app.secure_audit_partition(name text) RETURNS void
    LANGUAGE plpgsql SET search_path = ''
    AS $$
BEGIN
    EXECUTE pg_catalog.format('COMMENT ON TABLE app.%I IS %L', name, E'tenant: a month of the audit log\nprivacy: tenant delete after 365 days unexported; person(actor_id) keep');
    EXECUTE pg_catalog.format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE pg_catalog.format(
        'CREATE POLICY %I ON app.%I USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id())', name || '_tenant', name);
END $$;

-- Where events go when nobody has made their month's partition in time: they are kept, and `unnati verify` says so.
CREATE TABLE app.audit_events_other PARTITION OF app.audit_events DEFAULT;
SELECT app.secure_audit_partition('audit_events_other');
SELECT app.make_audit_partition((date_trunc('month', now()) + n * interval '1 month')::date) FROM generate_series(0, 3) AS n;
