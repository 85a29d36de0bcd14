// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Logging

/// Token buckets that all servers share, kept in PostgreSQL: exact, and a round trip for each request. It is asked only about
/// what the server's own bucket has let pass (docs/decisions/0013).
package struct SharedRateLimiter: Sendable {
    private static let sweepInterval = Duration.seconds(60), sweptAtOnce = 1_000

    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// Counts one request, by PostgreSQL's clock.
    /// - Throws: `DatabaseError` when it cannot be known whether it may pass.
    package func take(_ policy: RatePolicy, _ subject: RateSubject) async throws -> RateVerdict {
        let (isRefused, debt) = try await database.write(
            RateBucketQueries.take(policy, subject), in: .directory)
        return policy.verdict(isAllowed: !isRefused, debt: debt * 1_000)
    }

    /// Forgets buckets that are full again, until cancelled.
    package func run(_ logger: Logger) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.sweepInterval * Double.random(in: 0.5...1.5))
            do {
                while try await database.write(RateBucketQueries.sweep(limit: Self.sweptAtOnce), in: .directory)
                    == Self.sweptAtOnce
                {}
            } catch {
                logger.warning("shared limits not swept", metadata: ["error": "\(error)"])
            }
        }
    }
}

enum RateBucketQueries {
    /// One request, refused or counted, and microseconds until the bucket is full again.
    ///
    /// The row is locked from when it is found until COMMIT, so that requests to all servers pass it one after the other.
    static func take(_ policy: RatePolicy, _ subject: RateSubject) -> Query<(isRefused: Bool, debt: Int64)> {
        let cost = Int(policy.cost / 1_000), room = Int((policy.span - policy.cost) / 1_000)
        return .one(
            """
            INSERT INTO app.rate_buckets AS bucket (policy, subject, arrival, is_refused)
            VALUES (\(policy.name.rawValue), \(subject.bytes), now() + \(cost) * interval '1 microsecond', false)
            ON CONFLICT (policy, subject) DO UPDATE
            SET is_refused = bucket.arrival > now() + \(room) * interval '1 microsecond',
                arrival = CASE WHEN bucket.arrival > now() + \(room) * interval '1 microsecond' THEN bucket.arrival
                               ELSE greatest(bucket.arrival, now()) + \(cost) * interval '1 microsecond' END
            RETURNING is_refused, (extract(epoch FROM greatest(arrival, now()) - now()) * 1000000)::bigint AS debt
            """
        ) { row in
            let debt: Int = try row.decode("debt")
            return (try row.decode("is_refused"), Int64(debt))
        }
    }

    /// A bucket that is full again says nothing.
    static func sweep(limit: Int) -> Query<Int> {
        .count(
            """
            DELETE FROM app.rate_buckets WHERE (policy, subject) IN (
                SELECT policy, subject FROM app.rate_buckets WHERE arrival < now() ORDER BY arrival LIMIT \(limit)
                FOR UPDATE SKIP LOCKED)
            """)
    }
}
