-- Who looks after a customer, and whether staff see the others.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE app.customers ADD COLUMN owner_id uuid;
-- Not checked for the rows that are there: they have none.
ALTER TABLE app.customers ADD CONSTRAINT customers_owner_fkey
    FOREIGN KEY (tenant_id, owner_id) REFERENCES app.memberships (tenant_id, user_id) NOT VALID;
COMMENT ON TABLE app.customers IS 'tenant: a person in the customer book
privacy: tenant delete; customer(id) delete; person(owner_id) keep unexported';
ALTER TABLE app.tenants ADD COLUMN staff_see_own_customers boolean NOT NULL DEFAULT false;
GRANT UPDATE (staff_see_own_customers) ON app.tenants TO unnati_app;

-- The businesses of the person of the current transaction, and what they are there. Takes the place of businesses_of_current_user(),
-- which builds that run still ask.
CREATE FUNCTION app.standings_of_current_user()
    RETURNS TABLE (tenant_id uuid, name text, role text, sees_own_customers boolean, changed_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT m.tenant_id, t.name, CASE WHEN t.closed_at IS NULL THEN m.role ELSE 'closed' END,
               m.role = 'staff' AND t.staff_see_own_customers, m.changed_at
        FROM app.memberships m JOIN app.tenants t ON t.tenant_id = m.tenant_id
        WHERE m.user_id = app.current_user_id() AND m.ended_at IS NULL AND (t.closed_at IS NULL OR m.role = 'owner')
        ORDER BY t.closed_at IS NOT NULL, m.created_at, m.tenant_id;
    END;
GRANT CREATE ON SCHEMA app TO unnati_directory;
ALTER FUNCTION app.standings_of_current_user() OWNER TO unnati_directory;
REVOKE CREATE ON SCHEMA app FROM unnati_directory;
REVOKE ALL ON FUNCTION app.standings_of_current_user() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.standings_of_current_user() TO unnati_app;
