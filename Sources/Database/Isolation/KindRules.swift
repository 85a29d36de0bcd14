// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension CatalogRule {
    /// What every table, and everything that looks like one, must be.
    static let kindRules = [
        CatalogRule(
            "table_kind",
            "Every table says what kind it is: COMMENT ON TABLE app.… IS 'tenant: …', or person, directory, operational.",
            """
            SELECT name, 'does not say its kind' FROM tables WHERE kind = ''
            """),
        CatalogRule(
            "row_security",
            "Row security holds for everyone, the owner too: ALTER TABLE app.… ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY.",
            """
            SELECT name, CASE WHEN is_secured THEN 'does not force row security' ELSE 'has no row security' END
            FROM tables WHERE NOT is_secured OR NOT is_forced
            """),
        CatalogRule(
            "schema",
            "All tables stand in schema app, where the rules look. `unnati migrate up` makes it.",
            """
            SELECT 'schema app', 'is not there' WHERE to_regnamespace('app') IS NULL
            UNION ALL
            SELECT n.nspname || '.' || c.relname, 'stands outside schema app'
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('app', 'information_schema') AND n.nspname !~ '^pg_'
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            """),
        CatalogRule(
            "views",
            "A view reads as whoever asks: WITH (security_invoker = true). What keeps or fetches rows of its own has no row security.",
            """
            SELECT c.relname, CASE c.relkind WHEN 'v' THEN 'reads as its owner' WHEN 'm' THEN 'is a materialized view'
                                             ELSE 'is a foreign table' END
            FROM pg_class c
            WHERE c.relnamespace = to_regnamespace('app')
              AND (c.relkind IN ('m', 'f')
                   OR c.relkind = 'v' AND NOT coalesce(c.reloptions::text[] && ARRAY['security_invoker=true', 'security_invoker=on'], false))
            """),
        CatalogRule(
            "privacy",
            "Every table says what becomes of its rows when somebody is exported or erased, in a line of its comment: privacy: tenant delete; customer(id) delete.",
            isRequiredToServe: false,
            """
            SELECT name, CASE WHEN rule IS NULL THEN 'does not say what becomes of its rows'
                              WHEN rule !~ '^(none|((tenant|person|customer)(\\([a-z_]+\\))? (keep|delete|mask)[^;]*(; |$))+)$' THEN 'has a rule that cannot be followed: ' || rule
                              ELSE 'does not say what becomes of the rows of a ' || kind END
            FROM (SELECT name, kind, substring(obj_description(oid, 'pg_class') FROM '\\nprivacy: ([^\\n]*)') AS rule FROM tables) AS said
            WHERE rule IS NULL OR rule !~ '^(none|((tenant|person|customer)(\\([a-z_]+\\))? (keep|delete|mask)[^;]*(; |$))+)$' OR kind IN ('tenant', 'person') AND rule !~ ('\\m' || kind || '\\M')
            """),
        CatalogRule(
            "valid_indexes",
            "Every index is whole: one that CREATE INDEX CONCURRENTLY left half-made is dropped and made again.",
            isRequiredToServe: false,
            """
            SELECT i.indexrelid::regclass::text, 'is not valid'
            FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
            WHERE c.relnamespace = to_regnamespace('app') AND NOT i.indisvalid
            """),
    ]
}
