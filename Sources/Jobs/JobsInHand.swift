// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// How an attempt ended.
enum JobOutcome: Sendable {
    case done
    case retry(after: Duration, reason: String)
    case dead(reason: String)
    case cancelled
    /// The worker stops before it was done.
    case released
}

/// What a worker has in hand, as a value: attempts under way and those whose end is not written down yet.
struct JobsInHand {
    struct UnderWay {
        let job: ClaimedJob
        let progress: JobProgress
        let deadline: ContinuousClock.Instant
        var task: Task<Void, Never>?
        var isCancelled = false
        var isLate = false
    }

    /// What ended, with how.
    struct Ended {
        let job: ClaimedJob
        let outcome: JobOutcome
    }

    let places: Int
    /// Of one business; others always find a place.
    let share: Int
    private(set) var underWay: [JobID: UnderWay] = [:]
    private(set) var ended: [Ended] = []

    init(places: Int) {
        self.places = places
        share = max(1, places / 3)
    }

    /// While many ends wait to be written down nothing is begun.
    var free: Int { ended.count > 4 * places ? 0 : max(0, places - underWay.count) }
    var isEmpty: Bool { underWay.isEmpty && ended.isEmpty }
    /// Two shares are the most that one business can have, since a claim brings one at most.
    var fullTenants: [TenantID] {
        Dictionary(grouping: underWay.values, by: \.job.tenantID).filter { $0.value.count >= share }.map(\.key)
    }

    /// All that PostgreSQL believes to be here.
    var ids: [JobID] { Array(underWay.keys) + ended.map(\.job.id) }

    mutating func begin(_ job: ClaimedJob, _ progress: JobProgress, deadline: ContinuousClock.Instant) {
        underWay[job.id] = UnderWay(job: job, progress: progress, deadline: deadline)
    }

    /// It may have ended already.
    mutating func attach(_ task: Task<Void, Never>, to id: JobID) { underWay[id]?.task = task }

    /// - Returns: what it was told meanwhile.
    mutating func end(_ id: JobID) -> UnderWay? { underWay.removeValue(forKey: id) }

    mutating func note(_ job: ClaimedJob, _ outcome: JobOutcome) { ended.append(Ended(job: job, outcome: outcome)) }

    /// What is to be written down; comes back by ``note(_:_:)`` when that fails.
    mutating func takeEnded() -> [Ended] {
        defer { ended = [] }
        return ended
    }

    /// Attempts that have taken too long.
    mutating func late(_ now: ContinuousClock.Instant) -> [Task<Void, Never>] {
        underWay.filter { $0.value.deadline <= now && !$0.value.isLate }.keys.compactMap { id in
            underWay[id]?.isLate = true
            return underWay[id]?.task
        }
    }

    mutating func cancel(_ ids: [JobID]) -> [Task<Void, Never>] {
        ids.compactMap { id in
            underWay[id]?.isCancelled = true
            return underWay[id]?.task
        }
    }
}
