// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import JSON
import Jobs

/// Forgets what was answered, a day after the day on which it was. One for each day on which a business, or a person, has used
/// keys.
package struct IdempotencySweep: Job {
    package static let kind = "idempotency_sweep"
    package static let priority = JobPriority.low

    /// Whose keys; nil for those of the job's business.
    let userID: UserID?

    package init(ofPerson user: UserID?) { userID = user }

    private enum CodingKeys: String, CodingKey { case userID = "user_id" }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        userID = try container.decodeIfPresent(String.self, forKey: .userID).map { text in
            guard let id = UserID(text) else {
                throw DecodingError.dataCorruptedError(forKey: .userID, in: container, debugDescription: "no id")
            }
            return id
        }
    }

    package func write(to json: inout JSONWriter) {
        json.object { json in json.member("user_id", userID?.description) }
    }

    private static let day: Int64 = 86_400

    /// Behind the end of this day and one more, with room for clocks that differ.
    package func delay(_ now: Instant) -> Duration {
        .seconds(2 * Self.day - now.seconds % Self.day + 600)
    }

    package func uniqueKey(_ now: Instant) -> String { "\(now.seconds / Self.day) \(userID?.description ?? "")" }

    /// - Throws: `DatabaseError`.
    package static func perform(_ job: IdempotencySweep, _ attempt: JobAttempt, in database: ConnectionPool)
        async throws
    {
        if let user = job.userID {
            _ = try await database.write(IdempotencyQueries.deleteExpired(of: user), in: .user(user))
            return
        }
        let tenant = attempt.tenantID
        while try await database.write(IdempotencyQueries.deleteExpired(of: tenant), in: .tenant(tenant)) > 0 {
            try Task.checkCancellation()
        }
    }
}
