// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Testing

/// Birthdays that are to come.
@Suite struct SegmentDaysTests {
    @Test(arguments: [
        ("2026-11-26T12:00:00Z", 0, 1_126, 1_126), ("2026-11-26T18:30:00Z", 0, 1_127, 1_127),
        ("2026-12-24T12:00:00Z", 14, 1_224, 107), ("2026-11-26T12:00:00Z", 364, 1_126, 1_125),
        ("2027-11-26T12:00:00Z", 364, 1_126, 1_124),
        // A 29 February is kept on the 28th, where there is no other.
        ("2027-02-28T12:00:00Z", 0, 228, 229), ("2028-02-28T12:00:00Z", 0, 228, 228),
        ("2028-02-28T12:00:00Z", 1, 228, 229), ("2027-02-25T12:00:00Z", 3, 225, 229),
        ("2027-03-01T12:00:00Z", 364, 301, 228), ("2028-03-01T12:00:00Z", 364, 301, 229),
    ])
    func theyAreAStretchOfDaysOfAnyYear(_ now: String, _ days: Int, _ first: Int, _ last: Int) throws {
        let range = ClosedYearDays.next(days, from: try #require(Instant(rfc3339: now)))
        #expect(range.first == first && range.last == last, "\(range)")
    }
}
