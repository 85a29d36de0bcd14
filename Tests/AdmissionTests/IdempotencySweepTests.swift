// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Admission
import Core
import Testing

@Suite struct IdempotencySweepTests {
    private let day: Int64 = 86_400_000_000

    /// Whenever in a day a key is used, the sweep of that day runs when all of the day's keys have expired.
    @Test(arguments: [0, 1, 43_200_000_000, 86_399_999_999])
    func theSweepOfADayRunsADayBehindItsEnd(_ time: Int64) {
        let sweep = IdempotencySweep(ofPerson: nil), now = Instant(microseconds: 20_000 * day + time)
        let runs = now.advanced(by: sweep.delay(now))
        #expect(runs.microseconds >= 20_002 * day && runs.microseconds < 20_002 * day + 3_600_000_000)
    }

    @Test func aDayHasOneSweepForABusinessAndOneForEachPerson() {
        let sweeps = [
            IdempotencySweep(ofPerson: nil), IdempotencySweep(ofPerson: .next()), IdempotencySweep(ofPerson: .next()),
        ]
        let first = Instant(microseconds: 20_000 * day), last = Instant(microseconds: 20_001 * day - 1)
        #expect(sweeps[0].uniqueKey(first) == sweeps[0].uniqueKey(last))
        #expect(sweeps[0].uniqueKey(first) != sweeps[0].uniqueKey(Instant(microseconds: 20_001 * day)))
        #expect(Set(sweeps.map { $0.uniqueKey(first) }).count == 3)
    }
}
