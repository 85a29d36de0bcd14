// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Testing

/// What comes again, and days as they are in India.
@Suite struct RepetitionTests {
    private func time(_ text: String) throws -> Instant { try #require(Instant(rfc3339: text + ":00+05:30")) }

    /// As a clock in India shows it.
    private func shown(_ instant: Instant) -> String {
        String(instant.advanced(by: .seconds(19_800)).description.prefix(16))
    }

    /// Each done when it is due, or at one moment.
    private func series(
        _ repetition: Repetition, from first: String, isAllDay: Bool = false, doneAt: String? = nil, count: Int
    ) throws -> [String] {
        var due = try Due(time(first), isAllDay: isAllDay, at: ""), times: [String] = []
        for _ in 0..<count {
            guard let next = repetition.next(after: due, doneAt: try doneAt.map { try time($0) } ?? due.at) else {
                return times + ["none"]
            }
            times.append(shown(next.at))
            due = next
        }
        return times
    }

    @Test func theLastOfAMonthIsTheLastOfEach() throws {
        let monthly = Repetition(.monthly, interval: 1, until: nil, day: 31)
        #expect(
            try series(monthly, from: "2027-12-31T23:50", count: 4) == [
                "2028-01-31T23:50", "2028-02-29T23:50", "2028-03-31T23:50", "2028-04-30T23:50",
            ])
        let yearly = Repetition(.yearly, interval: 1, until: nil, day: 29)
        #expect(
            try series(yearly, from: "2024-02-29T10:00", count: 4) == [
                "2025-02-28T10:00", "2026-02-28T10:00", "2027-02-28T10:00", "2028-02-29T10:00",
            ])
    }

    @Test func daysBeginAtMidnightInIndia() throws {
        // Half past midnight in India is the evening before in Greenwich.
        let daily = Repetition(.daily, interval: 1, until: nil, day: 31)
        #expect(try series(daily, from: "2026-12-31T00:30", count: 2) == ["2027-01-01T00:30", "2027-01-02T00:30"])
        let due = try Due(time("2026-03-01T00:30"), isAllDay: true, at: "")
        #expect(due.day.description == "2026-03-01" && due.at.description == "2026-02-28T18:30:00.000Z")
        #expect(IndianDay(of: try time("2026-02-28T23:59")).description == "2026-02-28")
    }

    @Test func whatWasMissedIsLeftOut() throws {
        let daily = Repetition(.daily, interval: 3, until: nil, day: 1)
        #expect(
            try series(daily, from: "2026-01-01T10:00", doneAt: "2026-02-03T09:00", count: 1) == ["2026-02-03T10:00"])
        #expect(
            try series(daily, from: "2026-01-01T10:00", doneAt: "2026-02-03T11:00", count: 1) == ["2026-02-06T10:00"])
        // What is for a whole day and was done on it comes on a later one.
        let weekly = Repetition(.weekly, interval: 1, until: nil, day: 1)
        #expect(
            try series(weekly, from: "2026-01-01T00:00", isAllDay: true, doneAt: "2026-01-08T09:00", count: 1)
                == ["2026-01-15T00:00"])
        // Done before it is due, it comes at its own time.
        #expect(
            try series(weekly, from: "2026-01-01T10:00", doneAt: "2025-12-01T09:00", count: 1) == ["2026-01-08T10:00"])
    }

    @Test func itEndsWithItsLastDay() throws {
        let until = try IndianDay("2026-03-30", at: "")
        let monthly = Repetition(.monthly, interval: 1, until: until, day: 31)
        #expect(try series(monthly, from: "2026-01-31T10:00", count: 3) == ["2026-02-28T10:00", "none"])
        let yearly = Repetition(.yearly, interval: 12, until: nil, day: 1)
        #expect(try series(yearly, from: "2090-01-01T10:00", count: 1) == ["none"])
    }

    /// However late it is done, it is the first that a walk from one to the next would find.
    @Test func itIsTheFirstThatIsStillToCome() throws {
        for frequency in Repetition.Frequency.allCases {
            for interval in 1...Repetition.maximumInterval {
                let repetition = Repetition(frequency, interval: interval, until: nil, day: 31)
                for later in stride(from: 0, to: 4_000, by: 173) {
                    let due = try Due(time("2026-01-31T10:00"), isAllDay: later % 2 == 0, at: "")
                    let now = due.at.advanced(by: .seconds(86_400 * later + 20_000))
                    var walked = repetition.next(after: due, doneAt: due.at)
                    while let next = walked, due.isAllDay ? next.day <= IndianDay(of: now) : next.at <= now {
                        walked = repetition.next(after: next, doneAt: next.at)
                    }
                    #expect(
                        repetition.next(after: due, doneAt: now) == walked, "\(frequency) \(interval) \(later)")
                }
            }
        }
    }

    @Test(arguments: [
        ("1999-12-31", "out_of_range"), ("2101-01-01", "out_of_range"), ("2026-02-29", "invalid_date"),
        ("--02-28", "invalid_date"), ("31-01-2026", "invalid_date"),
    ]) func aDayThatIsNoneIsRefused(_ text: String, _ code: String) {
        let error = #expect(throws: FieldError.self) { try IndianDay(text, at: "/day") }
        #expect(error?.code == code)
    }
}

@Suite struct OccasionTests {
    private func days(_ first: String, _ ahead: Int) throws -> [[Int]] {
        OccasionDays(from: try IndianDay(first, at: ""), ahead: ahead).days.map { [$0.monthDay, $0.offset] }
    }

    @Test func theyGoAroundTheTurnOfTheYear() throws {
        #expect(try days("2026-12-30", 3) == [[1_230, 0], [1_231, 1], [101, 2], [102, 3]])
        #expect(try days("2026-06-15", 0) == [[615, 0]])
    }

    @Test func whoWasBornOnALeapDayIsNotForgotten() throws {
        #expect(try days("2027-02-27", 2) == [[227, 0], [228, 1], [229, 1], [301, 2]])
        #expect(try days("2028-02-27", 3) == [[227, 0], [228, 1], [229, 2], [301, 3]])
        #expect(try days("2027-03-01", 0) == [[301, 0]])
    }
}
