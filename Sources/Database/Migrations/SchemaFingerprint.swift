// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// A schema as lines of text, one for each thing that PostgreSQL's catalog knows of it. Two databases that behave alike have
/// the same lines, whatever the order in which things were made: columns have names here and no numbers.
package struct SchemaFingerprint: Sendable, Equatable {
    /// In order; each begins with what it is about, such as `column customers.name`.
    package let lines: [String]

    package init(lines: [String]) { self.lines = lines }

    /// - Throws: `AdminError`.
    package static func take(of connection: borrowing AdminConnection) throws -> SchemaFingerprint {
        // With an empty path every name comes out in full.
        let before = try connection.value("SELECT pg_catalog.current_setting('search_path')") ?? ""
        try connection.run("SELECT pg_catalog.set_config('search_path', '', false)")
        defer { _ = try? connection.run("SELECT pg_catalog.set_config('search_path', $1, false)", [before]) }
        let rows = try connection.run(query)
        return SchemaFingerprint(
            lines: rows.compactMap { $0.first ?? nil }.map { line in
                line.hasPrefix("constraint ") || line.hasPrefix("policy ") ? FlatExpression.of(line) : line
            })
    }

    /// What was written down when a migration last ended; nil when nothing was.
    static func recorded(on connection: borrowing AdminConnection) throws -> SchemaFingerprint? {
        guard try connection.value("SELECT to_regclass('app.schema_fingerprints')") != nil,
            let lines = try connection.value("SELECT lines FROM app.schema_fingerprints ORDER BY id DESC LIMIT 1")
        else { return nil }
        return SchemaFingerprint(lines: lines.split(separator: "\n").map { String($0) })
    }

    package struct Difference: Sendable, Equatable {
        package let isMissing: Bool
        package let line: String
    }

    /// What this one lacks of `recorded`, and what it has beyond.
    package func differences(from recorded: SchemaFingerprint) -> [Difference] {
        let here = Set(lines), there = Set(recorded.lines)
        let all = here.symmetricDifference(there).map { Difference(isMissing: !here.contains($0), line: $0) }
        return all.sorted { ($0.line, $0.isMissing ? 0 : 1) < ($1.line, $1.isMissing ? 0 : 1) }
    }

    private static let query = """
        WITH app AS (
            SELECT oid, nspowner, nspacl FROM pg_catalog.pg_namespace WHERE nspname = 'app'
        ), relations AS (
            SELECT c.* FROM pg_catalog.pg_class c JOIN app ON app.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                -- Partitions come and go with time.
                AND NOT c.relispartition
        ), grants (object, acl) AS (
            SELECT 'schema app', coalesce(nspacl, acldefault('n', nspowner)) FROM app
            UNION ALL
            SELECT relname, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) FROM relations
            UNION ALL
            SELECT r.relname || '.' || a.attname, a.attacl FROM pg_catalog.pg_attribute a JOIN relations r ON r.oid = a.attrelid
            WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
            UNION ALL
            SELECT p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))
            FROM pg_catalog.pg_proc p JOIN app ON app.oid = p.pronamespace
        )
        SELECT replace(line, chr(10), ' ') COLLATE "C" FROM (
            SELECT 'schema app owner ' || pg_get_userbyid(nspowner) FROM app
            UNION ALL
            SELECT format('%s %s owner %s%s%s%s', CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                              WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'sequence' END,
                          relname, pg_get_userbyid(relowner),
                          CASE WHEN relrowsecurity THEN ' row security' ELSE '' END, CASE WHEN relforcerowsecurity THEN ' forced' ELSE '' END,
                          coalesce(' with ' || (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(reloptions) AS o), ''))
            FROM relations
            UNION ALL
            SELECT format('comment %s: %s', relname, obj_description(oid, 'pg_class')) FROM relations
            WHERE obj_description(oid, 'pg_class') IS NOT NULL
            UNION ALL
            SELECT format('view %s: %s', relname, pg_get_viewdef(oid)) FROM relations WHERE relkind IN ('v', 'm')
            UNION ALL
            SELECT format('column %s.%s %s%s%s%s', r.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                          CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
                          CASE WHEN a.attgenerated <> '' THEN ' generated ' WHEN d.adbin IS NOT NULL THEN ' default ' ELSE '' END
                              || coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
                          CASE a.attidentity WHEN 'a' THEN ' identity always' WHEN 'd' THEN ' identity' ELSE '' END)
            FROM relations r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE r.relkind <> 'S'
            UNION ALL
            SELECT format('constraint %s.%s %s', r.relname, k.conname, pg_get_constraintdef(k.oid))
            FROM relations r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid WHERE k.contype <> 'n'
            UNION ALL
            SELECT format('index %s.%s%s', r.relname, substr(pg_get_indexdef(i.indexrelid), 8), CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END)
            FROM relations r JOIN pg_catalog.pg_index i ON i.indrelid = r.oid
            UNION ALL
            SELECT format('policy %s.%s %s %s to %s%s%s', r.relname, p.polname,
                          CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END,
                          CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
                          (SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role) END, ', ' ORDER BY role::regrole::text)
                           FROM unnest(p.polroles) AS role),
                          coalesce(' using ' || pg_get_expr(p.polqual, p.polrelid), ''),
                          coalesce(' check ' || pg_get_expr(p.polwithcheck, p.polrelid), ''))
            FROM relations r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
            UNION ALL
            SELECT format('trigger %s', pg_get_triggerdef(t.oid)) FROM relations r
            JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
            UNION ALL
            SELECT format('statistics %s', pg_get_statisticsobjdef(s.oid)) FROM pg_catalog.pg_statistic_ext s JOIN app ON app.oid = s.stxnamespace
            UNION ALL
            SELECT format('function %s owner %s %s', p.oid::regprocedure, pg_get_userbyid(p.proowner), md5(pg_get_functiondef(p.oid)))
            FROM pg_catalog.pg_proc p JOIN app ON app.oid = p.pronamespace WHERE p.prokind IN ('f', 'p')
            UNION ALL
            SELECT format('type %s owner %s%s', t.oid::regtype, pg_get_userbyid(t.typowner),
                          coalesce(': ' || (SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid), ''))
            FROM pg_catalog.pg_type t JOIN app ON app.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r', 'm')
            UNION ALL
            SELECT format('grant %s on %s to %s%s', a.privilege_type, object, CASE a.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END,
                          CASE WHEN a.is_grantable THEN ' with grant option' ELSE '' END)
            FROM grants, aclexplode(acl) AS a
            UNION ALL
            SELECT format('default grant on %s in %s: %s', d.defaclobjtype, coalesce(d.defaclnamespace::regnamespace::text, 'all'), d.defaclacl)
            FROM pg_catalog.pg_default_acl d WHERE pg_get_userbyid(d.defaclrole) = 'unnati_owner'
            UNION ALL
            SELECT format('extension %s', extname) FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql'
        ) AS all_lines (line) ORDER BY 1
        """
}
