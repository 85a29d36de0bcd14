// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON

package enum JobIDKind: IdentifierKind { package static var prefix: StaticString { "job" } }

/// The same at every attempt, and so the key by which whoever is asked twice can tell.
package typealias JobID = Identifier<JobIDKind>

/// Work for later, for one business. It is done at least once: doing it again must do no harm.
///
/// Its members are ids and numbers, written as JSON and read back by whichever build comes first. Builds of two ages run side by
/// side, so a new member is optional.
package protocol Job: Decodable, Sendable, JSONWritable {
    /// `customer_import`: 1 to 64 letters, digits and underscores; never renamed while jobs of it may wait.
    static var kind: String { get }
    static var priority: JobPriority { get }
    /// Longest run of one attempt, which is then cancelled.
    static var timeout: Duration { get }
    /// After so many attempts it waits for a person, 1...100.
    static var maximumAttempts: Int { get }
}

extension Job {
    package static var priority: JobPriority { .normal }
    package static var timeout: Duration { .seconds(60) }
    package static var maximumAttempts: Int { 12 }
}

package enum JobPriority: Int, Sendable {
    /// Somebody waits for it with the telephone in hand. A part of every worker's places is kept for these.
    case urgent = 1
    case high = 2, normal = 3, low = 4
}

/// Spelled the same in SQL. What is done is deleted and has no state.
package enum JobState: String, Sendable, CaseIterable {
    /// Its time has not come, or it has failed and will be tried again.
    case scheduled
    case available, running
    /// Its kind is stopped.
    case paused
    case cancelled
    /// All attempts have failed: it waits for a person.
    case dead
}

/// What a handler may say when it fails; any other error means "try again later".
package enum JobFailure: Error, Sendable, Equatable {
    /// A provider has said when to come back.
    case retry(after: Duration, reason: String)
    /// Another attempt would fail alike.
    case hopeless(reason: String)
}

/// An attempt, as its handler sees it.
package struct JobAttempt: Sendable {
    package let jobID: JobID
    package let tenantID: TenantID
    /// 1 for the first.
    package let number: Int
    /// When this one fails too, the job is dead.
    package let isLast: Bool
    let progress: JobProgress

    /// Tells operators how far it has got, 0...100.
    package func report(percent: Int) { progress.note(percent) }
}
