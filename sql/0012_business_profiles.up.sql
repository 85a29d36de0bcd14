-- What a business says of itself: for its customers, its page, and the assistant that writes in its name.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- Nothing is there until something is said.
CREATE TABLE app.business_profiles (
    tenant_id  uuid        NOT NULL DEFAULT app.current_tenant_id(),
    trade      text,
    address    text,
    city       text,
    state      text,
    pin_code   text,
    gstin      text,
    languages  text[]      NOT NULL DEFAULT '{}',  -- ISO 639, the one spoken most first
    upi_id     text,
    tone       text,
    version    bigint      NOT NULL DEFAULT 1,  -- grows with every change, the name's and the hours' too; the ETag
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT business_profiles_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT business_profiles_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id),
    CONSTRAINT business_profiles_lengths CHECK (
        octet_length(trade) <= 64 AND octet_length(address) <= 300 AND octet_length(city) <= 100 AND octet_length(state) <= 100
        AND pin_code ~ '^[1-9][0-9]{5}$' AND octet_length(gstin) = 15 AND cardinality(languages) <= 13 AND octet_length(upi_id) <= 321
        AND octet_length(tone) <= 64)
);
COMMENT ON TABLE app.business_profiles IS 'tenant: what a business says of itself
privacy: tenant delete';
ALTER TABLE app.business_profiles ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY business_profiles_tenant ON app.business_profiles
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, UPDATE ON app.business_profiles TO unnati_app;

CREATE TABLE app.business_hours (
    tenant_id uuid   NOT NULL DEFAULT app.current_tenant_id(),
    day       bigint NOT NULL,  -- 1 is Monday
    opens     bigint NOT NULL,  -- minutes since midnight, where the business is
    closes    bigint NOT NULL,
    CONSTRAINT business_hours_pkey PRIMARY KEY (tenant_id, day, opens),
    CONSTRAINT business_hours_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id),
    CONSTRAINT business_hours_bounds CHECK (day BETWEEN 1 AND 7 AND opens >= 0 AND opens < closes AND closes <= 1440)
);
COMMENT ON TABLE app.business_hours IS 'tenant: when a business is open
privacy: tenant delete';
ALTER TABLE app.business_hours ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY business_hours_tenant ON app.business_hours
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, DELETE ON app.business_hours TO unnati_app;

GRANT UPDATE (name) ON app.tenants TO unnati_app;
GRANT UPDATE (name) ON app.users TO unnati_app;
