// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension CatalogRule {
    /// Permissive policies add up: one that is too wide is enough, whatever the others say. Restrictive ones only take away.
    static let policyRules = [
        CatalogRule(
            "tenant_policy",
            "A tenant's rows are seen and written by nobody else: one policy FOR ALL with USING and WITH CHECK (tenant_id = app.current_tenant_id()).",
            comparing("tenant", "(tenant_id = app.current_tenant_id())")),
        CatalogRule(
            "person_policy",
            "A person's rows are theirs: one policy FOR ALL with USING and WITH CHECK (user_id = app.current_user_id()).",
            comparing("person", "(user_id = app.current_user_id())")),
        CatalogRule(
            "directory_access",
            "What must be found before anyone is known is reached through the listed functions alone: no grants and no policies but for their owners.",
            """
            SELECT t.name, 'is granted to ' || coalesce(r.rolname, 'PUBLIC')
            FROM tables t JOIN pg_class c ON c.oid = t.oid, aclexplode(c.relacl) AS a LEFT JOIN pg_roles r ON r.oid = a.grantee
            WHERE t.kind = 'directory' AND a.grantee <> c.relowner AND a.grantee NOT IN (SELECT oid FROM definers)
            UNION
            SELECT t.name, 'has a policy for other roles: ' || p.polname
            FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
            WHERE t.kind = 'directory' AND p.polpermissive AND NOT p.polroles <@ (SELECT array_agg(oid) FROM definers)
            """),
        CatalogRule(
            "operational_policy",
            "A policy of an operational table names the roles it is for.",
            """
            SELECT t.name, 'has a policy for everybody: ' || p.polname FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
            WHERE t.kind = 'operational' AND p.polpermissive AND 0 = ANY (p.polroles)
            """),
        CatalogRule(
            "plain_policies",
            "No policy asks a table: that costs every statement, and Citus refuses it.",
            """
            SELECT t.name, 'has a policy with a sub-select: ' || p.polname FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
            WHERE concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) ~* '\\mselect\\M'
            """),
        CatalogRule(
            "grants",
            "A role that serves reads and writes rows and nothing more: TRUNCATE, REFERENCES and TRIGGER pass row security by, and CREATE makes objects to hide in.",
            """
            SELECT c.relname, 'lets ' || s.name || ' ' || a.privilege_type
            FROM pg_class c, aclexplode(c.relacl) AS a JOIN serving s ON s.oid = a.grantee
            WHERE c.relnamespace = to_regnamespace('app') AND c.relkind IN ('r', 'p', 'v')
              AND a.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
            UNION ALL
            SELECT 'schema ' || n.nspname, 'lets ' || s.name || ' CREATE' FROM pg_namespace n, serving s
            WHERE n.nspname IN ('app', 'public') AND has_schema_privilege(s.oid, n.oid, 'CREATE')
            """),
        CatalogRule(
            "public_grants",
            "Nothing is granted to everybody: REVOKE ALL ON … FROM PUBLIC.",
            """
            SELECT c.relname::text, 'is granted to PUBLIC: ' || a.privilege_type
            FROM pg_class c, aclexplode(c.relacl) AS a WHERE c.relnamespace = to_regnamespace('app') AND a.grantee = 0
            UNION ALL
            SELECT p.oid::regprocedure::text, 'may be called by everybody'
            FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
            WHERE p.pronamespace = to_regnamespace('app') AND a.grantee = 0
            UNION ALL
            SELECT 'schema ' || n.nspname, 'is granted to PUBLIC: ' || a.privilege_type
            FROM pg_namespace n, aclexplode(n.nspacl) AS a WHERE n.nspname IN ('app', 'public') AND a.grantee = 0
            """),
        CatalogRule(
            "database_grants",
            "Only roles of Unnati come into its database: REVOKE ALL ON DATABASE … FROM PUBLIC, as docker/roles.sql does.",
            isRequiredToServe: false,
            """
            SELECT 'database ' || d.datname, 'is granted to PUBLIC: ' || a.privilege_type
            FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
            WHERE d.datname = current_database() AND a.grantee = 0
            """),
    ]

    /// Tables of a kind without the one policy of this form, or with another that widens it. Policies for the owners of
    /// definer functions are theirs to be careful with.
    private static func comparing(_ kind: String, _ expression: String) -> String {
        """
        SELECT t.name, 'has no policy that compares ' || '\(expression)' FROM tables t
        WHERE t.kind = '\(kind)' AND NOT EXISTS (
            SELECT FROM pg_policy p
            WHERE p.polrelid = t.oid AND p.polpermissive AND p.polcmd = '*' AND 0 = ANY (p.polroles)
              AND pg_get_expr(p.polqual, p.polrelid) = '\(expression)' AND pg_get_expr(p.polwithcheck, p.polrelid) = '\(expression)')
        UNION ALL
        SELECT t.name, 'has a policy of another form: ' || p.polname FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
        WHERE t.kind = '\(kind)' AND p.polpermissive AND NOT p.polroles <@ (SELECT array_agg(oid) FROM definers)
          AND (p.polcmd IN ('*', 'r', 'w', 'd') AND pg_get_expr(p.polqual, p.polrelid) IS DISTINCT FROM '\(expression)'
               OR p.polcmd IN ('*', 'a', 'w') AND pg_get_expr(p.polwithcheck, p.polrelid) IS DISTINCT FROM '\(expression)')
        """
    }
}
