// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A day that comes again every year, such as a birthday, with the year where somebody has told it: `1990-04-23`, or `--04-23`
/// (ISO 8601:2000 §5.2.1.3; RFC 6350 §4.3.1).
package struct PartialDate: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 9999; nil when nobody has told it.
    package let year: Int?
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int

    /// Nil for a day that the calendar lacks. The 29th of February without a year is one.
    package init?(year: Int?, month: Int, day: Int) {
        guard year.map({ (1...9_999).contains($0) }) ?? true, (1...12).contains(month),
            (1...Instant.days(in: month, of: year ?? 2_000)).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// Reads ``description``.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int? {
            bytes[range].reduce(0) { sum, byte in
                guard let sum, (48...57).contains(byte) else { return nil }
                return sum * 10 + Int(byte - 48)
            }
        }
        if bytes.count == 7, bytes.starts(with: "--".utf8), bytes[4] == UInt8(ascii: "-"), let month = number(2..<4),
            let day = number(5..<7)
        {
            self.init(year: nil, month: month, day: day)
        } else if bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10)
        {
            self.init(year: year, month: month, day: day)
        } else {
            return nil
        }
    }

    /// - Throws: `FieldError` with code `invalid_date`, at `pointer`.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        guard let date = PartialDate(text) else {
            throw FieldError(pointer, "invalid_date", "Give a day like 1990-04-23, or --04-23 without the year.")
        }
        self = date
    }

    /// As it is stored: the month times a hundred and the day.
    package init?(monthDay: Int, year: Int?) { self.init(year: year, month: monthDay / 100, day: monthDay % 100) }

    package var monthDay: Int { month * 100 + day }

    package var description: String {
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return (year.map { padded($0, 4) } ?? "-") + "-" + padded(month, 2) + "-" + padded(day, 2)
    }
}
