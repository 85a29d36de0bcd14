// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Admission
import Core
import Testing

/// The limiter with a clock that the test moves.
@Suite struct RateLimiterTests {
    private let policy = RatePolicy(.person, 10, per: .seconds(60))
    private let person = RateSubject.person(.next())
    private let second: Int64 = 1_000_000_000

    @Test func aFullBucketGivesItsQuotaAtOnceAndNoMore() {
        let limiter = RateLimiter()
        let verdicts = (0..<12).map { _ in limiter.take(policy, person, now: 0) }

        #expect(verdicts.map(\.isAllowed) == Array(repeating: true, count: 10) + [false, false])
        #expect(verdicts.map(\.remaining) == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0])
        #expect(verdicts[9].reset == .seconds(60))
        #expect(verdicts[11].retryAfter == .seconds(6))
    }

    @Test func whoWaitsAsToldIsLetInAndWhoComesEarlierIsNot() {
        let limiter = RateLimiter()
        for _ in 0..<10 { _ = limiter.take(policy, person, now: 0) }

        #expect(!limiter.take(policy, person, now: 6 * second - 1).isAllowed)
        #expect(limiter.take(policy, person, now: 6 * second).isAllowed)
        #expect(!limiter.take(policy, person, now: 6 * second).isAllowed)
        #expect(limiter.take(policy, person, now: 1_000 * second).remaining == 9)
    }

    @Test func aRefusedRequestUsesNothingUp() {
        let limiter = RateLimiter()
        for _ in 0..<1_000 { _ = limiter.take(policy, person, now: 0) }
        #expect(limiter.take(policy, person, now: 6 * second).isAllowed)
    }

    @Test func subjectsDoNotShareABucket() {
        let limiter = RateLimiter()
        for _ in 0..<10 { _ = limiter.take(policy, person, now: 0) }
        #expect(limiter.take(policy, .person(.next()), now: 0).isAllowed)
        #expect(limiter.take(policy, .tenant(.next()), now: 0).isAllowed)
    }

    @Test func subscribersOfIPv6AreCountedByTheirNetwork() throws {
        let limiter = RateLimiter()
        let one = try #require(NetworkAddress("2001:db8:1:2::1")), two = try #require(NetworkAddress("2001:db8:1:2::2"))
        let other = try #require(NetworkAddress("2001:db8:1:3::1"))
        for _ in 0..<10 { _ = limiter.take(policy, .address(one, .address), now: 0) }

        #expect(!limiter.take(policy, .address(two, .address), now: 0).isAllowed)
        #expect(limiter.take(policy, .address(other, .address), now: 0).isAllowed)
    }

    /// A flood of subjects takes a bounded place, and does not open the buckets of those who are still active.
    @Test func aFloodOfSubjectsIsBounded() {
        let limiter = RateLimiter(subjects: 1_000, shards: 1)
        for index in 0..<10_000 {
            _ = limiter.take(policy, .address(NetworkAddress(ipv4: UInt32(index)), .address), now: 0)
            if index % 500 == 0, index <= 4_500 { _ = limiter.take(policy, person, now: 0) }
        }
        #expect(limiter.subjectCount <= 2_000)

        let active = RateLimiter(subjects: 1_000, shards: 1)
        var allowed = 0
        for index in 0..<10_000 {
            _ = active.take(policy, .address(NetworkAddress(ipv4: UInt32(index)), .address), now: 0)
            if index % 500 == 0, active.take(policy, person, now: 0).isAllowed { allowed += 1 }
        }
        #expect(allowed == 10)
    }

    @Test func manyAtOnceGetTheQuotaTogether() async {
        let limiter = RateLimiter()
        let allowed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<100).count { _ in limiter.take(policy, person, now: 0).isAllowed } }
            }
            return await group.reduce(0, +)
        }
        #expect(allowed == 10)
    }
}
