// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension CatalogRule {
    /// Unique and foreign keys are checked past row security: one without the tenant tells whether another business has a
    /// row (PostgreSQL manual, 5.9), and could tie two together.
    static let keyRules = [
        CatalogRule(
            "tenant_column",
            "Every row of a tenant's table names its tenant: tenant_id uuid NOT NULL.",
            """
            SELECT t.name, 'has no column tenant_id uuid NOT NULL' FROM tables t
            WHERE t.kind = 'tenant' AND NOT EXISTS (
                SELECT FROM pg_attribute a
                WHERE a.attrelid = t.oid AND a.attname = 'tenant_id' AND a.atttypid = 'uuid'::regtype AND a.attnotnull AND NOT a.attisdropped)
            """),
        CatalogRule(
            "tenant_primary_key",
            "The primary key of a tenant's table begins with tenant_id.",
            """
            SELECT t.name, 'has no primary key that begins with tenant_id' FROM tables t
            WHERE t.kind = 'tenant' AND NOT EXISTS (
                SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                WHERE i.indrelid = t.oid AND i.indisprimary AND a.attname = 'tenant_id')
            """),
        CatalogRule(
            "tenant_unique",
            "What is unique in a tenant's table is so within the tenant: tenant_id is among its columns.",
            """
            SELECT i.indexrelid::regclass::text, 'is unique over all tenants' FROM tables t JOIN pg_index i ON i.indrelid = t.oid
            WHERE t.kind = 'tenant' AND i.indisunique AND NOT EXISTS (
                SELECT FROM pg_attribute a
                WHERE a.attrelid = t.oid AND a.attname = 'tenant_id' AND a.attnum = ANY (i.indkey::int2[]))
            """),
        CatalogRule(
            "tenant_foreign_key",
            "What refers to a tenant's row, or from one to anything but a person, names the tenant: FOREIGN KEY (tenant_id, …) REFERENCES … (tenant_id, …).",
            """
            SELECT t.name || '.' || k.conname, 'refers to ' || k.confrelid::regclass::text || ' without the tenant'
            FROM pg_constraint k JOIN tables t ON t.oid = k.conrelid LEFT JOIN tables target ON target.oid = k.confrelid
            WHERE k.contype = 'f' AND (target.kind = 'tenant' OR t.kind = 'tenant' AND coalesce(target.kind, '') <> 'person') AND NOT EXISTS (
                SELECT FROM unnest(k.conkey, k.confkey) AS pair (here, there)
                JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.here AND a.attname = 'tenant_id'
                JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.there AND b.attname = 'tenant_id')
            """),
    ]
}
