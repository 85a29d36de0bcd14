// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Execution
import Foundation

/// A database of its own for one test, cloned from a migrated template on a private PostgreSQL.
package struct TestDatabase: Sendable {
    package let name: String

    /// `make test` starts the cluster and says where it is: a libpq URI that ends in `user=`.
    private static func url(_ role: String, _ database: String) throws -> Secret<String> {
        guard let base = ProcessInfo.processInfo.environment["UNNATI_TEST_POSTGRES"] else {
            throw MissingCluster()
        }
        return Secret("\(base)\(role)&dbname=\(database)")
    }

    /// `docker/local/test` runs everything once more through a PgBouncer, which passes no prepared statements on.
    private static let pooler = ProcessInfo.processInfo.environment["UNNATI_TEST_POOLER"]

    /// For tests that need to know which of PostgreSQL's processes serves them.
    package static var isPooled: Bool { pooler != nil }

    /// The database as a server comes to it.
    package func configuration(_ role: String = "unnati_app") throws -> DatabaseConfiguration {
        guard let pooler = Self.pooler else { return DatabaseConfiguration(url: try url(role)) }
        var configuration = DatabaseConfiguration(url: Secret("\(pooler)\(role)&dbname=\(name)"))
        configuration.usesPreparedStatements = false
        return configuration
    }

    package struct MissingCluster: Error, CustomStringConvertible {
        package let description = "UNNATI_TEST_POSTGRES is not set: run the tests with `make test`."
    }

    package func url(_ role: String = "unnati_app") throws -> Secret<String> { try Self.url(role, name) }

    /// Runs `body` with a fresh database and drops it afterwards.
    /// - Parameter template: `unnati_template` has the schema, `unnati_empty` has nothing.
    package static func run<Output>(template: String = "unnati_template", _ body: (TestDatabase) async throws -> Output)
        async throws -> Output
    {
        let database = TestDatabase(name: "t_\(UUIDv7.next().hex)")
        try administer {
            try $0.run("CREATE DATABASE \(database.name) OWNER unnati_owner TEMPLATE \(template)")
            // What a database is granted is not copied with it.
            try $0.run(
                """
                REVOKE ALL ON DATABASE \(database.name) FROM PUBLIC;
                GRANT CONNECT ON DATABASE \(database.name) TO unnati_app, unnati_worker, unnati_readonly
                """)
        }
        do {
            let output = try await body(database)
            try administer { try $0.run("DROP DATABASE \(database.name) WITH (FORCE)") }
            return output
        } catch {
            try? administer { try $0.run("DROP DATABASE \(database.name) WITH (FORCE)") }
            throw error
        }
    }

    /// Runs SQL as a superuser in the cluster's own database.
    package static func administer(_ body: (borrowing AdminConnection) throws -> Void) throws {
        try body(AdminConnection(url: url("postgres", "postgres")))
    }

    /// Runs SQL as a role and returns the rows of the last statement.
    @discardableResult
    package func run(as role: String, _ sql: String) throws -> [[String?]] {
        try AdminConnection(url: url(role)).run(sql)
    }

    /// Reads answers for all pools that tests make.
    package static let loop = EventLoop(label: "test.loop")

    package func pool(
        on loops: [EventLoop] = [Self.loop], as role: String = "unnati_app",
        _ change: (inout DatabaseConfiguration) -> Void = { _ in }
    ) throws -> ConnectionPool {
        var configuration = try configuration(role)
        change(&configuration)
        return ConnectionPool(configuration, on: loops, logger: .quiet)
    }
}
