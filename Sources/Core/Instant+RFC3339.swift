// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension Instant {
    /// `2026-01-31T10:00:00Z`, with up to six digits of a second's fraction, or an offset such as `+05:30` in place of `Z`
    /// (RFC 3339 §5.6). Nil for anything else: no leap seconds, no dates that the calendar lacks.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard (20...32).contains(bytes.count) else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            bytes[range].reduce(0) { sum, byte in
                guard let sum, (48...57).contains(byte) else { return nil }
                return sum * 10 + Int(byte - 48)
            }
        }
        func stands(_ letter: UInt8, at index: Int) -> Bool { bytes[index] == letter }
        guard stands(45, at: 4), stands(45, at: 7), stands(84, at: 10), stands(58, at: 13), stands(58, at: 16),
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), (1...12).contains(month),
            (1...Self.days(in: month, of: year)).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var rest = bytes[19...]
        var microseconds = 0
        if rest.first == 46 {
            let digits = rest.dropFirst().prefix { (48...57).contains($0) }
            guard (1...6).contains(digits.count), let fraction = number(digits.indices) else { return nil }
            microseconds = (digits.count..<6).reduce(fraction) { value, _ in value * 10 }
            rest = rest[digits.endIndex...]
        }
        var offset = 0
        if rest.count == 6, rest.first == 43 || rest.first == 45, stands(58, at: rest.startIndex + 3),
            let hours = number(rest.startIndex + 1..<rest.startIndex + 3),
            let minutes = number(rest.startIndex + 4..<rest.endIndex), hours < 24, minutes < 60
        {
            offset = (rest.first == 43 ? 60 : -60) * (hours * 60 + minutes)
        } else if !rest.elementsEqual([90]) {
            return nil
        }
        let seconds = Self.daysSinceEpoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
        self.init(microseconds: Int64(seconds) * 1_000_000 + Int64(microseconds))
    }

    /// How many days a month has (proleptic Gregorian calendar).
    package static func days(in month: Int, of year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Of a day of the proleptic Gregorian calendar. After Howard Hinnant, "chrono-compatible low-level date algorithms",
    /// `days_from_civil`, for years from 0 on.
    package static func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
