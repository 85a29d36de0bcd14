// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A day as it is in India, five and a half hours before Greenwich all year round.
package struct IndianDay: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Days since the first of January 1970.
    private let number: Int

    private static let offset: Int64 = 19_800_000_000, length: Int64 = 86_400_000_000

    /// What people plan for lies between these.
    package static let earliest = IndianDay(2_000, 1, 1), latest = IndianDay(2_100, 12, 31)

    private init(number: Int) { self.number = number }

    private init(_ year: Int, _ month: Int, _ day: Int) { number = Instant.daysSinceEpoch(year, month, day) }

    /// The day of a moment.
    package init(of instant: Instant) {
        let (quotient, remainder) = (instant.microseconds &+ Self.offset).quotientAndRemainder(dividingBy: Self.length)
        number = Int(remainder < 0 ? quotient - 1 : quotient)
    }

    /// A day of a month; its last one where the month has fewer.
    init(year: Int, month: Int, day: Int) { self.init(year, month, min(day, Instant.days(in: month, of: year))) }

    /// As it is stored: 20260131.
    package init(stored: Int) { self.init(stored / 10_000, stored / 100 % 100, stored % 100) }

    package var stored: Int { year * 10_000 + month * 100 + day }

    /// Reads ``description``.
    /// - Throws: `FieldError` with code `invalid_date` or `out_of_range`, at `pointer`.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        guard let date = PartialDate(text), let year = date.year else {
            throw FieldError(pointer, "invalid_date", "Give a day like 2026-01-31.")
        }
        self.init(year, date.month, date.day)
        guard (Self.earliest...Self.latest).contains(self) else { throw Self.outOfRange(pointer) }
    }

    package static func outOfRange(_ pointer: String) -> FieldError {
        FieldError(pointer, "out_of_range", "From the year \(earliest.year) to \(latest.year).")
    }

    /// Midnight in India.
    package var start: Instant { Instant(microseconds: Int64(number) * Self.length - Self.offset) }

    package func advanced(byDays days: Int) -> IndianDay { IndianDay(number: number + days) }

    /// How many days later `other` is.
    func days(until other: IndianDay) -> Int { other.number - number }

    private var civil: CivilDateTime { CivilDateTime(Instant(microseconds: Int64(number) * Self.length)) }
    package var year: Int { civil.year }
    package var month: Int { civil.month }
    package var day: Int { civil.day }

    package static func < (left: IndianDay, right: IndianDay) -> Bool { left.number < right.number }

    /// `2026-01-31`
    package var description: String { PartialDate(year: year, month: month, day: day)?.description ?? "" }
}
