// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A day of the calendar in India, which is 5 hours 30 minutes ahead of UTC all year: what a customer buys at one in the night there
/// is bought on that day, whatever UTC says.
package struct LedgerDay: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// As it is stored: 31 January 2026 is 20260131.
    package let number: Int

    package static let offset = Duration.seconds(19_800)

    /// One that was validated before it was stored.
    package init(stored number: Int) { self.number = number }

    /// The day there at this moment.
    package init(of instant: Instant) {
        let date = CivilDateTime(instant.advanced(by: Self.offset))
        number = date.year * 10_000 + date.month * 100 + date.day
    }

    /// Reads `2026-01-31`.
    /// - Throws: `FieldError` with code `invalid_date`, at `pointer`.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        guard let date = PartialDate(text), let year = date.year else {
            throw FieldError(pointer, "invalid_date", "Give a day like 2026-01-31.")
        }
        number = year * 10_000 + date.monthDay
    }

    package static var today: LedgerDay { LedgerDay(of: .now()) }

    package static func < (left: LedgerDay, right: LedgerDay) -> Bool { left.number < right.number }

    private var parts: (year: String, month: String, day: String) {
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        return (padded(number / 10_000, 4), padded(number / 100 % 100, 2), padded(number % 100, 2))
    }

    /// `2026-01-31`.
    package var description: String { "\(parts.year)-\(parts.month)-\(parts.day)" }

    /// As people in India write it: `31/01/2026`.
    package var written: String { "\(parts.day)/\(parts.month)/\(parts.year)" }
}
