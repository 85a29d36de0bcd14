// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Execution
import Foundation
import TestSupport
import Testing

/// What the pool does when a statement cannot go through, takes too long, or is wanted by nobody any more.
@Suite struct PoolFailureTests {
    /// A function that fails so often with an SQLSTATE, counted by a sequence, which no rollback turns back.
    private func makeFlaky(_ database: TestDatabase, times: Int, _ state: String) throws {
        try database.run(
            as: "unnati_owner",
            """
            CREATE SEQUENCE app.tries; GRANT USAGE ON SEQUENCE app.tries TO unnati_app;
            CREATE FUNCTION app.flaky() RETURNS bigint LANGUAGE plpgsql AS $$
            DECLARE try bigint := nextval('app.tries');
            BEGIN
                IF try <= \(times) THEN RAISE EXCEPTION 'not now' USING ERRCODE = '\(state)'; END IF;
                RETURN try;
            END $$;
            GRANT EXECUTE ON FUNCTION app.flaky() TO unnati_app
            """)
    }

    private static let flaky = Query.one("SELECT app.flaky() AS try") { row in try row.decode("try") as Int }
    private static let sleep = Query.one("SELECT 1 AS one FROM pg_sleep(20)") { row in try row.decode("one") as Int }

    private func pid(_ pool: ConnectionPool) async throws -> Int {
        try await pool.read(
            .one("SELECT pg_backend_pid()::bigint AS pid") { row in try row.decode("pid") }, in: .directory)
    }

    /// What a task that is expected to fail was told.
    private func failure(_ body: () async throws -> Void) async -> DatabaseError? {
        do {
            try await body()
            return nil
        } catch { return error as? DatabaseError }
    }

    @Test(arguments: ["40001", "40P01"]) func whatWasRolledBackForTheSakeOfOthersIsRunAgain(_ state: String)
        async throws
    {
        for isAlone in [true, false] {
            try await TestDatabase.run { database in
                try makeFlaky(database, times: 2, state)
                let pool = try database.pool { $0.connections = 1 }
                let tenant = TenantID.next()
                let tries =
                    isAlone
                    ? try await pool.write(Self.flaky, in: .tenant(tenant))
                    : try await pool.withTenant(tenant) { (tx: borrowing TenantTransaction) in
                        let before = try tx.execute(
                            "INSERT INTO app.tenants (tenant_id, name) VALUES (\(tx.tenantID), \("Acme"))")
                        return try tx.run(Self.flaky) * before
                    }
                #expect(tries == 3)
                let rows = try database.run(as: "postgres", "SELECT count(*) FROM app.tenants")
                #expect(rows == [[isAlone ? "0" : "1"]])
            }
        }
    }

    @Test func itIsNotRunForEver() async throws {
        try await TestDatabase.run { database in
            try makeFlaky(database, times: 99, "40001")
            let pool = try database.pool()
            for isAlone in [true, false] {
                let error = await failure {
                    if isAlone {
                        try await pool.write(Self.flaky, in: .directory)
                    } else {
                        try await pool.withTenant(.next()) { (tx: borrowing TenantTransaction) in
                            _ = try tx.run(Self.flaky)
                        }
                    }
                }
                if case .refused(let refusal)? = error {
                    #expect(refusal.sqlState == "40001")
                } else {
                    Issue.record("\(String(describing: error))")
                }
            }
            #expect(try database.run(as: "postgres", "SELECT last_value FROM app.tries") == [["6"]])
        }
    }

    /// Two transactions that lock two rows in opposite order: PostgreSQL ends one, which then goes through.
    @Test func aRealDeadlockIsSettled() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 3 }
            let tenants = [TenantID.next(), .next()]
            let owner = try AdminConnection(url: database.url("postgres"))
            for tenant in tenants {
                try owner.run("INSERT INTO app.tenants (tenant_id, name) VALUES ('\(tenant.uuid.hex)', 'x')")
            }
            // Rows of two businesses cannot be locked in one transaction, so the locks are advisory.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for side in [(1, 2), (2, 1)] {
                    group.addTask {
                        try await pool.withTenant(.next()) { (tx: borrowing TenantTransaction) in
                            _ = try tx.first("SELECT 1 AS one FROM (SELECT pg_advisory_xact_lock(\(side.0))) AS locked")
                            { row in try row.decode("one") as Int }
                            _ = try tx.first("SELECT 1 AS one FROM pg_sleep(0.2)") { row in try row.decode("one") as Int
                            }
                            _ = try tx.first("SELECT 1 AS one FROM (SELECT pg_advisory_xact_lock(\(side.1))) AS locked")
                            { row in try row.decode("one") as Int }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let deadlocks =
                try owner.value("SELECT pg_sleep(1.2), pg_stat_force_next_flush()") != nil
                ? try owner.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") : nil
            #expect(deadlocks == "1")
        }
    }

    @Test(.enabled(if: !TestDatabase.isPooled)) func aServerThatHasBecomeAStandbyIsLeftAndTheWriteGoesThroughElsewhere()
        async throws
    {
        try await TestDatabase.run { database in
            // What a standby says, from the first connection only.
            let pool = try database.pool { $0.connections = 1 }
            let first = try await pid(pool)
            try database.run(
                as: "unnati_owner",
                """
                CREATE FUNCTION app.write_somewhere() RETURNS bigint LANGUAGE plpgsql AS $$
                BEGIN
                    IF pg_backend_pid() = \(first) THEN
                        RAISE EXCEPTION 'cannot execute INSERT in a read-only transaction' USING ERRCODE = '25006';
                    END IF;
                    RETURN pg_backend_pid();
                END $$;
                GRANT EXECUTE ON FUNCTION app.write_somewhere() TO unnati_app
                """)
            let write = Query.one("SELECT app.write_somewhere() AS pid") { row in try row.decode("pid") as Int }

            let second = try await pool.write(write, in: .directory)
            #expect(second != first)
            #expect(try await pid(pool) == second)
        }
    }

    @Test func aStatementIsEndedInTheTimeThatItsRouteGivesIt() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }
            for isAlone in [true, false] {
                let begun = ContinuousClock.now
                let error = await failure {
                    if isAlone {
                        _ = try await pool.read(Self.sleep.limited(to: .milliseconds(150)), in: .directory)
                    } else {
                        try await pool.withTenant(.next(), timeout: .milliseconds(150)) {
                            (tx: borrowing TenantTransaction) in
                            _ = try tx.run(Self.sleep)
                        }
                    }
                }
                if case .refused(let refusal)? = error {
                    #expect(refusal.sqlState == "57014")
                } else {
                    Issue.record("\(String(describing: error))")
                }
                #expect(ContinuousClock.now - begun < .seconds(2))
            }
            // The next one has the role's own time again.
            let timeout = try await pool.read(
                .one("SELECT current_setting('statement_timeout') AS timeout") { row in
                    try row.decode("timeout") as String
                }, in: .directory)
            #expect(timeout == "10s")
        }
    }

    private func active(_ database: TestDatabase) throws -> String? {
        try database.run(
            as: "postgres",
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'unnati_app' AND state = 'active'"
        ).first?.first ?? nil
    }

    @Test func whenNobodyWaitsAnyMorePostgreSQLIsToldToStop() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }
            for isAlone in [true, false] {
                let before = try await pid(pool)
                let reading = Task {
                    if isAlone {
                        _ = try await pool.read(Self.sleep, in: .directory)
                    } else {
                        try await pool.withTenant(.next(), .read) { (tx: borrowing TenantTransaction) in
                            _ = try tx.run(Self.sleep)
                        }
                    }
                }
                let waiting = Task { try await pool.read(Self.sleep, in: .directory) }
                try await Task.sleep(for: .milliseconds(300))
                #expect(try active(database) == "1")

                waiting.cancel()
                reading.cancel()
                for _ in 0..<100 where try active(database) != "0" { try await Task.sleep(for: .milliseconds(20)) }
                #expect(try active(database) == "0")
                #expect(await failure { try await reading.value } != nil)
                #expect(await failure { _ = try await waiting.value } != nil)
                // The connection is not used again: a late cancel request would reach somebody else.
                if !TestDatabase.isPooled { #expect(try await pid(pool) != before) }
            }
        }
    }

    @Test func whatWasBegunToBeWrittenIsWritten() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }, tenant = TenantID.next()
            let writing = Task {
                try await pool.withTenant(tenant) { (tx: borrowing TenantTransaction) in
                    try tx.execute("INSERT INTO app.tenants (tenant_id, name) VALUES (\(tx.tenantID), \("Acme"))")
                    _ = try tx.first("SELECT 1 AS one FROM pg_sleep(0.5)") { row in try row.decode("one") as Int }
                }
            }
            try await Task.sleep(for: .milliseconds(150))
            writing.cancel()
            try await writing.value
            #expect(try database.run(as: "postgres", "SELECT name FROM app.tenants") == [["Acme"]])
        }
    }

    @Test(.enabled(if: !TestDatabase.isPooled)) func connectionsDoNotGrowOldNorStayForNothing() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool {
                $0.connections = 3
                $0.idleTimeout = .milliseconds(400)
                $0.lifetime = .milliseconds(800)
            }
            for _ in 0..<100 where pool.statistics.idle != 3 { try await Task.sleep(for: .milliseconds(10)) }
            let first = try await pid(pool)
            for _ in 0..<100 where pool.statistics.idle != 1 { try await Task.sleep(for: .milliseconds(20)) }
            #expect(pool.statistics.idle == 1)
            try await Task.sleep(for: .milliseconds(900))
            #expect(try await pid(pool) != first)

            // Work brings them back.
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        try await pool.withTenant(.next(), .read) { (tx: borrowing TenantTransaction) in
                            try tx.one("SELECT pg_backend_pid()::bigint AS pid FROM pg_sleep(0.02)") { row in
                                try row.decode("pid")
                            }
                        }
                    }
                }
                let used = try await group.reduce(into: Set()) { $0.insert($1) }
                #expect(used.count >= 2)
            }
        }
    }

    @Test func ofSeveralHostsTheOneThatAnswersIsTaken() async throws {
        try await TestDatabase.run { database in
            let url = try database.url().reveal()
            // A URI's hosts may all be given as parameters: the first is nowhere.
            let several = url.replacingOccurrences(
                of: "host=", with: "target_session_attrs=read-write&host=/nonexistent,")
            let pool = try database.pool { $0.url = Secret(several) }
            #expect(try await pid(pool) > 0)
        }
    }

    /// A server that goes away says so behind its last answer, which may have been that of COMMIT.
    @Test(arguments: [
        (["BEGIN", "SET", "INSERT 0 1", "COMMIT"], "done"), (["BEGIN", "SET", "INSERT 0 1"], "unknown"),
        (["BEGIN", "SET"], "nothing"), (["BEGIN"], "nothing"), ([], "nothing"),
    ])
    func whatWasCommittedIsNeverSaidToBeUndone(_ answers: [String], _ meaning: String) async throws {
        let server = try ScriptedPostgres(answering: answers, thenFailingWith: "57P01")
        var configuration = DatabaseConfiguration(url: server.url)
        configuration.connections = 1
        configuration.usesPreparedStatements = false
        let pool = ConnectionPool(configuration, on: [TestDatabase.loop], logger: .quiet)
        let said: String
        do {
            let count = try await pool.write(.count("INSERT INTO app.x VALUES (1)"), in: .tenant(.next()))
            said = count == 1 ? "done" : "\(count)"
        } catch DatabaseError.outcomeUnknown { said = "unknown" } catch DatabaseError.interrupted { said = "nothing" }
        #expect(said == meaning)
    }
}
