// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database
import TestSupport
import Testing

/// What the schema promises, asked of PostgreSQL's own catalog, so that a new table is covered by being there.
@Suite struct CatalogTests {
    private func none(_ sql: String, _ comment: Comment) async throws {
        try await TestDatabase.run { database in
            let found = try database.run(as: "unnati_owner", sql)
            #expect(found == [], comment)
        }
    }

    @Test func everyTableSaysItsKindAndForcesRowSecurity() async throws {
        try await none(
            """
            SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p')
              AND (NOT c.relrowsecurity OR NOT c.relforcerowsecurity
                   OR coalesce(obj_description(c.oid, 'pg_class'), '') !~ '^(tenant|person|directory|operational): .')
            """, "a table without a kind or without forced row security")
    }

    @Test func keysOfTenantTablesContainTheTenant() async throws {
        try await none(
            """
            SELECT k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
            WHERE c.relnamespace = 'app'::regnamespace AND k.contype IN ('p', 'u', 'f') AND obj_description(c.oid, 'pg_class') LIKE 'tenant:%'
              AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (k.conkey) AND a.attname = 'tenant_id')
              AND k.confrelid <> 'app.users'::regclass
            """, "a key that could cross the border between tenants")
    }

    @Test func policiesOfTenantTablesCompareTheTenant() async throws {
        try await none(
            """
            SELECT c.relname, p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
            WHERE obj_description(c.oid, 'pg_class') LIKE 'tenant:%' AND p.polroles = '{0}'
              AND (pg_get_expr(p.polqual, p.polrelid) IS DISTINCT FROM '(tenant_id = app.current_tenant_id())'
                   OR pg_get_expr(p.polwithcheck, p.polrelid) IS DISTINCT FROM '(tenant_id = app.current_tenant_id())')
            """, "a policy of another form")
    }

    @Test func definerFunctionsAreTheListedOnes() async throws {
        try await TestDatabase.run { database in
            let functions = try database.run(
                as: "unnati_owner",
                """
                SELECT p.proname || ' ' || pg_get_userbyid(p.proowner) || ' ' || array_to_string(p.proconfig, ',') FROM pg_proc p
                WHERE p.prosecdef AND p.pronamespace = 'app'::regnamespace ORDER BY 1
                """)
            #expect(
                functions.map { $0[0] ?? "" } == [
                    #"claim_login_identity unnati_directory search_path="""#,
                    #"find_login_identity unnati_directory search_path="""#,
                    #"memberships_of_current_user unnati_directory search_path="""#,
                ])
        }
    }

    @Test func nothingIsGrantedToEverybody() async throws {
        try await none(
            """
            SELECT p.proname FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE p.pronamespace = 'app'::regnamespace AND a.grantee = 0
            UNION ALL SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'app'::regnamespace AND a.grantee = 0
            UNION ALL SELECT n.nspname FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname IN ('app', 'public') AND a.grantee = 0
            """, "a grant to PUBLIC")
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
