// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// The hours of a day in India in which something may be sent, as minutes since midnight. India has one time and no summer time.
package struct SendingHours: Sendable, Equatable, CustomStringConvertible {
    /// 0...1 439.
    package let opens: Int
    /// Later than `opens`, 1 440 at most.
    package let closes: Int

    package init(opens: Int, closes: Int) {
        precondition(0 <= opens && opens < closes && closes <= Self.day, "no stretch of a day")
        self.opens = opens
        self.closes = closes
    }

    /// Reads ``description``: `10:00-21:00`. Nil for what is no stretch of a day.
    package init?(_ text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(Self.minutes)
        guard ends.count == 2, let opens = ends[0], let closes = ends[1], opens < closes else { return nil }
        self.init(opens: opens, closes: closes)
    }

    package var description: String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return [opens, closes].map { two($0 / 60) + ":" + two($0 % 60) }.joined(separator: "-")
    }

    private static func minutes(_ text: Substring) -> Int? {
        let digits = Array(text.utf8)
        guard digits.count == 5, digits[2] == UInt8(ascii: ":"),
            [0, 1, 3, 4].allSatisfy({ (48...57).contains(digits[$0]) })
        else { return nil }
        let hours = Int(digits[0] - 48) * 10 + Int(digits[1] - 48)
        let minutes = Int(digits[3] - 48) * 10 + Int(digits[4] - 48)
        return minutes < 60 && hours * 60 + minutes <= day ? hours * 60 + minutes : nil
    }

    // MARK: - At a moment

    private static let day = 1_440
    private static let minute: Int64 = 60_000_000
    /// Minutes that India is ahead of UTC.
    private static let ahead: Int64 = 330

    /// The last midnight in India.
    private static func midnight(before moment: Instant) -> Int64 {
        let (length, local) = (Int64(day) * minute, moment.microseconds + ahead * minute)
        let (days, rest) = local.quotientAndRemainder(dividingBy: length)
        return (rest < 0 ? days - 1 : days) * length - ahead * minute
    }

    /// Until when it is open; nil when it is not.
    package func end(at moment: Instant) -> Instant? {
        let midnight = Self.midnight(before: moment)
        let isOpen =
            midnight + Int64(opens) * Self.minute <= moment.microseconds
            && moment.microseconds < midnight + Int64(closes) * Self.minute
        return isOpen ? Instant(microseconds: midnight + Int64(closes) * Self.minute) : nil
    }

    /// When it opens next.
    package func nextOpening(after moment: Instant) -> Instant {
        let opening = Self.midnight(before: moment) + Int64(opens) * Self.minute
        let isToCome = moment.microseconds < opening
        return Instant(microseconds: isToCome ? opening : opening + Int64(Self.day) * Self.minute)
    }

    /// The day in India as a number: 20260131.
    package static func indianDay(_ moment: Instant) -> Int {
        let date = CivilDateTime(moment.advanced(by: .seconds(60 * ahead)))
        return (date.year * 100 + date.month) * 100 + date.day
    }
}

/// When messages that advertise may go out. By law for text messages and calls, by courtesy for WhatsApp; mail waits until it is read.
package struct PromotionHours: Sendable {
    /// `PROMOTION_HOURS`: text messages and calls (TRAI's regulations on commercial communications of 2018).
    package var smsAndCalls = SendingHours(opens: 10 * 60, closes: 21 * 60)
    /// `PROMOTION_HOURS_WHATSAPP`.
    package var whatsApp = SendingHours(opens: 9 * 60, closes: 21 * 60)

    package init() {}

    /// Nil for at any time.
    package subscript(channel: ConsentChannel) -> SendingHours? {
        switch channel {
        case .sms, .call: smsAndCalls
        case .whatsApp: whatsApp
        case .email: nil
        }
    }
}
