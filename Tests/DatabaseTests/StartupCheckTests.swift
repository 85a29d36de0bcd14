// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import TestSupport
import Testing

@Suite struct StartupCheckTests {
    private func refusal(_ url: Secret<String>, folder: String = MigrationFolder.real) throws -> String {
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
            let missing = try MigrationFolder.run(["9000_next.up.sql": "SELECT 1;"], isCopy: true) {
                try refusal(database.url(), folder: $0)
            }
            #expect(missing.contains("9000_next"))
        }
    }

    @Test func whatANewerBuildHasAddedIsToleratedAndWhatItHasTakenIsNot() async throws {
        try await TestDatabase.run { database in
            func record(_ version: Int, _ phase: String) throws {
                try database.run(
                    as: "unnati_owner",
                    "INSERT INTO app.schema_migrations (version, name, checksum, duration_ms, phase) VALUES (\(version), 'newer', 'x', 1, '\(phase)')"
                )
            }
            // A contract of this build's own may wait until no earlier build runs any more.
            let waiting = try MigrationFolder.run(["9000_less.up.sql": "-- phase: contract\nSELECT 1;"], isCopy: true) {
                try refusal(database.url(), folder: $0)
            }
            #expect(waiting == "started")

            try record(9001, "expand")
            #expect(try refusal(database.url()) == "started")

            try record(9002, "contract")
            #expect(try refusal(database.url()).contains("9002_newer has taken away"))
        }
    }

    @Test func aFileThatStoppedHalfWayIsNotThere() async throws {
        try await TestDatabase.run { database in
            try database.run(
                as: "unnati_owner", "UPDATE app.schema_migrations SET is_complete = false WHERE version = 3")
            #expect(try refusal(database.url()).contains("0003_customers"))
        }
    }
}
