// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension CatalogRule {
    /// What `docker/roles.sql` sees to.
    static let roleRules = [
        CatalogRule(
            "roles",
            "The roles that serve, and those that own definer functions, have no rights but what sql/ grants them: run docker/roles.sql.",
            """
            SELECT r.rolname::text, CASE WHEN r.rolsuper THEN 'is a superuser' WHEN r.rolbypassrls THEN 'has BYPASSRLS'
                                         WHEN r.rolcreaterole THEN 'has CREATEROLE' WHEN r.rolcreatedb THEN 'has CREATEDB'
                                         ELSE 'has REPLICATION' END
            FROM pg_roles r
            WHERE r.oid IN (SELECT oid FROM serving UNION ALL SELECT oid FROM definers)
              AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication)
            UNION ALL
            SELECT r.rolname::text, 'is a member of ' || pg_get_userbyid(m.roleid)
            FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
            WHERE r.oid IN (SELECT oid FROM serving UNION ALL SELECT oid FROM definers)
            UNION ALL
            SELECT r.rolname::text, 'can sign in' FROM pg_roles r WHERE r.oid IN (SELECT oid FROM definers) AND r.rolcanlogin
            """),
        CatalogRule(
            "ownership",
            "Everything in schema app belongs to unnati_owner, who does not serve.",
            """
            SELECT 'schema app', 'belongs to ' || pg_get_userbyid(n.nspowner) FROM pg_namespace n
            WHERE n.nspname = 'app' AND pg_get_userbyid(n.nspowner) <> 'unnati_owner'
            UNION ALL
            SELECT c.relname, 'belongs to ' || pg_get_userbyid(c.relowner) FROM pg_class c
            WHERE c.relnamespace = to_regnamespace('app') AND pg_get_userbyid(c.relowner) <> 'unnati_owner'
            UNION ALL
            SELECT p.oid::regprocedure::text, 'belongs to ' || pg_get_userbyid(p.proowner) FROM pg_proc p
            WHERE p.pronamespace = to_regnamespace('app') AND NOT p.prosecdef AND pg_get_userbyid(p.proowner) <> 'unnati_owner'
            """),
        CatalogRule(
            "role_settings",
            "The serving roles look names up nowhere by themselves, plan a statement once, and end what takes too long: run docker/roles.sql again.",
            isRequiredToServe: false,
            """
            SELECT s.name, 'has no ' || wanted.setting
            FROM serving s, (VALUES ('search_path=""'), ('plan_cache_mode=force_generic_plan'), ('statement_timeout'), ('lock_timeout'),
                                    ('idle_in_transaction_session_timeout')) AS wanted (setting)
            WHERE s.name <> 'unnati_readonly' AND NOT EXISTS (
                SELECT FROM pg_db_role_setting d, unnest(d.setconfig) AS kept (setting)
                WHERE d.setrole = s.oid AND d.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
                  AND starts_with(kept.setting, wanted.setting))
            """),
    ]
}
