// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Jobs
import Testing

@Suite struct RetryPolicyTests {
    @Test func eachWaitIsTwiceTheOneBeforeAndSixHoursAtMost() {
        let policy = RetryPolicy()
        #expect((1...4).map { policy.delay(after: $0, chance: 0.5) } == [15, 30, 60, 120].map { .seconds($0) })
        #expect(policy.delay(after: 12, chance: 0.5) == .seconds(6 * 3_600))
        #expect(policy.delay(after: .max, chance: 0.5) == .seconds(6 * 3_600))
        #expect(policy.delay(after: -3, chance: 0.5) == .seconds(15))
    }

    @Test func chanceIsAFifthEitherWay() {
        let policy = RetryPolicy()
        #expect(abs(policy.delay(after: 1, chance: 0) / .seconds(12) - 1) < 0.001)
        #expect(abs(policy.delay(after: 1, chance: 1) / .seconds(18) - 1) < 0.001)
        #expect(Set((0..<50).map { _ in policy.delay(after: 5) }).count > 10)
    }
}
