// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Execution
import TestSupport
import Testing

/// Transactions of one statement, which nothing waits for but their own task.
@Suite struct ExchangeTests {
    private func insert(_ tenant: TenantID) -> Query<Int> {
        .count("INSERT INTO app.tenants (tenant_id, name) VALUES (\(tenant), \("Acme"))")
    }

    private func count(_ pool: ConnectionPool, _ tenant: TenantID) async throws -> Int {
        try await pool.read(
            .one("SELECT count(*) AS count FROM app.tenants WHERE tenant_id = \(tenant)") { row in
                try row.decode("count")
            }, in: .tenant(tenant))
    }

    @Test func whatIsReadCannotBeWritten() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }, tenant = TenantID.next()

            await #expect(throws: DatabaseError.self) { try await pool.read(insert(tenant), in: .tenant(tenant)) }

            #expect(try await pool.write(insert(tenant), in: .tenant(tenant)) == 1)
            #expect(try await count(pool, tenant) == 1)
        }
    }

    /// More than the socket takes at once: what is left goes out when there is room.
    @Test func aStatementOfAnySizeGoesOut() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }
            let content = [UInt8](repeating: 0xA5, count: 8 << 20)

            for _ in 0..<3 {
                let length = try await pool.read(
                    .one("SELECT octet_length(\(content)) AS length") { row in try row.decode("length") as Int },
                    in: .directory)
                #expect(length == content.count)
            }
            let echoed = try await pool.read(
                .one("SELECT \(content) AS content") { row in try row.decode("content") as [UInt8] }, in: .directory)
            #expect(echoed == content)
        }
    }

    @Test func manyAtOnceEachGetTheirOwnAnswer() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 3 }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        if number % 5 == 0 {
                            // Longer transactions go over the same connections.
                            return try await pool.withTenant(.next(), .read) { (tx: borrowing TenantTransaction) in
                                try tx.one("SELECT \(number) AS number") { row in try row.decode("number") as Int }
                                    == number
                            }
                        }
                        if number % 7 == 0 {
                            do {
                                _ = try await pool.read(.count("SELECT 1 / (\(number) - \(number))"), in: .directory)
                                return false
                            } catch let DatabaseError.refused(refusal) { return refusal.sqlState == "22012" }
                        }
                        return try await pool.read(
                            .one("SELECT \(number) AS number") { row in try row.decode("number") as Int },
                            in: .directory) == number
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(pool.statistics.timeouts == 0)
        }
    }

    /// Quick reads are sent one behind the other: what happens to one of them happens to no other.
    @Test func aQuickReadThatFailsTakesNobodyWithIt() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<400 {
                    group.addTask {
                        guard number % 9 == 0 else {
                            let query = Query.one("SELECT \(number) AS number") { row in try row.decode("number") as Int
                            }
                            return try await pool.read(query.quick, in: .directory) == number
                        }
                        do {
                            _ = try await pool.read(
                                .count("SELECT 1 / (\(number) - \(number))").quick, in: .directory)
                            return false
                        } catch let DatabaseError.refused(refusal) { return refusal.sqlState == "22012" }
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(pool.statistics.timeouts == 0)
        }
    }

    /// Requests that come while others are under way, on loops that share connections.
    @Test func quickReadsFromSeveralLoopsEachGetTheirOwnAnswer() async throws {
        try await TestDatabase.run { database in
            let loops = (0..<2).map { EventLoop(label: "test.\($0)") }
            defer { for loop in loops { loop.stop() } }
            let pool = try database.pool(on: loops) { $0.connections = 3 }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for task in 0..<16 {
                    group.addTask(executorPreference: loops[task % 2]) {
                        for turn in 0..<1_500 {
                            let number = task * 1_000 + turn
                            let query = Query.one("SELECT \(number) AS number, pg_sleep(0)") { row in
                                try row.decode("number") as Int
                            }
                            guard try await pool.read(query.quick, in: .directory) == number else { return false }
                        }
                        return true
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test func whatWasSentBehindALostReadIsReadElsewhere() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool {
                $0.connections = 1
                $0.transactionTimeout = .milliseconds(300)
            }
            // It says that it is quick and is not.
            let stuck = Task { try await pool.read(.count("SELECT pg_sleep(2)").quick, in: .directory) }
            try await Task.sleep(for: .milliseconds(100))
            let behind = Task {
                try await pool.read(
                    .one("SELECT 7 AS number") { row in try row.decode("number") as Int }.quick, in: .directory)
            }

            await #expect(throws: DatabaseError.self) { try await stuck.value }
            #expect(try await behind.value == 7)
        }
    }

    @Test func oneThatTakesTooLongIsGivenUpAndItsConnectionReplaced() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool {
                $0.connections = 1
                $0.transactionTimeout = .milliseconds(200)
            }
            let tenant = TenantID.next()

            for (isWrite, statement) in [(false, "SELECT pg_sleep(3)"), (true, "SELECT pg_sleep(4)")]
                as [(Bool, Statement)]
            {
                let took = await ContinuousClock().measure {
                    do {
                        _ =
                            isWrite
                            ? try await pool.write(.count(statement), in: .tenant(tenant))
                            : try await pool.read(.count(statement), in: .tenant(tenant))
                        Issue.record("it did not take too long")
                    } catch DatabaseError.interrupted where !isWrite {
                    } catch DatabaseError.outcomeUnknown where isWrite {
                    } catch {
                        Issue.record("\(error)")
                    }
                }
                #expect(took < .seconds(2))
            }

            #expect(try await count(pool, tenant) == 0)
        }
    }

    @Test func aServerThatGoesAwayDuringTheStatementHasChangedNothing() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }, tenant = TenantID.next()
            let writing = Task { try await pool.write(.count("SELECT pg_sleep(5)"), in: .tenant(tenant)) }
            try await Task.sleep(for: .milliseconds(300))
            try database.run(
                as: "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'unnati_app'"
            )

            do {
                _ = try await writing.value
                Issue.record("the server was gone")
            } catch DatabaseError.interrupted {}
            #expect(try await count(pool, tenant) == 0)
        }
    }

    @Test func aCommitThatFailsIsNoCommit() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }, tenant = TenantID.next()
            try database.run(
                as: "unnati_owner",
                """
                CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
                CREATE CONSTRAINT TRIGGER no AFTER INSERT ON app.tenants DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.no();
                """)

            do {
                try await pool.write(insert(tenant), in: .tenant(tenant))
                Issue.record("COMMIT was refused")
            } catch DatabaseError.refused {}
            #expect(try await count(pool, tenant) == 0)
        }
    }

    @Test(.enabled(if: !TestDatabase.isPooled)) func aClosedPoolRefusesAndLetsGo() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 2 }
            let slow = Task { try await pool.read(.count("SELECT pg_sleep(1)"), in: .directory) }
            try await Task.sleep(for: .milliseconds(200))
            pool.close()

            await #expect(throws: DatabaseError.self) { try await pool.read(.count("SELECT 1"), in: .directory) }
            #expect(try await slow.value == 1)
            for _ in 0..<100 {
                let rows = try database.run(
                    as: "postgres",
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'unnati_app'"
                )
                if rows == [["0"]] { return }
                try await Task.sleep(for: .milliseconds(20))
            }
            Issue.record("a connection is still there")
        }
    }
}
