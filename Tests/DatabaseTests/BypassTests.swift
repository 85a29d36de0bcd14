// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import TestSupport
import Testing

/// The known ways past row security, each tried. What the catalog can answer is in ``CatalogTests``, what crosses the border
/// by plain statements in ``IsolationProbeTests``, old releases in ``StartupCheckTests``, and every route in the API's own
/// `IsolationTests`.
@Suite struct BypassTests {
    /// Two businesses with a customer of their own.
    private func makeTwo(_ database: TestDatabase) throws -> (TenantID, TenantID) {
        let tenants = (TenantID.next(), TenantID.next())
        let owner = try AdminConnection(url: database.url("postgres"))
        for (tenant, name) in [(tenants.0, "First"), (tenants.1, "Second")] {
            try owner.run(
                """
                INSERT INTO app.tenants (tenant_id, name) VALUES ('\(tenant.uuid.hex)', '\(name)');
                INSERT INTO app.customers (tenant_id, id, name, name_key) VALUES ('\(tenant.uuid.hex)', gen_random_uuid(), '\(name)', '\(name)')
                """)
        }
        return tenants
    }

    private static func names(of tenant: TenantID) -> Query<[String]> {
        .all("SELECT name FROM app.customers WHERE tenant_id = \(tenant) OR true") { row in try row.decode("name") }
    }

    private static let setting = Query.one(
        "SELECT coalesce(current_setting('app.tenant_id', true), '') AS setting"
    ) { row in try row.decode("setting") as String }

    // MARK: - Plans

    /// A plan made for one business must not serve another's rows (CVE-2016-2193, CVE-2023-2455, CVE-2024-10976).
    @Test func aHundredThousandTurnsOfTwoBusinessesOnOneConnectionWithOnePlan() async throws {
        try await TestDatabase.run { database in
            let (first, second) = try makeTwo(database)
            let pool = try database.pool { $0.connections = 1 }
            let mode = try await pool.read(
                .one("SELECT current_setting('plan_cache_mode') AS mode") { row in try row.decode("mode") as String },
                in: .directory)
            #expect(mode == "force_generic_plan")

            let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
                for worker in 0..<50 {
                    group.addTask {
                        var wrong = 0
                        for turn in 0..<2_000 {
                            let isFirst = (worker + turn) % 2 == 0
                            let found = try await pool.read(
                                Self.names(of: second).quick, in: .tenant(isFirst ? first : second))
                            if found != [isFirst ? "First" : "Second"] { wrong += 1 }
                        }
                        return wrong
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(wrong == 0)
        }
    }

    /// A condition that fails on a row tells that the row is there, unless the policy comes first.
    @Test func aConditionDoesNotSeeRowsThatThePolicyHides() async throws {
        try await TestDatabase.run { database in
            let (first, _) = try makeTwo(database)
            let pool = try database.pool()
            let found = try await pool.read(
                .all("SELECT name FROM app.customers WHERE 1 / (length(name) - 6) <= 1") { row in
                    try row.decode("name") as String
                },
                in: .tenant(first))
            #expect(found == ["First"])
        }
    }

    @Test func whatPostgreSQLKnowsOfColumnsIsNotShown() async throws {
        try await TestDatabase.run { database in
            _ = try makeTwo(database)
            try database.run(as: "unnati_owner", "ANALYZE app.customers")
            #expect(
                try database.run(
                    as: "unnati_app",
                    "SELECT count(*) FROM pg_stats WHERE schemaname = 'app' AND tablename = 'customers'") == [["0"]])
            #expect(
                try database.run(
                    as: "unnati_owner",
                    "SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'app' AND tablename = 'customers'") == [["t"]]
            )
        }
    }

    // MARK: - The setting

    @Test func unsetEmptyAndForeignSettingsShowNothing() async throws {
        try await TestDatabase.run { database in
            _ = try makeTwo(database)
            let count = "SELECT count(*) FROM app.customers"
            let connection = try AdminConnection(url: database.url())
            // A connection on which it was never set: NULL.
            #expect(try connection.value("SELECT current_setting('app.tenant_id', true)") == nil)
            #expect(try connection.value(count) == "0")
            // One on which it has been: ''.
            try connection.run("BEGIN; SET LOCAL app.tenant_id = '\(TenantID.next().uuid.hex)'; COMMIT")
            #expect(try connection.value("SELECT current_setting('app.tenant_id', true)") == "")
            #expect(try connection.value(count) == "0")
            #expect(try connection.value("BEGIN; SET LOCAL app.tenant_id = ''; \(count)") == "0")
            try connection.run("ROLLBACK")
            #expect(throws: AdminError.self) { try connection.run("BEGIN; SET LOCAL app.tenant_id = 'all'; \(count)") }
            try connection.run("ROLLBACK")
            for row in ["'\(TenantID.next().uuid.hex)'", "NULL"] {
                #expect(throws: AdminError.self) {
                    try connection.run(
                        "INSERT INTO app.customers (tenant_id, id, name, name_key) VALUES (\(row), gen_random_uuid(), 'x', 'x')"
                    )
                }
            }
        }
    }

    /// However a transaction ends, the next one on the connection begins without a business.
    @Test func nothingOutlivesATransactionHoweverItEnds() async throws {
        try await TestDatabase.run { database in
            let (first, second) = try makeTwo(database)
            let pool = try database.pool {
                $0.connections = 1
                $0.transactionTimeout = .seconds(1)
            }
            @Sendable func end(_ signal: String) async throws {
                try await Task.sleep(for: .milliseconds(250))
                try database.run(
                    as: "postgres",
                    "SELECT \(signal)(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'unnati_app' AND state = 'active'"
                )
            }
            let sleep = Query.one("SELECT 1 AS one FROM pg_sleep(3)") { row in try row.decode("one") as Int }
            let ends: [@Sendable () async throws -> Void] = [
                { _ = try await pool.read(.count("SELECT 1 / 0"), in: .tenant(first)) },
                { _ = try await pool.read(sleep.limited(to: .milliseconds(100)), in: .tenant(first)) },
                { _ = try await pool.read(sleep, in: .tenant(first)) },
                { _ = try await pool.write(.count("COPY app.customers TO '/nonexistent/x'"), in: .tenant(first)) },
                { _ = try await pool.write(.count("COPY app.customers FROM STDIN"), in: .tenant(first)) },
                { try await pool.withTenant(first) { (tx: borrowing TenantTransaction) in _ = try tx.run(sleep) } },
                {
                    try await pool.withTenant(first) { (tx: borrowing TenantTransaction) in
                        _ = try tx.execute("SELECT 1")
                        throw CancellationError()
                    }
                },
                {
                    async let ended: Void = end("pg_cancel_backend")
                    _ = try await pool.write(sleep, in: .tenant(first))
                    try await ended
                },
                {
                    async let ended: Void = end("pg_terminate_backend")
                    _ = try await pool.write(sleep, in: .tenant(first))
                    try await ended
                },
                {
                    async let ended: Void = end("pg_terminate_backend")
                    try await pool.withTenant(first) { (tx: borrowing TenantTransaction) in
                        _ = try tx.execute("SELECT 1")
                        _ = try tx.run(sleep)
                    }
                    try await ended
                },
            ]
            for (number, end) in ends.enumerated() {
                await #expect(throws: (any Error).self, "ending \(number)") { try await end() }
                #expect(try await pool.read(Self.setting, in: .directory) == "", "ending \(number)")
                #expect(try await pool.read(Self.names(of: first), in: .directory) == [], "ending \(number)")
                #expect(
                    try await pool.read(Self.names(of: first), in: .tenant(second)) == ["Second"], "ending \(number)")
            }
        }
    }

    // MARK: - Oracles

    /// Foreign keys are checked past row security: what is another's must look like what is nowhere.
    @Test func aForeignKeyTellsNothingOfAnothersRows() async throws {
        try await TestDatabase.run { database in
            let (first, second) = try makeTwo(database)
            let owner = try AdminConnection(url: database.url("postgres"))
            let user = UUIDv7.next().hex, theirs = UUIDv7.next().hex
            try owner.run(
                """
                INSERT INTO app.users (user_id, name, phone) VALUES ('\(user)', 'x', '+911111111111');
                INSERT INTO app.memberships (tenant_id, user_id, role) VALUES ('\(first.uuid.hex)', '\(user)', 'owner');
                INSERT INTO app.customer_imports (tenant_id, id, created_by) VALUES ('\(first.uuid.hex)', '\(theirs)', '\(user)')
                """)
            func refusal(_ importID: String) throws -> String {
                let connection = try AdminConnection(url: database.url())
                do {
                    try connection.run(
                        """
                        BEGIN; SET LOCAL app.tenant_id = '\(second.uuid.hex)';
                        INSERT INTO app.customer_import_rows (tenant_id, import_id, row_number, verdict) VALUES ('\(second.uuid.hex)', '\(importID)', 1, 'created')
                        """)
                    return "accepted"
                } catch let error as AdminError {
                    return
                        "\(error.sqlState): \(error.message.replacing(importID, with: "…").replacing(dashed(importID), with: "…"))"
                }
            }
            let random = try refusal(UUIDv7.next().hex)
            #expect(try refusal(theirs) == random)
            #expect(random.hasPrefix("23503"))
        }
    }

    private func dashed(_ hex: String) -> String {
        var text = ""
        for (index, character) in hex.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(character)
        }
        return text
    }

    /// What must be one's own only is so within the business.
    @Test func whatAnotherHasIsFree() async throws {
        try await TestDatabase.run { database in
            let (first, second) = try makeTwo(database)
            let pool = try database.pool()
            for tenant in [first, second] {
                let added = try await pool.write(
                    .count(
                        "INSERT INTO app.customers (tenant_id, id, phone, email) VALUES (\(tenant), \(UUIDv7.next()), \("+919811111111"), \("a@example.in"))"
                    ),
                    in: .tenant(tenant))
                #expect(added == 1)
            }
        }
    }

    @Test func definerFunctionsShowOnlyWhatTheTransactionMaySee() async throws {
        try await TestDatabase.run { database in
            let (first, second) = try makeTwo(database)
            let owner = try AdminConnection(url: database.url("postgres")), users = (UserID.next(), UserID.next())
            for (user, tenant, phone) in [(users.0, first, "+911"), (users.1, second, "+912")] {
                try owner.run(
                    """
                    INSERT INTO app.users (user_id, name, phone) VALUES ('\(user.uuid.hex)', 'x', '\(phone)');
                    INSERT INTO app.memberships (tenant_id, user_id, role) VALUES ('\(tenant.uuid.hex)', '\(user.uuid.hex)', 'owner')
                    """)
            }
            let pool = try database.pool()
            let businesses = Query.all("SELECT name FROM app.memberships_of_current_user()") { row in
                try row.decode("name") as String
            }
            #expect(try await pool.read(businesses, in: .user(users.0)) == ["First"])
            #expect(try await pool.read(businesses, in: .user(users.1)) == ["Second"])
            #expect(try await pool.read(businesses, in: .directory) == [])
            #expect(try await pool.read(businesses, in: .tenant(first)) == [])
            // A number is claimed for oneself only, and by nobody who is nobody.
            await #expect(throws: DatabaseError.self) {
                try await pool.write(
                    .count("SELECT app.claim_login_identity(\("phone"), \("+919"))"), in: .tenant(first))
            }
        }
    }

    // MARK: - Ways around

    @Test(arguments: [
        "TRUNCATE app.customers", "SET ROLE unnati_owner", "SET SESSION AUTHORIZATION unnati_owner",
        "ALTER TABLE app.customers DISABLE ROW LEVEL SECURITY",
        "COPY app.customers TO '/tmp/x'", "COPY app.customers TO PROGRAM 'cat'", "COPY (SELECT 1) TO '/tmp/x'",
        "COPY app.customers FROM STDIN",
        "SELECT lo_import('/etc/passwd')", "SELECT lo_export(1, '/tmp/x')", "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('.')",
        "CREATE EXTENSION dblink", "CREATE EXTENSION postgres_fdw", "CREATE TABLE app.x (id bigint)",
        "CREATE TABLE public.x (id bigint)", "CREATE TEMP TABLE x (id bigint)",
        "CREATE FUNCTION app.x() RETURNS int LANGUAGE sql RETURN 1", "CREATE SCHEMA x",
        "ALTER POLICY customers_tenant ON app.customers USING (true)",
        "CREATE POLICY x ON app.customers USING (true)", "SELECT * FROM app.login_identities",
        "SELECT * FROM app.schema_migration_events",
        "ALTER ROLE unnati_app BYPASSRLS", "GRANT unnati_owner TO unnati_app", "LOCK TABLE app.login_identities",
        "SELECT rolpassword FROM pg_authid",
        "SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query <> '<insufficient privilege>' AND usename <> current_user AND 1 / (length(query) - length(query)) > 0",
    ])
    func aServingRoleMayNot(_ statement: String) async throws {
        try await TestDatabase.run { database in
            let connection = try AdminConnection(url: database.url())
            if statement.hasPrefix("SELECT query") {
                // Others' statements are not shown at all.
                #expect(try connection.run(statement) == [])
            } else {
                #expect(throws: AdminError.self) { try connection.run(statement) }
            }
        }
    }

    /// `SET row_security = off` makes a hidden row an error; it never shows it.
    @Test func rowSecurityCannotBeSwitchedOff() async throws {
        try await TestDatabase.run { database in
            _ = try makeTwo(database)
            #expect(throws: AdminError.self) {
                try database.run(as: "unnati_app", "SET row_security = off; SELECT * FROM app.customers")
            }
        }
    }
}

/// What the sources say to PostgreSQL.
@Suite struct ProductStatementTests {
    private let statements: [ProductStatement]

    init() throws { statements = try ProductStatement.all() }

    private func offenders(_ isWrong: (ProductStatement) -> Bool) -> [String] {
        statements.filter(isWrong).map { "\($0.file): \($0.text.prefix(120))" }
    }

    @Test func theyAreFound() {
        #expect(statements.count > 40)
        #expect(statements.contains { $0.words.starts(with: ["insert", "into", "app", ".", "customers"]) })
    }

    /// MERGE has applied wrong policies (CVE-2023-39418), COPY FROM and INSERT … SELECT are refused under row security and by
    /// Citus, and roles are not changed while serving (CVE-2024-10978).
    @Test func theyUseNothingThatPassesRowSecurityOrWouldNotBeSpread() {
        #expect(
            offenders { ["merge", "copy", "explain", "create", "alter", "drop", "lock"].contains($0.words.first) } == []
        )
        #expect(
            offenders {
                $0.words.starts(with: ["insert"]) && $0.words.contains("select") && !$0.words.contains("values")
            } == [])
        #expect(
            offenders {
                $0.words.first == "set" && !$0.words.starts(with: ["set", "local"]) && $0.words.contains("=")
                    && $0.words.contains("app")
            } == [])
        #expect(
            offenders {
                $0.words.contains("set_config") || $0.words.starts(with: ["set", "role"])
                    || $0.words.starts(with: ["set", "session"])
            } == [])
    }

    /// Two fences: the policy, and the statement's own filter.
    @Test func theyNameTheTenantWhereverTheyTouchATenantsTable() async throws {
        let (tenantTables, personTables) = try await TestDatabase.run { database in
            let connection = try AdminConnection(url: database.url("unnati_owner"))
            func tables(_ kind: String) throws -> [String] {
                try connection.run(
                    "SELECT relname FROM pg_class WHERE relnamespace = 'app'::regnamespace AND obj_description(oid, 'pg_class') LIKE '\(kind): %'"
                )
                .compactMap { $0.first ?? nil }
            }
            return (try tables("tenant"), try tables("person"))
        }
        func touches(_ statement: ProductStatement, _ tables: [String]) -> Bool {
            let words = statement.words
            return words.indices.contains {
                $0 + 2 < words.count && words[$0] == "app" && words[$0 + 1] == "." && tables.contains(words[$0 + 2])
            }
        }
        #expect(offenders { touches($0, tenantTables) && !$0.words.contains("tenant_id") } == [])
        #expect(offenders { touches($0, personTables) && !$0.words.contains("user_id") } == [])
        // An upsert on a key without the tenant reads past row security (CVE-2026-120154).
        #expect(
            offenders {
                touches($0, tenantTables) && $0.words.contains("conflict")
                    && $0.words.drop { $0 != "conflict" }.prefix(4).contains("tenant_id") == false
            } == [])
    }

    /// Customers who were merged are one: whoever reads what was written down of a customer by their id reads that of those who were
    /// merged into them too. Writing, and locking what is to be written, is of one row.
    @Test func theyReadWhatWasWrittenDownOfWhoeverWasMerged() {
        let children: Set = [
            "interactions", "customer_activity", "customer_changes", "consents", "consent_events", "do_not_contact",
            "ledger_entries",
            "ledger_balances", "follow_ups", "deals",
        ]
        func reads(_ statement: ProductStatement) -> Bool {
            let words = statement.words
            return words.first == "select" && !words.contains("update")
                && words.indices.contains {
                    $0 + 3 < words.count && ["from", "join"].contains(words[$0]) && words[$0 + 1] == "app"
                        && children.contains(words[$0 + 3])
                }
        }
        let byOne = /customer_id = \$1(?![0-9])/
        #expect(
            offenders { reads($0) && $0.text.contains(byOne) && !$0.text.contains("merged_into") } == [])
    }

    /// Under row security an array that is cast on its way is no condition of an index: every row of the tenant would be looked at.
    @Test func theyAskForManyRowsByAnArrayOfIds() {
        #expect(offenders { $0.file.hasPrefix("CRM/") && $0.text.contains("::uuid[]") } == [])
    }

    @Test func theyNameSchemasInFull() {
        let keywords: Set = ["from", "into", "update", "join"]
        /// What a statement names itself, `line AS (`, in the file that its fragments stand in.
        func ownNames(_ file: String) -> Set<String> {
            Set(
                statements.filter { $0.file == file }.flatMap { statement in
                    let words = statement.words
                    return words.indices.dropLast(2).filter { words[$0 + 1] == "as" && words[$0 + 2] == "(" }.map {
                        words[$0]
                    }
                })
        }
        #expect(
            offenders { statement in
                let words = statement.words, own = ownNames(statement.file)
                return words.indices.dropLast().contains { index in
                    guard keywords.contains(words[index]), index + 2 < words.count,
                        words[index + 1].first?.isLetter == true
                    else { return false }
                    // `extract(epoch FROM …)` reads no table.
                    return words[index + 2] != "." && !own.contains(words[index + 1])
                        && words[max(0, index - 1)] != "epoch"
                        && !["set", "nothing", "unnest", "skip", "of", "lateral", "select", "generate_series"].contains(
                            words[index + 1])
                        && words[index + 2] != "(" && words[max(0, index - 1)] != "do"
                        && words[max(0, index - 1)] != "for" && words[max(0, index - 1)] != "distinct"
                }
            } == [])
    }
}
