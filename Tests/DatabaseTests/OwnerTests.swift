// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import TestSupport
import Testing

/// Under FORCE ROW LEVEL SECURITY the owner sees no more than anybody else: a backfill changes nothing and a violated foreign
/// key passes for good, without a word. BYPASSRLS lifts that, and where a host does not grant it, `-- rls: off`.
///
/// The role belongs to the whole cluster, where other tests are at work: each test that takes the right away gives it back.
@Suite(.serialized) struct OwnerTests {
    private static let backfill = [
        "9000_backfill.up.sql":
            "SET LOCAL lock_timeout = '2s';\nUPDATE app.tenants SET name = 'Filled' WHERE name = 'Old';"
    ]
    private static let foreignKey = [
        "9000_key.up.sql": """
        SET LOCAL lock_timeout = '2s';
        ALTER TABLE app.tenants ADD COLUMN parent_id uuid;
        ALTER TABLE app.tenants ADD CONSTRAINT tenants_parent FOREIGN KEY (parent_id) REFERENCES app.tenants (tenant_id) NOT VALID;
        """,
        "9001_validate.up.sql":
            "SET LOCAL lock_timeout = '2s';\nALTER TABLE app.tenants VALIDATE CONSTRAINT tenants_parent;",
    ]

    private func up(_ database: TestDatabase, _ files: [String: String], rls: Bool = true, to last: Int? = nil) throws
        -> Int
    {
        let files = rls ? files : files.mapValues { "-- rls: off\n" + $0 }
        return try MigrationFolder.run(files, isCopy: true) { folder in
            try Migrator(url: database.url("unnati_owner"), folder: folder).up(to: last)
        }
    }

    private func withoutBypass(_ body: () throws -> Void) throws {
        try TestDatabase.administer { try $0.run("ALTER ROLE unnati_owner NOBYPASSRLS") }
        defer { try? TestDatabase.administer { try $0.run("ALTER ROLE unnati_owner BYPASSRLS") } }
        try body()
    }

    private func makeTenant(_ database: TestDatabase) throws {
        try database.run(as: "postgres", "INSERT INTO app.tenants (tenant_id, name) VALUES (gen_random_uuid(), 'Old')")
    }

    private func names(_ database: TestDatabase) throws -> [[String?]] {
        try database.run(as: "postgres", "SELECT name FROM app.tenants")
    }

    private func forced(_ database: TestDatabase) throws -> [[String?]] {
        try database.run(
            as: "postgres",
            "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'"
        )
    }

    @Test func aBackfillReachesEveryRow() async throws {
        try await TestDatabase.run { database in
            try makeTenant(database)
            #expect(try up(database, Self.backfill) == 1)
            #expect(try names(database) == [["Filled"]])
        }
    }

    @Test func withoutTheRightABackfillIsRefusedRatherThanDoneToNobody() async throws {
        try await TestDatabase.run { database in
            try makeTenant(database)
            try withoutBypass {
                // This is what would happen.
                try database.run(as: "unnati_owner", Self.backfill.values.first ?? "")
                #expect(try names(database) == [["Old"]])

                let error = #expect(throws: MigrationError.self) { try up(database, Self.backfill) }
                #expect(error?.description.contains("has no BYPASSRLS here") == true)
                #expect(try up(database, Self.backfill, rls: false) == 1)
            }
            #expect(try names(database) == [["Filled"]])
            #expect(try forced(database) == [["t"]])
        }
    }

    @Test func aViolatedForeignKeyIsRefusedEitherWay() async throws {
        for hasRight in [true, false] {
            try await TestDatabase.run { database in
                try makeTenant(database)
                func check() throws {
                    #expect(try up(database, Self.foreignKey, rls: hasRight, to: 9000) == 1)
                    try database.run(
                        as: "postgres",
                        "SET session_replication_role = replica; UPDATE app.tenants SET parent_id = gen_random_uuid()")
                    let error = #expect(throws: MigrationError.self) {
                        try up(database, Self.foreignKey, rls: hasRight)
                    }
                    #expect(error?.description.contains("violates foreign key constraint") == true)
                    #expect(try forced(database) == [["t"]])
                }
                if hasRight { try check() } else { try withoutBypass(check) }
            }
        }
    }

    @Test func withoutTheRightAnEmptyDatabaseIsBroughtUpAndItsRecordRead() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            try withoutBypass {
                let count = try up(database, [:])
                #expect(try count == MigrationFile.all(in: MigrationFolder.real).count)
                let migrator = try Migrator(url: database.url("unnati_owner"), folder: MigrationFolder.real)
                #expect(try migrator.up() == 0)
                #expect(try migrator.drift() == [])
                #expect(try migrator.down(to: 4) == count - 4)
            }
        }
    }
}
