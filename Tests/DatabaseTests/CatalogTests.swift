// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database
import TestSupport
import Testing

/// The rules by which a schema is looked at: it obeys them, and each finds what breaks it.
@Suite struct CatalogTests {
    @Test(arguments: ["unnati_owner", "unnati_app"]) func theSchemaObeysEveryRule(_ role: String) async throws {
        try await TestDatabase.run { database in
            let findings = try CatalogRule.findings(on: AdminConnection(url: database.url(role)))
            #expect(findings == [])
        }
    }

    /// What is done to the schema, which rule finds it, and on what.
    private static let breaches: [(sql: String, rule: String, object: String)] = [
        ("CREATE TABLE app.x (id uuid)", "table_kind", "x"),
        ("COMMENT ON TABLE app.customers IS 'customers: of a tenant'", "table_kind", "customers"),
        ("COMMENT ON TABLE app.customers IS 'tenant: of nobody'", "privacy", "customers"),
        ("COMMENT ON TABLE app.customers IS E'tenant: x\\nprivacy: person delete'", "privacy", "customers"),
        ("COMMENT ON TABLE app.customers IS E'tenant: x\\nprivacy: tenant burn'", "privacy", "customers"),
        ("CREATE TABLE app.x (id uuid)", "row_security", "x"),
        ("ALTER TABLE app.customers NO FORCE ROW LEVEL SECURITY", "row_security", "customers"),
        ("ALTER TABLE app.users DISABLE ROW LEVEL SECURITY", "row_security", "users"),
        ("DROP SCHEMA app CASCADE", "schema", "schema app"),
        ("CREATE TABLE public.x (id uuid)", "schema", "public.x"),
        ("CREATE SCHEMA other CREATE VIEW x AS SELECT 1", "schema", "other.x"),
        ("CREATE VIEW app.x AS SELECT * FROM app.customers", "views", "x"),
        ("CREATE VIEW app.x WITH (security_invoker = false) AS SELECT 1", "views", "x"),
        ("CREATE MATERIALIZED VIEW app.x AS SELECT * FROM app.customers", "views", "x"),
        (
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.customers_stage_id'::regclass",
            "valid_indexes", "app.customers_stage_id"
        ),
        ("ALTER TABLE app.customer_import_rows DROP COLUMN tenant_id CASCADE", "tenant_column", "customer_import_rows"),
        (
            "ALTER TABLE app.tenants DROP CONSTRAINT tenants_pkey CASCADE; ALTER TABLE app.tenants ALTER tenant_id DROP NOT NULL",
            "tenant_column", "tenants"
        ),
        (
            "ALTER TABLE app.customers DROP CONSTRAINT customers_pkey CASCADE; ALTER TABLE app.customers ADD PRIMARY KEY (id, tenant_id)",
            "tenant_primary_key", "customers"
        ),
        ("ALTER TABLE app.customers ADD CONSTRAINT x UNIQUE (phone)", "tenant_unique", "app.x"),
        ("CREATE UNIQUE INDEX x ON app.customers (lower(email))", "tenant_unique", "app.x"),
        (
            """
            CREATE UNIQUE INDEX y ON app.customers (tenant_id, id);
            ALTER TABLE app.customers ADD CONSTRAINT k UNIQUE (id);
            ALTER TABLE app.customer_import_rows ADD CONSTRAINT x FOREIGN KEY (customer_id) REFERENCES app.customers (id)
            """, "tenant_foreign_key", "customer_import_rows.x"
        ),
        (
            "ALTER TABLE app.sessions ADD CONSTRAINT x FOREIGN KEY (user_id, tenant_id) REFERENCES app.memberships (tenant_id, user_id) NOT VALID",
            "tenant_foreign_key", "sessions.x"
        ),
        (
            "ALTER TABLE app.customer_import_rows ADD CONSTRAINT x FOREIGN KEY (customer_id) REFERENCES app.session_revocations (session_id)",
            "tenant_foreign_key", "customer_import_rows.x"
        ),
        (
            "DROP FUNCTION app.memberships_of_current_user()", "definer_functions",
            "app.memberships_of_current_user()"
        ),
        ("DROP POLICY customers_tenant ON app.customers", "tenant_policy", "customers"),
        ("CREATE POLICY x ON app.customers FOR SELECT USING (true)", "tenant_policy", "customers"),
        (
            "CREATE POLICY x ON app.customers FOR SELECT TO unnati_app USING (stage = 'lead')", "tenant_policy",
            "customers"
        ),
        ("CREATE POLICY x ON app.customers FOR INSERT TO unnati_app WITH CHECK (true)", "tenant_policy", "customers"),
        ("ALTER POLICY customers_tenant ON app.customers WITH CHECK (true)", "tenant_policy", "customers"),
        (
            "ALTER POLICY customers_tenant ON app.customers USING (tenant_id = app.current_tenant_id() OR stage = 'lead')",
            "tenant_policy", "customers"
        ),
        ("ALTER POLICY sessions_person ON app.sessions USING (true)", "person_policy", "sessions"),
        ("GRANT SELECT ON app.login_identities TO unnati_app", "directory_access", "login_identities"),
        ("CREATE POLICY x ON app.login_identities TO unnati_app USING (true)", "directory_access", "login_identities"),
        ("CREATE POLICY x ON app.rate_buckets USING (true)", "operational_policy", "rate_buckets"),
        (
            "CREATE POLICY x ON app.rate_buckets TO unnati_worker USING (EXISTS (SELECT FROM app.tenants))",
            "plain_policies", "rate_buckets"
        ),
        ("GRANT TRUNCATE ON app.customers TO unnati_app", "grants", "customers"),
        ("GRANT REFERENCES ON app.customers TO unnati_worker", "grants", "customers"),
        ("GRANT CREATE ON SCHEMA app TO unnati_app", "grants", "schema app"),
        ("GRANT SELECT ON app.customers TO PUBLIC", "public_grants", "customers"),
        ("CREATE FUNCTION app.x() RETURNS int LANGUAGE sql RETURN 1", "public_grants", "app.x()"),
        ("GRANT USAGE ON SCHEMA app TO PUBLIC", "public_grants", "schema app"),
        (
            "CREATE FUNCTION app.x() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = '' RETURN 1",
            "definer_functions", "app.x()"
        ),
        (
            "ALTER FUNCTION app.find_login_identity(text, text) RESET search_path", "definer_functions",
            "app.find_login_identity(text,text)"
        ),
        (
            "ALTER FUNCTION app.find_login_identity(text, text) SET search_path = public", "definer_functions",
            "app.find_login_identity(text,text)"
        ),
        (
            "ALTER FUNCTION app.find_login_identity(text, text) OWNER TO unnati_owner", "definer_functions",
            "app.find_login_identity(text,text)"
        ),
        ("ALTER FUNCTION app.current_tenant_id() LEAKPROOF", "leakproof", "app.current_tenant_id()"),
        (
            "ALTER TABLE app.session_revocations ADD COLUMN tenant_id uuid, ADD COLUMN import_id uuid, ADD CONSTRAINT x FOREIGN KEY (tenant_id, import_id) REFERENCES app.customer_imports (tenant_id, id)",
            "citus_references", "customer_imports"
        ),
        (
            "ALTER TABLE app.customers ADD COLUMN user_id uuid REFERENCES app.user_passwords (user_id)",
            "citus_references", "user_passwords"
        ),
        (
            "CREATE TRIGGER x BEFORE UPDATE ON app.customers FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "citus_triggers", "customers"
        ),
        (
            "ALTER TABLE app.customers ADD COLUMN number integer GENERATED ALWAYS AS IDENTITY", "citus_sequences",
            "customers"
        ),
        (
            "CREATE FUNCTION app.x() RETURNS void LANGUAGE sql BEGIN ATOMIC INSERT INTO app.customers SELECT * FROM app.customers; END",
            "citus_functions", "app.x()"
        ),
        ("ALTER ROLE unnati_app BYPASSRLS", "roles", "unnati_app"),
        ("ALTER ROLE unnati_worker CREATEROLE", "roles", "unnati_worker"),
        ("ALTER ROLE unnati_directory LOGIN", "roles", "unnati_directory"),
        ("GRANT unnati_owner TO unnati_app", "roles", "unnati_app"),
        ("GRANT pg_read_all_data TO unnati_readonly", "roles", "unnati_readonly"),
        ("ALTER TABLE app.customers OWNER TO unnati_app", "ownership", "customers"),
        ("ALTER FUNCTION app.current_tenant_id() OWNER TO postgres", "ownership", "app.current_tenant_id()"),
        ("ALTER ROLE unnati_app RESET plan_cache_mode", "role_settings", "unnati_app"),
        ("ALTER ROLE unnati_app SET search_path = app", "role_settings", "unnati_app"),
    ]

    /// In transactions that are rolled back: roles belong to the whole cluster, where other tests are at work.
    @Test func everyBreachIsFound() async throws {
        try await TestDatabase.run { database in
            let connection = try AdminConnection(url: database.url("postgres"))
            let breaches =
                Self.breaches + [
                    (
                        "GRANT TEMPORARY ON DATABASE \(database.name) TO PUBLIC", "database_grants",
                        "database \(database.name)"
                    )
                ]
            for breach in breaches {
                try connection.run("BEGIN; \(breach.sql)")
                let findings = try CatalogRule.findings(on: connection)
                try connection.run("ROLLBACK")
                #expect(
                    findings.contains { $0.rule == breach.rule && $0.object == breach.object },
                    "\(breach.sql) was not found by \(breach.rule), only \(findings)")
            }
            let tried = Set(breaches.map(\.rule))
            #expect(CatalogRule.all.map(\.name).filter { !tried.contains($0) } == [], "rules without a breach")
        }
    }

    @Test func aServerDoesNotStartOnASchemaThatBreaksARule() async throws {
        try await TestDatabase.run { database in
            try database.run(as: "unnati_owner", "ALTER POLICY customers_tenant ON app.customers USING (true)")
            let url = try database.url()
            let refusal = #expect(throws: StartupCheck.Refusal.self) {
                try StartupCheck.run(url: url, migrations: Contract.repository + "/sql")
            }
            #expect(refusal?.description.contains("customers has a policy of another form: customers_tenant") == true)
        }
    }

    @Test func theServerHasNoWayIntoTheDirectory() async throws {
        try await TestDatabase.run { database in
            #expect(throws: AdminError.self) {
                try database.run(as: "unnati_app", "SELECT * FROM app.login_identities")
            }
            #expect(throws: AdminError.self) { try database.run(as: "unnati_app", "TRUNCATE app.customers") }
            #expect(throws: AdminError.self) { try database.run(as: "unnati_app", "SET ROLE unnati_directory") }
            #expect(throws: AdminError.self) { try database.run(as: "unnati_worker", "SELECT * FROM app.customers") }
        }
    }
}
