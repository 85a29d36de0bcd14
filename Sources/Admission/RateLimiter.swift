// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Glibc

/// What a policy said of one request.
package struct RateVerdict: Sendable, Equatable {
    package let policy: RatePolicy
    package let isAllowed: Bool
    /// Requests that may still come at once.
    package let remaining: Int
    /// Until the whole quota is there again.
    package let reset: Duration
    /// Until one more request may come; zero when it may now.
    package let retryAfter: Duration
}

/// Token buckets in memory, by the generic cell rate algorithm (ITU-T I.371, Annex A): one time for each subject, the
/// "theoretical arrival time", says how full its bucket is. A refused request uses nothing up.
///
/// Memory is bounded: subjects live in two generations, and when the younger is full the older is forgotten. Whoever could
/// fill it has used that many addresses or accounts within a window; being forgotten means a full bucket.
package struct RateLimiter: Sendable {
    private struct Shard {
        var young: [RateSubject: Int64] = [:]
        var old: [RateSubject: Int64] = [:]

        subscript(subject: RateSubject) -> Int64? { young[subject] ?? old[subject] }

        mutating func store(_ time: Int64, for subject: RateSubject, capacity: Int) {
            if young.count >= capacity && young[subject] == nil {
                old = young
                young = [:]
                young.reserveCapacity(capacity)
            }
            young[subject] = time
        }
    }

    private let shards: [Lock<Shard>]
    private let capacity: Int

    /// - Parameter subjects: at least so many are remembered, and about twice as many at most.
    package init(subjects: Int = 131_072, shards count: Int = 16) {
        shards = (0..<max(1, count)).map { _ in Lock(Shard()) }
        capacity = max(1, subjects / max(1, count))
    }

    /// Counts one request.
    /// - Parameter now: nanoseconds of a clock that never goes back.
    package func take(_ policy: RatePolicy, _ subject: RateSubject, now: Int64 = monotonicNanoseconds()) -> RateVerdict
    {
        let (span, cost) = (policy.span, policy.cost)
        let shard = shards[Int(UInt(bitPattern: subject.hashValue) % UInt(shards.count))]
        let (allowed, debt) = shard.with { shard in
            let debt = max(0, (shard[subject] ?? now) - now)
            let isAllowed = debt + cost <= span
            // Stored for a refused one too: whoever keeps knocking is not forgotten.
            shard.store(isAllowed ? now + debt + cost : now + debt, for: subject, capacity: capacity)
            return (isAllowed, isAllowed ? debt + cost : debt)
        }
        return policy.verdict(isAllowed: allowed, debt: debt)
    }

    /// Subjects that are remembered now.
    package var subjectCount: Int { shards.reduce(0) { $0 + $1.with { $0.young.count + $0.old.count } } }

    package static func monotonicNanoseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension RatePolicy {
    /// - Parameter debt: nanoseconds until the bucket is full again.
    func verdict(isAllowed: Bool, debt: Int64) -> RateVerdict {
        RateVerdict(
            policy: self, isAllowed: isAllowed, remaining: Int(max(0, span - debt) / cost), reset: .nanoseconds(debt),
            retryAfter: isAllowed ? .zero : .nanoseconds(debt + cost - span))
    }
}
