// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database
import Foundation
import TestSupport
import Testing

@Suite struct MigrationLintTests {
    /// What lint says of a file with this text.
    private func findings(_ text: String) throws -> [MigrationLint.Finding] {
        try MigrationFolder.run(["0001_x.up.sql": text]) { folder in
            try MigrationFile.all(in: folder).flatMap { MigrationLint.findings(in: $0) }
        }
    }

    private static let timeouts = "SET LOCAL lock_timeout = '2s';\n"

    @Test(arguments: [
        ("COMMIT", "transaction_control"),
        ("START TRANSACTION", "transaction_control"),
        ("CREATE INDEX CONCURRENTLY x ON app.customers (tenant_id, name)", "needs_no_transaction"),
        ("REINDEX TABLE CONCURRENTLY app.customers", "needs_no_transaction"),
        ("VACUUM app.customers", "needs_no_transaction"),
        ("SET lock_timeout = '2s'", "session_settings"),
        ("DROP TABLE app.customers", "contract_only"),
        ("DROP FUNCTION app.current_tenant_id()", "contract_only"),
        ("ALTER TABLE app.customers DROP COLUMN notes", "contract_only"),
        ("ALTER TABLE app.customers DROP notes", "contract_only"),
        ("ALTER TABLE app.customers RENAME COLUMN notes TO remarks", "contract_only"),
        ("ALTER TABLE ONLY app.customers RENAME TO people", "contract_only"),
        ("ALTER FUNCTION app.current_tenant_id() RENAME TO tenant", "contract_only"),
        ("ALTER TABLE app.customers ALTER COLUMN notes TYPE varchar(5)", "contract_only"),
        ("ALTER TABLE app.customers ALTER notes SET NOT NULL", "contract_only"),
        ("ALTER TABLE app.customers ADD COLUMN gender text NOT NULL", "contract_only"),
        ("REVOKE UPDATE ON app.customers FROM unnati_app", "contract_only"),
        ("CREATE INDEX x ON app.customers (tenant_id, name)", "index_locks"),
        ("ALTER TABLE app.customers ADD CONSTRAINT x CHECK (name <> '')", "constraint_scan"),
        ("ALTER TABLE app.customers ADD FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id)", "constraint_scan"),
        ("ALTER TABLE app.customers ADD COLUMN x uuid DEFAULT gen_random_uuid()", "table_rewrite"),
        ("UPDATE app.customers SET stage = 'lead'", "whole_table_write"),
        ("INSERT INTO app.customers SELECT * FROM app.customers", "insert_select"),
        ("CREATE TABLE app.x (name varchar(20))", "types"),
        ("CREATE TABLE app.x (at timestamp)", "types"),
        ("CREATE TABLE x (id uuid)", "full_names"),
        ("UPDATE customers SET stage = 'lead' WHERE stage = 'x'", "full_names"),
    ])
    func whatGoesWrongLaterIsFound(_ statement: String, _ rule: String) throws {
        let found = try findings(Self.timeouts + statement + ";")
        #expect(found.contains { $0.rule == rule && $0.line == 2 }, "only \(found)")
        #expect(try !findings("-- allow: \(rule)\n" + Self.timeouts + statement + ";").contains { $0.rule == rule })
    }

    @Test(arguments: [
        "CREATE TABLE app.x (id uuid NOT NULL); CREATE INDEX y ON app.x (id); ALTER TABLE app.x ADD CONSTRAINT z CHECK (true); DROP TABLE app.x;",
        "ALTER TABLE app.customers ADD COLUMN gender text, ADD COLUMN visits bigint NOT NULL DEFAULT 0;",
        "ALTER TABLE app.customers ADD CONSTRAINT x CHECK (name <> '') NOT VALID;",
        "ALTER TABLE app.customers ALTER COLUMN notes DROP NOT NULL, DROP CONSTRAINT customers_lengths;",
        "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql RETURN 1; REVOKE ALL ON FUNCTION app.f() FROM PUBLIC, unnati_app;",
        "UPDATE app.customers SET stage = 'lead' WHERE stage = 'old';",
    ])
    func whatGoesWellIsLetAlone(_ text: String) throws {
        #expect(try findings(Self.timeouts + text) == [])
    }

    @Test func eachPhaseHasItsOwn() throws {
        #expect(try findings("-- phase: contract\n\(Self.timeouts)DROP TABLE app.customers;") == [])
        #expect(
            try findings("-- phase: contract\n\(Self.timeouts)CREATE TABLE app.x (id uuid);").map(\.rule) == [
                "expand_only"
            ])
        #expect(try findings("CREATE TABLE app.x (id uuid);").map(\.rule) == ["timeouts"])
    }

    @Test func aFileWithoutTransactionBearsToBeRunAgain() throws {
        let good = "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS x ON app.customers (tenant_id, name);"
        #expect(try findings(good) == [])
        let bad = try findings(good.replacingOccurrences(of: "IF NOT EXISTS ", with: ""))
        #expect(bad.map(\.rule) == ["repeatable"])
        #expect(bad.first?.severity == .error)
    }

    @Test(arguments: [
        ("-- phase: later\nSELECT 1;", "line 1"), ("-- no-transaction: yes\nSELECT 1;", "no-transaction"),
        ("-- lock-timeout: soon\nSELECT 1;", "lock-timeout"), ("SELECT 1;\n-- phase: contract\n", "above the first"),
        ("-- no-transaction\n-- rls: off\nSELECT 1;", "needs a transaction"), ("-- allow: everything\n", "allow"),
        ("-- rls: on\n", "rls"),
    ])
    func aDirectiveThatCannotBeFollowedIsNamed(_ text: String, _ words: String) throws {
        let error = #expect(throws: MigrationError.self) { try findings(text) }
        #expect(error?.description.contains("0001_x.up.sql") == true)
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test func theFilesOfThisBuildHaveNothingToFind() throws {
        let files = try MigrationFile.all(in: Contract.repository + "/sql")
        #expect(files.flatMap { MigrationLint.findings(in: $0) } == [])
    }
}

/// What `plan` says of locks is what PostgreSQL does.
@Suite struct TableLockTests {
    private static let examples = [
        "ALTER TABLE app.customers ADD COLUMN x text",
        "ALTER TABLE ONLY app.customers ALTER COLUMN name SET STATISTICS 200",
        "ALTER TABLE app.customers SET (fillfactor = 80)",
        "ALTER TABLE app.customers ADD CONSTRAINT x FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id) NOT VALID",
        "ALTER TABLE app.customers VALIDATE CONSTRAINT customers_tenant_fkey",
        "ALTER TABLE app.customers DISABLE TRIGGER USER",
        "ALTER TABLE app.customers ENABLE ROW LEVEL SECURITY",
        "CREATE INDEX x ON app.customers (tenant_id, name)",
        "CREATE TABLE app.x (tenant_id uuid REFERENCES app.tenants (tenant_id))",
        "CREATE POLICY x ON app.customers USING (true)",
        "ALTER POLICY customers_tenant ON app.customers USING (true)",
        "DROP POLICY customers_tenant ON app.customers",
        "CREATE FUNCTION app.t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER x BEFORE INSERT ON app.customers FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "COMMENT ON TABLE app.customers IS 'tenant: x'",
        "COMMENT ON COLUMN app.customers.name IS 'x'",
        "COMMENT ON POLICY customers_tenant ON app.customers IS 'x'",
        "INSERT INTO app.session_revocations (session_id) VALUES (gen_random_uuid())",
        "UPDATE app.customers SET stage = 'lead'",
        "DELETE FROM ONLY app.rate_buckets",
        "TRUNCATE app.rate_buckets, app.session_revocations",
        "LOCK TABLE app.customers IN SHARE MODE",
        "LOCK app.customers",
        "REINDEX TABLE app.customers",
        "ANALYZE app.customers",
        "CLUSTER app.customers USING customers_pkey",
        "DROP TABLE app.rate_buckets, app.session_revocations",
        "SELECT count(*) FROM app.customers",
        "GRANT SELECT ON app.customers TO unnati_worker",
    ]

    @Test func theyAreTheOnesThatPostgreSQLTakes() async throws {
        try await TestDatabase.run { database in
            let connection = try AdminConnection(url: database.url("unnati_owner"))
            let modes = Dictionary(
                uniqueKeysWithValues: zip(
                    [
                        "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock",
                        "ExclusiveLock", "AccessExclusiveLock",
                    ],
                    TableLock.Mode.allCases))
            let before = try connection.run(
                "SELECT 'app.' || relname FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'"
            )
            .compactMap { $0.first ?? nil }
            for text in Self.examples {
                try connection.run("BEGIN; \(text)")
                let held = try connection.run(
                    """
                    SELECT 'app.' || c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                    WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'app'::regnamespace AND c.relkind = 'r'
                    UNION ALL
                    SELECT 'app.' || 'rate_buckets', 'AccessExclusiveLock' WHERE to_regclass('app.rate_buckets') IS NULL
                    UNION ALL
                    SELECT 'app.' || 'session_revocations', 'AccessExclusiveLock' WHERE to_regclass('app.session_revocations') IS NULL
                    """)
                try connection.run("ROLLBACK")
                var actual: [String: TableLock.Mode] = [:]
                for row in held {
                    guard let table = row[0], before.contains(table), let mode = row[1].flatMap({ modes[$0] }) else {
                        continue
                    }
                    actual[table] = max(mode, actual[table] ?? mode)
                }
                let predicted = SQLStatement.all(in: text).flatMap { TableLock.of($0) }
                #expect(
                    Dictionary(uniqueKeysWithValues: predicted.map { ($0.table, $0.mode) }) == actual, "\(text)")
            }
        }
    }

    @Test(arguments: [
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS x ON app.customers (name)", "SHARE UPDATE EXCLUSIVE"),
        ("REINDEX TABLE CONCURRENTLY app.customers", "SHARE UPDATE EXCLUSIVE"),
        ("VACUUM (ANALYZE) app.customers", "SHARE UPDATE EXCLUSIVE"), ("VACUUM FULL app.customers", "ACCESS EXCLUSIVE"),
    ])
    func thoseOutsideTransactionsAsTheManualSays(_ text: String, _ mode: String) {
        let locks = SQLStatement.all(in: text).flatMap { TableLock.of($0) }
        #expect(locks.map(\.mode.name) == [mode])
        #expect(locks.map(\.table) == ["app.customers"])
    }
}
