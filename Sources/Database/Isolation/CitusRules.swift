// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension CatalogRule {
    /// What lets the tenants' tables be spread over many machines by tenant_id when one is outgrown (docs/scaling.md). Keys with
    /// the tenant and policies without a sub-select are asked for by other rules already; what the server says to PostgreSQL
    /// is judged by the tests.
    static let citusRules = [
        CatalogRule(
            "citus_references",
            "Where a table that is spread and one that is not refer to one another, the other is copied to every machine, and only small tables may be (\(copied.joined(separator: ", "))).",
            isRequiredToServe: false,
            """
            SELECT t.name, 'would have to be copied to every machine' FROM (
                WITH RECURSIVE whole AS (
                    SELECT k.confrelid AS oid FROM pg_constraint k JOIN tables t ON t.oid = k.conrelid JOIN tables target ON target.oid = k.confrelid
                    WHERE k.contype = 'f' AND (t.kind = 'tenant') <> (target.kind = 'tenant')
                    UNION
                    SELECT k.confrelid FROM pg_constraint k JOIN whole ON whole.oid = k.conrelid WHERE k.contype = 'f')
                SELECT oid FROM whole) AS whole JOIN tables t USING (oid)
            WHERE t.name <> ALL (\(list))
            """),
        CatalogRule(
            "citus_triggers",
            "A table that is spread has no triggers: Citus runs none there.",
            isRequiredToServe: false,
            """
            SELECT t.name, 'has a trigger: ' || g.tgname FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid
            WHERE t.kind = 'tenant' AND t.name <> ALL (\(list)) AND NOT g.tgisinternal
            """),
        CatalogRule(
            "citus_sequences",
            "Numbers that PostgreSQL gives out in a table that is spread are bigint: each machine has a part of them.",
            isRequiredToServe: false,
            """
            SELECT t.name, 'counts in ' || format_type(s.seqtypid, NULL)
            FROM tables t JOIN pg_depend d ON d.refobjid = t.oid AND d.deptype IN ('a', 'i') JOIN pg_sequence s ON s.seqrelid = d.objid
            WHERE t.kind = 'tenant' AND s.seqtypid <> 'bigint'::regtype
            """),
        CatalogRule(
            "citus_functions",
            "No function writes what it selects into a tenant's table: Citus refuses INSERT … SELECT under row security.",
            isRequiredToServe: false,
            """
            SELECT p.oid::regprocedure::text, 'selects what it inserts into ' || t.name
            FROM pg_proc p JOIN tables t ON t.kind = 'tenant'
                AND pg_get_functiondef(p.oid) ~* ('insert\\s+into\\s+app\\.' || t.name || '\\M[^;]*\\mselect\\M')
            WHERE p.pronamespace = to_regnamespace('app') AND p.prokind IN ('f', 'p')
            """),
    ]

    /// Small enough to be everywhere. Sessions refer to memberships, and memberships to the two others.
    static let copied = ["memberships", "tenants", "users"]

    private static let list = "ARRAY[\(copied.map { "'\($0)'" }.joined(separator: ", "))]"
}
