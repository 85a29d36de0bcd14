// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Foundation
import TestSupport
import Testing

@Suite struct MigratorTests {
    private static let folder = Contract.repository + "/sql"

    /// A copy of the migrations that a test may alter.
    private func copy() throws -> String {
        let copy = NSTemporaryDirectory() + "unnati-sql-\(UUIDv7.next().hex)"
        try FileManager.default.copyItem(atPath: Self.folder, toPath: copy)
        return copy
    }

    @Test func aSecondRunFindsNothingToDo() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            let files = try MigrationFile.all(in: Self.folder)
            #expect(try Migrator(url: database.url("unnati_owner"), folder: Self.folder).up() == files.count)
            #expect(try Migrator(url: database.url("unnati_owner"), folder: Self.folder).up() == 0)
            #expect(
                try Migrator(url: database.url("unnati_owner"), folder: Self.folder).status().allSatisfy {
                    $0.applied != nil
                })
        }
    }

    @Test func ofEightAtOnceEachFileIsAppliedByOne() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            let url = try database.url("unnati_owner")
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try Migrator(url: url, folder: Self.folder).up() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.filter { $0 > 0 }.count == 1)
        }
    }

    @Test func aFileThatFailsLeavesNothingBehind() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            let folder = try copy()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try "CREATE TABLE app.half (id integer); SELECT 1 / 0;".write(
                toFile: folder + "/9000_bad.up.sql", atomically: true, encoding: .utf8)

            #expect(throws: MigrationError.self) {
                try Migrator(url: database.url("unnati_owner"), folder: folder).up()
            }

            #expect(try database.run(as: "unnati_owner", "SELECT to_regclass('app.half')") == [[nil]])
            #expect(
                try Migrator(url: database.url("unnati_owner"), folder: Self.folder).status().allSatisfy {
                    $0.applied != nil
                })
        }
    }

    @Test func changedAndOutOfOrderAndUnknownFilesAreRefused() async throws {
        try await TestDatabase.run { database in
            let url = try database.url("unnati_owner")
            func refusal(_ alter: (String) throws -> Void) throws -> String {
                let folder = try copy()
                defer { try? FileManager.default.removeItem(atPath: folder) }
                try alter(folder)
                do {
                    _ = try Migrator(url: url, folder: folder).up()
                    return "accepted"
                } catch let error as MigrationError { return error.description }
            }

            let changed = try refusal {
                try "SELECT 1;".write(toFile: $0 + "/0003_customers.up.sql", atomically: true, encoding: .utf8)
            }
            let unknown = try refusal {
                try FileManager.default.removeItem(atPath: $0 + "/0005_rate_buckets.up.sql")
            }
            try database.run(
                as: "unnati_owner", "INSERT INTO app.schema_migrations VALUES (9001, 'late', 'x', now(), 'x', 1)")
            let outOfOrder = try refusal {
                try "SELECT 1;".write(toFile: $0 + "/9000_late.up.sql", atomically: true, encoding: .utf8)
                try "".write(toFile: $0 + "/9001_late.up.sql", atomically: true, encoding: .utf8)
            }

            #expect(changed.contains("0003_customers was changed"))
            #expect(unknown.contains("migration 5"))
            #expect(
                outOfOrder.contains("9000_late has not been applied") || outOfOrder.contains("9001_late was changed"))
        }
    }
}

@Suite struct StartupCheckTests {
    private static let folder = Contract.repository + "/sql"

    private func refusal(_ url: Secret<String>, folder: String = folder) throws -> String {
        do {
            try StartupCheck.run(url: url, migrations: folder)
            return "started"
        } catch let refusal as StartupCheck.Refusal { return refusal.description }
    }

    @Test(arguments: [
        (150019, false), (150020, true), (160015, false), (160016, true), (170011, false), (170012, true),
        (180006, false), (180007, true),
        (140030, false), (190000, true),
    ])
    func unpatchedReleasesAreRefused(_ version: Int, _ isGood: Bool) {
        if isGood {
            #expect(throws: Never.self) { try StartupCheck.checkVersion(version) }
        } else {
            #expect(throws: StartupCheck.Refusal.self) { try StartupCheck.checkVersion(version) }
        }
    }

    @Test func theRuntimeRoleStartsAndOthersThatCouldBypassDoNot() async throws {
        try await TestDatabase.run { database in
            #expect(try refusal(database.url()) == "started")
            #expect(try refusal(database.url("unnati_owner")).contains("BYPASSRLS"))
            #expect(try refusal(database.url("postgres")).contains("superuser"))

            // Membership counts although nothing is inherited: SET ROLE would reach it.
            let role = "member_\(UUIDv7.next().hex)"
            try TestDatabase.administer {
                try $0.run(
                    "CREATE ROLE \(role) LOGIN NOINHERIT IN ROLE unnati_owner; GRANT CONNECT ON DATABASE \(database.name) TO \(role)"
                )
            }
            defer { try? TestDatabase.administer { try $0.run("DROP OWNED BY \(role); DROP ROLE \(role)") } }
            let reason = try refusal(database.url(role))
            try database.run(as: "postgres", "REVOKE ALL ON DATABASE \(database.name) FROM \(role)")
            #expect(reason.contains("member of unnati_owner"))
            #expect(reason.contains("REVOKE unnati_owner FROM"))
        }
    }

    @Test func missingAndUnknownMigrationsAreRefused() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            let reason = try refusal(database.url())
            #expect(reason.contains("migrate up"))
        }
        try await TestDatabase.run { database in
            let folder = NSTemporaryDirectory() + "unnati-sql-\(UUIDv7.next().hex)"
            try FileManager.default.copyItem(atPath: Self.folder, toPath: folder)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try "SELECT 1;".write(toFile: folder + "/9000_next.up.sql", atomically: true, encoding: .utf8)
            #expect(try refusal(database.url(), folder: folder).contains("9000_next"))

            try database.run(
                as: "unnati_owner", "INSERT INTO app.schema_migrations VALUES (9000, 'newer', 'x', now(), 'x', 1)")
            #expect(try refusal(database.url()).contains("newer"))
        }
    }
}
