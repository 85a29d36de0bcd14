// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import TestSupport
import Testing

@Suite struct MigratorTests {
    private func owner(_ database: TestDatabase, _ folder: String = MigrationFolder.real) throws -> Migrator {
        try Migrator(url: database.url("unnati_owner"), folder: folder)
    }

    /// Expects that a migrator stops, and says these words.
    private func expect(_ words: String, from body: () throws -> Void) {
        let said = reason(body)
        #expect(said.contains(words), "said: \(said)")
    }

    /// What a migrator says that stops.
    private func reason(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "done"
        } catch { return "\(error)" }
    }

    // MARK: - Up

    @Test func aSecondRunFindsNothingToDo() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            let files = try MigrationFile.all(in: MigrationFolder.real)
            #expect(try owner(database).up() == files.count)
            #expect(try owner(database).up() == 0)
            #expect(try owner(database).status().allSatisfy { $0.state == .applied })
            #expect(try owner(database).events().map(\.label) == files.map(\.label))
        }
    }

    @Test func ofEightAtOnceEachFileIsAppliedByOne() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            let url = try database.url("unnati_owner")
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try Migrator(url: url, folder: MigrationFolder.real).up() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.filter { $0 > 0 }.count == 1)
        }
    }

    @Test func aFileThatFailsLeavesNothingBehindButALineInTheLog() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            let bad = ["9000_bad.up.sql": "CREATE TABLE app.half (id bigint); SELECT 1 / 0;"]
            let said = try MigrationFolder.run(bad, isCopy: true) { folder in
                reason { try owner(database, folder).up() }
            }

            #expect(said.contains("9000_bad failed and was rolled back"))
            #expect(said.contains("division by zero"))
            #expect(try database.run(as: "unnati_owner", "SELECT to_regclass('app.half')") == [[nil]])
            #expect(try owner(database).status().allSatisfy { $0.state == .applied })
            #expect(try owner(database).events().last?.kind == "failed")
        }
    }

    @Test func aFileThatItsOwnCheckComplainsOfIsRolledBack() async throws {
        try await TestDatabase.run { database in
            let files = [
                "9000_made.up.sql": "CREATE TABLE app.made (id bigint);",
                "9000_made.verify.sql": "SELECT 1 WHERE false; SELECT 'is empty, table ' || 7;",
            ]
            let said = try MigrationFolder.run(files, isCopy: true) { folder in
                reason { try owner(database, folder).up() }
            }

            #expect(said.contains("complains: is empty, table 7"))
            #expect(try database.run(as: "unnati_owner", "SELECT to_regclass('app.made')") == [[nil]])
        }
    }

    @Test func filesThatNoLongerFitTheirRecordAreRefused() async throws {
        try await TestDatabase.run { database in
            func expectRefusal(_ words: String, _ files: [String: String] = [:], without missing: [String] = []) throws
            {
                try MigrationFolder.run(files, without: missing, isCopy: true) { folder in
                    expect(words) { try owner(database, folder).up() }
                }
            }
            let newest = try #require(try MigrationFile.all(in: MigrationFolder.real).last)
            let number = String(repeating: "0", count: 4 - "\(newest.version)".count) + "\(newest.version)"
            let last = ["up", "down", "verify"].map { "\(number)_\(newest.name).\($0).sql" }, text = newest.text
            try expectRefusal("0003_customers was changed", ["0003_customers.up.sql": "SELECT 1;"])
            try expectRefusal("migration \(newest.version)", without: last)
            try expectRefusal(
                "\(number)_work was called \(newest.name)", ["\(number)_work.up.sql": text], without: last)
            try expectRefusal("Two migrations have version 3", ["0003_again.up.sql": "SELECT 1;"])
            try expectRefusal("9000_x.up.sql, which is not there", ["9000_x.down.sql": "SELECT 1;"])
            try expectRefusal("is not named like", ["nine.up.sql": "SELECT 1;"])

            try database.run(as: "unnati_owner", "DELETE FROM app.schema_migrations WHERE version = 4")
            let expand = try MigrationFile.all(in: MigrationFolder.real).last { $0.directives.phase == .expand }
            try expectRefusal(
                "0004_customer_imports has not been applied, but version \(try #require(expand).version)")
        }
    }

    @Test func whoIsNotTheOwnerIsToldWhoIs() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            for role in ["unnati_app", "postgres"] {
                let said = reason { try Migrator(url: database.url(role), folder: MigrationFolder.real).up() }
                #expect(said.contains("signs in as \(role)") && said.contains("Sign in as unnati_owner"))
            }
            let schema = try database.run(as: "unnati_owner", "SELECT to_regnamespace('app')")
            #expect(schema == [[nil]])
        }
    }

    // MARK: - Locks

    @Test func aLockThatIsHeldForAWhileIsWaitedForWithoutStandingInTheWay() async throws {
        try await TestDatabase.run { database in
            let other = try AdminConnection(url: database.url("unnati_owner"))
            try other.run("BEGIN; LOCK TABLE app.customers IN ACCESS SHARE MODE")
            let lines = Lock<[String]>([])
            let files = [
                "9000_wide.up.sql": "-- lock-timeout: 200ms\nALTER TABLE app.customers ADD COLUMN nickname text;"
            ]
            let url = try database.url("unnati_owner")
            let count = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    try MigrationFolder.run(files, isCopy: true) { folder in
                        try Migrator(url: url, folder: folder) { line in lines.with { $0.append(line) } }.up()
                    }
                }
                try await Task.sleep(for: .milliseconds(900))
                try other.run("COMMIT")
                return try await group.next() ?? 0
            }

            #expect(count == 1)
            #expect(lines.with { $0 }.first?.contains("did not get its locks; trying again (2 of") == true)
        }
    }

    @Test func aMigratorStandsByForAnotherAndGivesUpInTime() async throws {
        try await TestDatabase.run { database in
            let other = try AdminConnection(url: database.url("unnati_owner"))
            try other.run("SELECT pg_advisory_lock(\(0x756E_6E61_7469))")
            let said = reason { try owner(database).up(lockWait: .milliseconds(300)) }
            #expect(said.contains("Another migration is running"))
        }
    }

    // MARK: - Phases

    private static let phased = [
        "9000_wide.up.sql": "-- phase: expand\nALTER TABLE app.customers ADD COLUMN nickname text;",
        "9001_narrow.up.sql": "-- phase: contract\nALTER TABLE app.customers DROP COLUMN notes;",
        "9002_wider.up.sql": "-- phase: expand\nALTER TABLE app.customers ADD COLUMN shoe_size bigint;",
    ]

    @Test func expandComesBeforeADeploymentAndContractAfterIt() async throws {
        try await TestDatabase.run { database in
            try MigrationFolder.run(Self.phased, isCopy: true) { folder in
                expect("9001_narrow takes away, and 9000_wide before it") {
                    try owner(database, folder).up(phase: .contract)
                }
                #expect(try owner(database, folder).up(phase: .expand) == 2)
                let between = try owner(database, folder).status().suffix(3).map(\.state)
                #expect(between == [.applied, .waits, .applied])
                #expect(try owner(database, folder).up(phase: .contract) == 1)
            }
        }
    }

    @Test func bothOrdersLeadToTheSameSchema() async throws {
        try await TestDatabase.run { one in
            try await TestDatabase.run { other in
                try MigrationFolder.run(Self.phased, isCopy: true) { folder in
                    try owner(one, folder).up(phase: .expand)
                    try owner(one, folder).up(phase: .contract)
                    try owner(other, folder).up()
                    let differences = try owner(one, folder).fingerprint().differences(
                        from: owner(other, folder).fingerprint())
                    #expect(differences == [])
                }
            }
        }
    }

    @Test func whatWouldBreakServersAtWorkIsRefusedInAnExpandFile() async throws {
        try await TestDatabase.run { database in
            let files = ["9000_narrow.up.sql": "-- phase: expand\n\nALTER TABLE app.customers DROP COLUMN notes;"]
            let said = try MigrationFolder.run(files, isCopy: true) { folder in
                reason { try owner(database, folder).up() }
            }
            #expect(said.contains("9000_narrow, line 3: A column goes away"))
            #expect(said.contains("phase: contract"))
        }
    }

    // MARK: - Without a transaction

    private static let indexed = [
        "9000_index.up.sql": """
        -- no-transaction
        CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS revocations_once ON app.session_revocations (revoked_at);
        """
    ]

    /// Two rows that the index above refuses.
    private func makeDuplicates(_ database: TestDatabase) throws {
        try database.run(
            as: "postgres",
            "INSERT INTO app.session_revocations SELECT gen_random_uuid(), '2026-01-01' FROM generate_series(1, 2)")
    }

    @Test func anIndexThatCouldNotBeMadeIsDroppedAndMadeAgain() async throws {
        try await TestDatabase.run { database in
            try makeDuplicates(database)
            try MigrationFolder.run(Self.indexed, isCopy: true) { folder in
                let said = reason { try owner(database, folder).up() }
                #expect(said.contains("9000_index stopped"))
                let state = try owner(database, folder).status().last?.state
                #expect(state == .halfApplied)
                #expect(try owner(database, folder).invalidIndexes() == ["app.revocations_once"])
                #expect(
                    try CatalogRule.findings(on: AdminConnection(url: database.url())).map(\.rule) == ["valid_indexes"])

                try database.run(as: "postgres", "DELETE FROM app.session_revocations")
                #expect(try owner(database, folder).up() == 1)
                #expect(try owner(database, folder).status().last?.state == .applied)
                #expect(try owner(database, folder).invalidIndexes() == [])
            }
        }
    }

    /// Whoever waits must hold no snapshot, or CREATE INDEX CONCURRENTLY waits for them and they for it.
    @Test func ofEightAtOnceNobodyStandsInTheWayOfAnIndex() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            let url = try database.url("unnati_owner")
            let begun = ContinuousClock.now
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try MigrationFolder.run(Self.indexed, isCopy: true) { try Migrator(url: url, folder: $0).up() }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.filter { $0 > 0 }.count == 1)
            #expect(ContinuousClock.now - begun < .seconds(10))
        }
    }

    @Test func repairDropsWhatIsHalfMade() async throws {
        try await TestDatabase.run { database in
            try makeDuplicates(database)
            try MigrationFolder.run(Self.indexed, isCopy: true) { folder in
                _ = reason { try owner(database, folder).up() }
                let done = try owner(database, folder).repair()
                #expect(done == ["The half-made index app.revocations_once is dropped."])
                #expect(try owner(database, folder).events().last?.kind == "repaired")
            }
        }
    }

    // MARK: - Back, and settling a record

    @Test func everyFileThatHasAWayBackGoesBackAndForthAgain() async throws {
        for template in ["unnati_empty", "unnati_template"] {
            try await TestDatabase.run(template: template) { database in
                try owner(database).up()
                let before = try owner(database).fingerprint()
                if template == "unnati_template" {
                    try database.run(
                        as: "postgres",
                        "INSERT INTO app.rate_buckets VALUES ('x', decode(repeat('00', 16), 'hex'), now(), false)")
                }
                let complaints = try owner(database).verify().complaints.map(\.complaint)
                #expect(complaints == [])

                let count = try MigrationFile.all(in: MigrationFolder.real).count
                #expect(try owner(database).down(to: 3) == count - 3)
                #expect(try database.run(as: "unnati_owner", "SELECT to_regclass('app.rate_buckets')") == [[nil]])
                let states = try owner(database).status().map(\.state)
                #expect(states == Array(repeating: .applied, count: 3) + Array(repeating: .waits, count: count - 3))
                #expect(try owner(database).up() == count - 3)

                #expect(try owner(database).fingerprint() == before)
                #expect(try owner(database).verify().checked == count)
                #expect(try owner(database).drift() == [])
            }
        }
    }

    @Test func nothingIsTakenBackUnlessAllOfItHasAWay() async throws {
        try await TestDatabase.run { database in
            expect("0003_customers has no way back") { try owner(database).down(to: 1) }
            let states = try owner(database).status().map(\.state)
            #expect(states == Array(repeating: .applied, count: states.count))
            expect("no migration 77") { try owner(database).down(to: 77) }
        }
    }

    @Test func repairTakesAChangedFileAndForgetsALostOneAndSaysSo() async throws {
        try await TestDatabase.run { database in
            let text = try MigrationFile.all(in: MigrationFolder.real)[2].text
            try MigrationFolder.run(["0003_customers.up.sql": text + "-- a word\n"], isCopy: true) { folder in
                expect("repair --accept 3") { try owner(database, folder).up() }
                #expect(try owner(database, folder).repair(accepting: [3], isTrial: true).count == 1)
                let done = try owner(database, folder).repair(accepting: [3])
                #expect(done == ["0003_customers is accepted as it is."])
                #expect(try owner(database, folder).up() == 0)
            }
            _ = try owner(database).repair(accepting: [3])
            try database.run(
                as: "unnati_owner",
                "INSERT INTO app.schema_migrations (version, name, checksum, duration_ms) VALUES (99, 'lost', 'x', 1)")
            expect("repair --forget 99") { try owner(database).up() }
            #expect(try owner(database).repair(forgetting: [99, 3]) == ["0099_lost is taken out of the record."])
            #expect(try owner(database).up() == 0)
            #expect(try owner(database).events().suffix(1).map(\.detail) == ["taken out of the record; was x"])
        }
    }

    @Test func aSchemaThatPsqlMadeIsTakenAsItIs() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            let connection = try AdminConnection(url: database.url("unnati_owner"))
            #expect(try owner(database).drift() == nil)
            let count = try MigrationFile.all(in: MigrationFolder.real).count
            #expect(try owner(database).baseline(at: count) == count)
            expect("has a record of migrations already") { try owner(database).baseline(at: count) }
            for file in try MigrationFile.all(in: MigrationFolder.real) {
                let isWhole = file.directives.isTransactional
                if isWhole { try connection.run("BEGIN") }
                for statement in SQLStatement.all(in: file.text) { try connection.run(statement.text) }
                if isWhole { try connection.run("COMMIT") }
            }
            #expect(try owner(database).up() == 0)
            let complaints = try owner(database).verify().complaints.map(\.complaint)
            #expect(complaints == [])
        }
    }

    @Test func whoIsKilledBehindTheLastFileLeavesNoDriftWhenItIsRunAgain() async throws {
        try await TestDatabase.run(template: "unnati_empty") { database in
            try owner(database).up(to: 7)
            try owner(database).up()
            // As it is between the last commit and what is written down behind it.
            try database.run(
                as: "unnati_owner",
                "DELETE FROM app.schema_fingerprints WHERE id = (SELECT max(id) FROM app.schema_fingerprints)")
            #expect(try owner(database).drift()?.isEmpty == false)
            #expect(try owner(database).up() == 0)
            #expect(try owner(database).drift() == [])

            // What somebody has done by hand is not taken for our own.
            try database.run(as: "unnati_owner", "DROP INDEX app.customers_stage_id")
            #expect(try owner(database).up() == 0)
            #expect(try owner(database).drift()?.count == 1)
        }
    }

    @Test func driftNamesWhatIsNotAsTheLastMigrationLeftIt() async throws {
        try await TestDatabase.run { database in
            #expect(try owner(database).drift() == [])
            try database.run(
                as: "unnati_owner",
                """
                DROP INDEX app.customers_stage_id; ALTER TABLE app.customers ADD COLUMN nickname text;
                ALTER POLICY customers_tenant ON app.customers USING (true); REVOKE DELETE ON app.customers FROM unnati_app;
                ALTER TABLE app.users NO FORCE ROW LEVEL SECURITY
                """)
            let lines = try owner(database).drift()?.map { ($0.isMissing ? "-" : "+") + $0.line } ?? []
            for expected in [
                "-index customers.INDEX customers_stage_id", "+column customers.nickname text",
                "-policy customers.customers_tenant all",
                "+policy customers.customers_tenant all permissive to public using true",
                "-grant DELETE on customers to unnati_app",
                "-table users owner unnati_owner row security forced", "+table users owner unnati_owner row security",
            ] {
                #expect(
                    lines.contains {
                        $0.hasPrefix(expected) || $0.contains(expected.dropFirst()) && $0.first == expected.first
                    }, "\(expected) in \(lines)")
            }
            #expect(lines.count == 7)
        }
    }
}
