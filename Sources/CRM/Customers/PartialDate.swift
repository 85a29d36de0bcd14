// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A day in the calendar, with its year where that is known: a birthday, an anniversary.
///
/// Written as `1990-04-23`, and as `--04-23` without a year (ISO 8601:2000 §5.2.1.3, as address books write it).
package struct PartialDate: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 9999.
    package let year: Int?
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int

    package var description: String {
        func padded(_ number: Int, to count: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
        }
        return (year.map { padded($0, to: 4) } ?? "-") + "-" + padded(month, to: 2) + "-" + padded(day, to: 2)
    }

    /// Nil for a day that there is not. Without a year there is a 29 February.
    package init?(year: Int?, month: Int, day: Int) {
        guard (1...9_999).contains(year ?? 1), (1...12).contains(month),
            (1...Instant.days(in: month, of: year ?? 2_000)).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// As it is stored, so that a stretch of days is one of an index: the month times a hundred and the day.
    package init?(monthDay: Int, year: Int?) { self.init(year: year, month: monthDay / 100, day: monthDay % 100) }

    package var monthDay: Int { month * 100 + day }

    /// Reads what ``description`` writes, and nothing else.
    package init?(_ text: String) {
        func number(_ digits: Substring) -> Int? {
            digits.utf8.allSatisfy { (48...57).contains($0) } ? Int(digits) : nil
        }
        let hasYear = !text.hasPrefix("--")
        guard text.utf8.count == (hasYear ? 10 : 7) else { return nil }
        let parts = text.dropFirst(hasYear ? 0 : 2).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == (hasYear ? [4, 2, 2] : [2, 2]) else { return nil }
        let numbers = parts.compactMap(number)
        guard numbers.count == parts.count, let day = numbers.last, let month = numbers.dropLast().last else {
            return nil
        }
        self.init(year: hasYear ? numbers.first : nil, month: month, day: day)
    }

    /// - Throws: `FieldError` with code `invalid_date`, at `pointer`.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        guard let date = PartialDate(text) else {
            throw FieldError(pointer, "invalid_date", "Give a date like 1990-04-23, or --04-23 without the year.")
        }
        self = date
    }
}
