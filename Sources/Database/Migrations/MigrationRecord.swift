// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What a database remembers of migrations: which files it has (`app.schema_migrations`), everything that was ever done to
/// them (`app.schema_migration_events`, which only grows), and what the schema looked like afterwards
/// (`app.schema_fingerprints`).
package enum MigrationRecord {
    package struct Applied: Sendable, Equatable {
        package let version: Int, name: String, checksum: String, appliedAt: String
        package let phase: MigrationPhase
        /// False while a file without a transaction is under way, or was stopped.
        package let isComplete: Bool

        package init(
            version: Int, name: String, checksum: String, appliedAt: String = "", phase: MigrationPhase = .expand,
            isComplete: Bool = true
        ) {
            self.version = version
            self.name = name
            self.checksum = checksum
            self.appliedAt = appliedAt
            self.phase = phase
            self.isComplete = isComplete
        }

        var label: String { MigrationFile.label(version, name) }
    }

    /// A line of the events, for people who ask what happened.
    package struct Event: Sendable, Equatable {
        package let at: String, kind: String, label: String, detail: String, by: String
    }

    /// In order of version; nothing when there is no record yet.
    /// - Throws: `AdminError`.
    package static func applied(on connection: borrowing AdminConnection) throws -> [Applied] {
        guard try connection.value("SELECT to_regclass('app.schema_migrations')") != nil else { return [] }
        // A record that an earlier build has made lacks these two until the next `up`.
        let hasPhases =
            try connection.value(
                "SELECT true FROM pg_attribute WHERE attrelid = 'app.schema_migrations'::regclass AND attname = 'phase'"
            )
            == "t"
        return try connection.run(
            """
            SELECT version, name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                   \(hasPhases ? "phase, is_complete" : "'expand', true")
            FROM app.schema_migrations ORDER BY version
            """
        ).compactMap { row in
            guard row.count == 6, let version = row[0].flatMap({ Int($0) }), let name = row[1], let checksum = row[2],
                let at = row[3], let phase = row[4].flatMap(MigrationPhase.init(rawValue:))
            else { return nil }
            return Applied(
                version: version, name: name, checksum: checksum, appliedAt: at, phase: phase, isComplete: row[5] == "t"
            )
        }
    }

    /// Newest last.
    static func events(on connection: borrowing AdminConnection) throws -> [Event] {
        guard try connection.value("SELECT to_regclass('app.schema_migration_events')") != nil else { return [] }
        return try connection.run(
            """
            SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), kind,
                   coalesce(lpad(version::text, 4, '0') || '_' || name, ''), coalesce(detail, ''), recorded_by
            FROM app.schema_migration_events ORDER BY id
            """
        ).map { row in
            Event(at: row[0] ?? "", kind: row[1] ?? "", label: row[2] ?? "", detail: row[3] ?? "", by: row[4] ?? "")
        }
    }

    static func add(
        _ kind: String, _ version: Int?, _ name: String?, _ detail: String, _ build: String,
        on connection: borrowing AdminConnection
    ) throws {
        try connection.run(
            """
            INSERT INTO app.schema_migration_events (kind, version, name, detail, app_version)
            VALUES ($1, NULLIF($2, '')::integer, NULLIF($3, ''), NULLIF($4, ''), $5)
            """, [kind, version.map(String.init) ?? "", name ?? "", detail, build])
    }

    /// The tables, made or brought up to date before the first file, because every file is recorded in them. Under FORCE
    /// the owner needs policies like anybody else where it has no BYPASSRLS.
    static func create(on connection: borrowing AdminConnection) throws {
        try connection.run(
            """
            BEGIN;
            SET LOCAL lock_timeout = '2s';
            SET LOCAL client_min_messages = warning;
            CREATE SCHEMA IF NOT EXISTS app;
            CREATE TABLE IF NOT EXISTS app.schema_migrations (
                version     integer     NOT NULL CONSTRAINT schema_migrations_pkey PRIMARY KEY,
                name        text        NOT NULL,
                checksum    text        NOT NULL,
                applied_at  timestamptz NOT NULL DEFAULT now(),
                applied_by  text        NOT NULL DEFAULT current_user,
                duration_ms bigint      NOT NULL
            );
            ALTER TABLE app.schema_migrations
                ADD COLUMN IF NOT EXISTS phase text NOT NULL DEFAULT 'expand'
                    CONSTRAINT schema_migrations_phase CHECK (phase IN ('expand', 'contract')),
                ADD COLUMN IF NOT EXISTS is_complete boolean NOT NULL DEFAULT true,
                ADD COLUMN IF NOT EXISTS app_version text;
            COMMENT ON TABLE app.schema_migrations IS E'operational: which migration files were applied\\nprivacy: none';
            CREATE TABLE IF NOT EXISTS app.schema_migration_events (
                id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY CONSTRAINT schema_migration_events_pkey PRIMARY KEY,
                at          timestamptz NOT NULL DEFAULT clock_timestamp(),
                kind        text        NOT NULL,
                version     integer,
                name        text,
                detail      text,
                recorded_by text        NOT NULL DEFAULT session_user,
                app_version text
            );
            COMMENT ON TABLE app.schema_migration_events IS E'operational: what was done with migration files\\nprivacy: none';
            CREATE TABLE IF NOT EXISTS app.schema_fingerprints (
                id       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY CONSTRAINT schema_fingerprints_pkey PRIMARY KEY,
                taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                lines    text        NOT NULL
            );
            COMMENT ON TABLE app.schema_fingerprints IS E'operational: what the schema looked like after a migration\\nprivacy: none';
            DO $$
            DECLARE
                name text;
            BEGIN
                FOREACH name IN ARRAY ARRAY['schema_migrations', 'schema_migration_events', 'schema_fingerprints'] LOOP
                    EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
                    IF NOT EXISTS (SELECT FROM pg_catalog.pg_policies p
                                   WHERE p.schemaname = 'app' AND p.tablename = name AND p.policyname = name || '_owner') THEN
                        EXECUTE format('CREATE POLICY %I ON app.%I TO unnati_owner USING (true) WITH CHECK (true)', name || '_owner', name);
                    END IF;
                END LOOP;
            END $$;
            COMMIT
            """)
    }

    /// Whether ``create(on:)`` has anything to do, so that an `up` with nothing to apply locks nothing.
    static func isCurrent(on connection: borrowing AdminConnection) throws -> Bool {
        try connection.value(
            """
            SELECT count(*) = 3 FROM pg_catalog.pg_policies p
            WHERE p.schemaname = 'app' AND p.policyname IN ('schema_migrations_owner', 'schema_migration_events_owner', 'schema_fingerprints_owner')
            """) == "t"
    }
}
