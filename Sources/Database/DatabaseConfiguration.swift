// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package struct DatabaseConfiguration: Sendable {
    /// `DATABASE_URL`, required. A libpq URI for the role `unnati_app`. Redacted in every description.
    package var url: Secret<String>
    /// `DATABASE_REPLICA_URL`. A standby of the same database that answers reads which may be a moment old; nil for none.
    package var replicaURL: Secret<String>?
    /// `DATABASE_REPLICA_AGE_MS`, 100...60 000. How far it may be behind.
    package var replicaAge: Duration = .milliseconds(2_000)
    /// `DATABASE_CONNECTIONS`, 1...64. About twice the database's cores and one: many waiting requests over few connections
    /// beat many connections, and one is kept for quick reads.
    package var connections = 5
    /// `DATABASE_WAITERS`, 0...100 000. Requests that may stand in line for a connection.
    package var waiters = 1_024
    /// `DATABASE_LEASE_TIMEOUT_MS`, 1...60 000. Longest wait for a connection before 503.
    package var leaseTimeout: Duration = .milliseconds(2_000)
    /// `DATABASE_TRANSACTION_TIMEOUT_MS`, 1...600 000. Longest transaction; then its connection is given up.
    package var transactionTimeout: Duration = .milliseconds(10_000)
    /// `DATABASE_CONNECT_TIMEOUT_MS`, 1...60 000.
    package var connectTimeout: Duration = .milliseconds(5_000)
    /// `DATABASE_IDLE_TIMEOUT_MS`, 1 000...86 400 000. A connection that has had nothing to do for so long is closed; one
    /// always stays.
    package var idleTimeout: Duration = .seconds(600)
    /// `DATABASE_CONNECTION_LIFETIME_MS`, 1 000...86 400 000, give or take a tenth. Then a connection is replaced, so that
    /// changed roles, settings and addresses arrive, and memory of PostgreSQL's caches comes back.
    package var lifetime: Duration = .seconds(1_800)
    /// `DATABASE_PREPARED_STATEMENTS`, off behind a pooler that does not pass prepared statements on.
    package var usesPreparedStatements = true

    package init(url: Secret<String>) { self.url = url }
}
