// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Glibc

/// A moment of the calendar, in microseconds since 1970-01-01T00:00:00Z: PostgreSQL's `timestamptz` resolution.
/// For deadlines use `ContinuousClock`, which no one can set back.
package struct Instant: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    package static func now() -> Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Whole seconds since 1970, as JWT's NumericDate counts them (RFC 7519 §2).
    package var seconds: Int64 {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    package func advanced(by duration: Duration) -> Instant {
        let (seconds, attoseconds) = duration.components
        return Instant(microseconds: microseconds &+ seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000)
    }

    package static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    /// RFC 3339 in UTC with milliseconds: `2026-01-31T10:00:00.000Z`.
    package var description: String {
        unsafe String(unsafeUninitializedCapacity: Self.rfc3339Length) { buffer in
            if let memory = buffer.baseAddress { unsafe writeRFC3339(to: memory) }
            return Self.rfc3339Length
        }
    }

    /// Bytes that ``writeRFC3339(to:)`` writes.
    package static let rfc3339Length = 24

    /// Writes the bytes of ``description``.
    /// - Parameter memory: room for ``rfc3339Length`` bytes.
    @unsafe package func writeRFC3339(to memory: UnsafeMutablePointer<UInt8>) {
        let date = CivilDateTime(self)
        // Numbers of two digits, in arithmetic of 32 bits.
        func put(_ number: Int, _ position: Int) {
            let number = UInt32(truncatingIfNeeded: number), tens = (number &* 103) >> 10
            unsafe memory[position] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: tens)
            unsafe memory[position + 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number &- tens &* 10)
        }
        put(date.year / 100, 0)
        put(date.year % 100, 2)
        put(date.month, 5)
        put(date.day, 8)
        put(date.hour, 11)
        put(date.minute, 14)
        put(date.second, 17)
        put(date.millisecond / 10, 20)
        unsafe memory[22] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: date.millisecond % 10)
        unsafe memory[4] = UInt8(ascii: "-")
        unsafe memory[7] = UInt8(ascii: "-")
        unsafe memory[10] = UInt8(ascii: "T")
        unsafe memory[13] = UInt8(ascii: ":")
        unsafe memory[16] = UInt8(ascii: ":")
        unsafe memory[19] = UInt8(ascii: ".")
        unsafe memory[23] = UInt8(ascii: "Z")
    }
}

/// The proleptic Gregorian calendar in UTC. Days to dates after Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `civil_from_days`.
package struct CivilDateTime: Sendable {
    package let year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, millisecond: Int
    /// 0 is Sunday.
    package let weekday: Int

    /// Years outside 0 to 9999 are clamped to that range: the wire formats have four digits.
    package init(_ instant: Instant) {
        let earliest: Int64 = -62_167_219_200_000_000, latest: Int64 = 253_402_300_799_999_999
        let microseconds = min(max(instant.microseconds, earliest), latest)
        var wholeDays = microseconds / 86_400_000_000, rest = microseconds % 86_400_000_000
        if rest < 0 {
            rest += 86_400_000_000
            wholeDays -= 1
        }
        // From here on 32 bits are enough, in which division costs a fraction.
        let days = Int32(truncatingIfNeeded: wholeDays), milliseconds = UInt32(truncatingIfNeeded: rest / 1_000)
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * marchMonth + 2) / 5 + 1)
        month = Int(marchMonth < 10 ? marchMonth + 3 : marchMonth - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
        let seconds = milliseconds / 1_000, minutes = seconds / 60
        hour = Int(minutes / 60)
        minute = Int(minutes % 60)
        second = Int(seconds % 60)
        millisecond = Int(milliseconds % 1_000)
        weekday = Int(((days + 4) % 7 + 7) % 7)
    }
}
