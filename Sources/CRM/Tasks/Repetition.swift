// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// By when something is to be done.
package struct Due: Sendable, Equatable {
    /// Of a whole day: its beginning in India.
    package let at: Instant
    package let isAllDay: Bool

    package var day: IndianDay { IndianDay(of: at) }

    /// - Throws: `FieldError` with code `out_of_range`, at `pointer`.
    package init(_ instant: Instant, isAllDay: Bool, at pointer: String) throws(FieldError) {
        let day = IndianDay(of: instant)
        guard (IndianDay.earliest...IndianDay.latest).contains(day) else { throw IndianDay.outOfRange(pointer) }
        self.init(at: isAllDay ? day.start : instant, isAllDay: isAllDay)
    }

    init(at instant: Instant, isAllDay: Bool) {
        at = instant
        self.isAllDay = isAllDay
    }
}

/// How something comes again: every two weeks, on the last of every month, until some day.
package struct Repetition: Sendable, Equatable {
    /// Spelled the same in SQL and JSON.
    package enum Frequency: String, Sendable, CaseIterable {
        case daily, weekly, monthly, yearly
    }

    package let frequency: Frequency
    /// 1 to 12: of so many days, weeks, months or years each is one.
    package let interval: Int
    /// The last day on which it may come.
    package let until: IndianDay?
    /// Of what comes by the month or the year: the day of the month that is meant, also where a month has fewer.
    package var day: Int

    /// Whether ``day`` counts.
    package var isByMonth: Bool { frequency == .monthly || frequency == .yearly }

    package static let maximumInterval = 12

    package init(_ frequency: Frequency, interval: Int, until: IndianDay?, day: Int) {
        self.frequency = frequency
        self.interval = interval
        self.until = until
        self.day = day
    }

    /// When it comes after `due`, done at `now`: what has passed by then is left out, so that nobody finds ten of them after a
    /// holiday.
    /// - Returns: nil when it does not come any more.
    package func next(after due: Due, doneAt now: Instant) -> Due? {
        let first = due.day, today = IndianDay(of: now)
        let time = due.at.microseconds - first.start.microseconds
        var turn = max(1, turns(from: first, to: today))
        while true {
            let day = day(ofTurn: turn, from: first)
            guard day <= min(until ?? .latest, .latest) else { return nil }
            let next = Due(at: Instant(microseconds: day.start.microseconds + time), isAllDay: due.isAllDay)
            if due.isAllDay ? day > today : next.at > now { return next }
            turn += 1
        }
    }

    /// How many times it has come between two days, or one more or less.
    private func turns(from first: IndianDay, to last: IndianDay) -> Int {
        switch frequency {
        case .daily: first.days(until: last) / interval
        case .weekly: first.days(until: last) / (7 * interval)
        case .monthly: ((last.year - first.year) * 12 + last.month - first.month) / interval
        case .yearly: (last.year - first.year) / interval
        }
    }

    private func day(ofTurn turn: Int, from first: IndianDay) -> IndianDay {
        switch frequency {
        case .daily: return first.advanced(byDays: turn * interval)
        case .weekly: return first.advanced(byDays: turn * 7 * interval)
        case .monthly:
            let months = first.year * 12 + first.month - 1 + turn * interval
            return IndianDay(year: months / 12, month: months % 12 + 1, day: day)
        case .yearly: return IndianDay(year: first.year + turn * interval, month: first.month, day: day)
        }
    }
}
