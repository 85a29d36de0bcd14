// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Execution
import TestSupport
import Testing

@Suite struct TransactionTests {
    private func addTenant(_ pool: ConnectionPool, _ name: String = "Acme") async throws -> TenantID {
        let tenant = TenantID.next()
        try await pool.write(
            .count("INSERT INTO app.tenants (tenant_id, name) VALUES (\(tenant), \(name))"), in: .tenant(tenant))
        return tenant
    }

    private func addCustomer(_ pool: ConnectionPool, _ tenant: TenantID, _ name: String) async throws {
        try await pool.write(
            .count(
                "INSERT INTO app.customers (tenant_id, id, name, name_key) VALUES (\(tenant), \(UUIDv7.next()), \(name), \(name))"
            ), in: .tenant(tenant))
    }

    private func names(_ pool: ConnectionPool, _ tenant: TenantID, asking other: TenantID? = nil) async throws
        -> [String]
    {
        let asked = other ?? tenant
        return try await pool.read(
            .all("SELECT name FROM app.customers WHERE tenant_id = \(asked) ORDER BY name") { row in
                try row.decode("name")
            }, in: .tenant(tenant))
    }

    @Test func aTenantSeesItsOwnRowsOnly() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool()
            let acme = try await addTenant(pool), other = try await addTenant(pool)
            try await addCustomer(pool, acme, "Asha")

            #expect(try await names(pool, acme) == ["Asha"])
            #expect(try await names(pool, other) == [])
            // Tenant B set and tenant A asked for: the policy answers, not the statement.
            #expect(try await names(pool, other, asking: acme) == [])
            #expect(try database.run(as: "unnati_app", "SELECT * FROM app.customers") == [])
            #expect(
                try database.run(as: "unnati_app", "BEGIN; SET LOCAL app.tenant_id = ''; SELECT * FROM app.customers")
                    == [])
            // Written across the border: refused, moved across it: refused.
            await #expect(throws: DatabaseError.self) {
                try await pool.write(
                    .count(
                        "INSERT INTO app.customers (tenant_id, id, name, name_key) VALUES (\(acme), \(UUIDv7.next()), \("x"), \("x"))"
                    ), in: .tenant(other))
            }
            await #expect(throws: DatabaseError.self) {
                try await pool.write(.count("UPDATE app.customers SET tenant_id = \(other)"), in: .tenant(acme))
            }
            let deleted = try await pool.write(
                .count("DELETE FROM app.customers WHERE tenant_id = \(acme)"), in: .tenant(other))
            #expect(deleted == 0)
            #expect(try await names(pool, acme) == ["Asha"])
        }
    }

    @Test func aConnectionCarriesNothingFromOneTenantToTheNext() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }
            let first = try await addTenant(pool), second = try await addTenant(pool)
            try await addCustomer(pool, first, "First")
            try await addCustomer(pool, second, "Second")

            for turn in 0..<2_000 {
                let tenant = turn % 2 == 0 ? first : second
                #expect(try await names(pool, tenant) == [turn % 2 == 0 ? "First" : "Second"])
                if turn % 100 == 0 {
                    let setting = try await pool.read(
                        .one("SELECT coalesce(current_setting('app.tenant_id', true), '') AS setting") { row in
                            try row.decode("setting") as String
                        }, in: .directory)
                    #expect(setting == "")
                }
            }
        }
    }

    @Test func aTransactionOfOneStatementCostsOneRoundTrip() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }
            let tenant = try await addTenant(pool)
            _ = try await names(pool, tenant)
            let before = pool.statistics.roundTrips

            for _ in 0..<10 { _ = try await names(pool, tenant) }

            #expect(pool.statistics.roundTrips - before == 10)
        }
    }

    /// The first trap: in a pipeline a failed statement skips COMMIT, and the connection stays inside the failed transaction.
    @Test func aFailedStatementRollsBackAndLeavesTheConnectionClean() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }
            let tenant = try await addTenant(pool)
            let again: Query = .count("INSERT INTO app.tenants (tenant_id, name) VALUES (\(tenant), \("again"))")
            for isAlone in [true, false] {
                do {
                    if isAlone {
                        try await pool.write(again, in: .tenant(tenant))
                    } else {
                        try await pool.withTenant(tenant) { (tx: borrowing TenantTransaction) in try tx.run(again) }
                    }
                    Issue.record("a duplicate was accepted")
                } catch let error as DatabaseError {
                    #expect(error.violates("tenants_pkey"))
                    #expect(!"\(error)".contains(tenant.uuid.hex))
                }
                #expect(try await names(pool, tenant) == [])
            }
            // The lease ends just behind the answer.
            for _ in 0..<100 where pool.statistics.inUse > 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(pool.statistics.inUse == 0)
        }
    }

    /// The second trap: COMMIT after a swallowed error answers ROLLBACK, without an error of its own.
    @Test func aCommitCountsByItsTagOnly() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }
            let tenant = try await addTenant(pool)

            do {
                try await pool.withTenant(tenant) { (tx: borrowing TenantTransaction) in
                    try tx.execute(
                        "INSERT INTO app.customers (tenant_id, id, name, name_key) VALUES (\(tx.tenantID), \(UUIDv7.next()), \("lost"), \("lost"))"
                    )
                    _ = try? tx.execute("SELECT 1 / 0")
                }
                Issue.record("a transaction that was rolled back counted as committed")
            } catch DatabaseError.rolledBack {}

            #expect(try await names(pool, tenant) == [])
        }
    }

    @Test func aCommitInDoubtIsSaidToBeUnknownAndNotTriedAgain() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 2 }
            let tenant = try await addTenant(pool)
            // A deferred trigger makes COMMIT itself slow, so that the connection can be ended in the middle of it.
            try database.run(
                as: "unnati_owner",
                """
                CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN PERFORM pg_sleep(5); RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON app.customers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.slow();
                """)
            let calls = Lock(0)
            let writing = Task {
                try await pool.withTenant(tenant) { (tx: borrowing TenantTransaction) in
                    calls.with { $0 += 1 }
                    try tx.execute(
                        "INSERT INTO app.customers (tenant_id, id, name, name_key) VALUES (\(tx.tenantID), \(UUIDv7.next()), \("x"), \("x"))"
                    )
                }
            }
            try await Task.sleep(for: .milliseconds(500))
            try database.run(
                as: "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'unnati_app' AND state = 'active'"
            )

            do {
                try await writing.value
                Issue.record("a commit in doubt counted as done")
            } catch DatabaseError.outcomeUnknown {}
            #expect(calls.with { $0 } == 1)
        }
    }

    @Test func aLostConnectionIsReplacedBeforeItsNextUse() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 2 }
            let tenant = try await addTenant(pool)
            for _ in 0..<5 {
                try database.run(
                    as: "postgres",
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'unnati_app'"
                )
                try await Task.sleep(for: .milliseconds(50))
                #expect(try await names(pool, tenant) == [])
            }
        }
    }

    @Test func withoutADatabaseTheAnswerIsToComeBackLater() async throws {
        let pool = ConnectionPool(
            DatabaseConfiguration(url: Secret("postgresql:///nowhere?host=/nonexistent&user=x")),
            on: [TestDatabase.loop], logger: .quiet)
        try await Task.sleep(for: .milliseconds(100))

        do {
            _ = try await names(pool, .next())
            Issue.record("there is no database")
        } catch DatabaseError.unavailable(let retryAfter) {
            #expect(retryAfter > .zero)
        }
    }

    @Test func aQuickQueryDoesNotWaitBehindSlowOnesAndTheLineIsBounded() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool {
                $0.connections = 4
                $0.waiters = 2
                $0.leaseTimeout = .seconds(1)
            }
            _ = try await addTenant(pool)
            @Sendable func sleep(_ seconds: Int) async throws {
                _ = try await pool.read(.count("SELECT pg_sleep(\(Int32(seconds)))"), in: .directory)
            }
            /// Waits until the pool is in a state, however busy the machine is.
            func reach(_ what: String, _ isReached: (ConnectionPool.Statistics) -> Bool) async throws {
                for _ in 0..<500 where !isReached(pool.statistics) { try await Task.sleep(for: .milliseconds(5)) }
                #expect(isReached(pool.statistics), "\(what)")
            }
            try await reach("four connections are there") { $0.idle == 4 }
            let slow = (0..<3).map { _ in Task { try await sleep(4) } }
            try await reach("three are busy") { $0.inUse == 3 }

            // Two may stand in line, one more may not, and those in line give up in time.
            let waiting = (0..<2).map { _ in Task { try await sleep(0) } }
            try await reach("two wait") { $0.waiting == 2 }
            let refused = await ContinuousClock().measure {
                await #expect(throws: DatabaseError.self) { try await sleep(0) }
            }
            #expect(refused < .milliseconds(200))
            // The fourth connection is for quick reads, whatever waits.
            let quick = try await ContinuousClock().measure {
                for _ in 0..<10 { _ = try await pool.read(.count("SELECT 1").quick, in: .directory) }
            }
            #expect(quick < .milliseconds(500))
            for task in waiting { await #expect(throws: DatabaseError.self) { try await task.value } }
            for task in slow { try await task.value }
            try await sleep(0)
        }
    }

    @Test func aTransactionPastItsDeadlineGivesItsConnectionUp() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool {
                $0.connections = 1
                $0.transactionTimeout = .milliseconds(200)
            }
            let tenant = try await addTenant(pool)

            await #expect(throws: DatabaseError.self) {
                try await pool.withTenant(tenant) { (tx: borrowing TenantTransaction) in
                    try tx.execute("SELECT pg_sleep(3)")
                }
            }

            #expect(try await names(pool, tenant) == [])
        }
    }

    @Test(.enabled(if: !TestDatabase.isPooled)) func aStatementIsPlannedOnce() async throws {
        try await TestDatabase.run { database in
            let pool = try database.pool { $0.connections = 1 }
            let tenant = try await addTenant(pool)
            for limit in 1...12 {
                _ = try await pool.read(
                    .all(
                        "SELECT name FROM app.customers WHERE tenant_id = \(tenant) ORDER BY id DESC LIMIT \(limit)"
                    ) { row in try row.decode("name") as String }, in: .tenant(tenant))
            }

            let plans = try await pool.read(
                .one(
                    "SELECT generic_plans AS once, custom_plans AS again FROM pg_catalog.pg_prepared_statements WHERE statement LIKE \("%LIMIT $2")"
                ) { row in [try row.decode("once") as Int, try row.decode("again") as Int] }, in: .directory)
            #expect(plans == [12, 0])
        }
    }

    @Test func everyKindOfParameterComesBackAsItWas() async throws {
        try await TestDatabase.run { database in
            for prepared in [true, false] {
                let pool = try database.pool { $0.usesPreparedStatements = prepared }
                let uuid = UUIDv7.next(), now = Instant.now(), texts = ["", "a,\"b\\", "सुरेश", "😀"],
                    bytes: [UInt8] = [0, 255, 39]
                for _ in 0..<3 {
                    let same = try await pool.read(
                        .one(
                            """
                            SELECT \(Int.min) AS number, \(true) AS flag, \(uuid) AS uuid, \(now) AS instant, \(TextArray(texts)) AS texts,
                                   \(TextArray([])) AS none, \(bytes) AS bytes, \("it's $1; --") AS text, \(String?.none) AS absent,
                                   \(uuid) = ANY (\(UUIDArray([.next(), TenantID(uuid)]))) AS among,
                                   cardinality(\(UUIDArray([TenantID]()))) AS nobody
                            """
                        ) { row in
                            let number: Int = try row.decode("number"), flag: Bool = try row.decode("flag"),
                                id: UUIDv7 = try row.decode("uuid")
                            let instant: Instant = try row.decode("instant"),
                                array: TextArray = try row.decode("texts"),
                                none: TextArray = try row.decode("none")
                            let content: [UInt8] = try row.decode("bytes"), text: String = try row.decode("text"),
                                absent: String? = try row.decodeIfPresent("absent"),
                                isAmong: Bool = try row.decode("among"), nobody: Int = try row.decode("nobody")
                            return number == .min && flag && id == uuid && instant == now && array.elements == texts
                                && none.elements == []
                                && content == bytes
                                && text == "it's $1; --" && absent == nil && isAmong && nobody == 0
                        }, in: .directory)
                    #expect(same)
                }
            }
        }
    }
}
