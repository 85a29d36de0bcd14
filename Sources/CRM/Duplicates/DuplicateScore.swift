// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// How likely two customers are one, and why.
package struct DuplicateScore: Sendable, Equatable {
    /// Spelled the same in JSON.
    package enum Reason: String, Sendable, CaseIterable {
        case sameName = "same_name"
        /// Another script or another spelling.
        case soundsAlike = "sounds_alike"
        /// A further number of one is the number of the other.
        case sharedPhone = "shared_phone"
        /// One digit is another, or two stand the other way round.
        case similarPhone = "similar_phone"
        case sharedEmail = "shared_email"
        case sameBirthday = "same_birthday"
        case samePlace = "same_place"
        /// One of them has neither number nor address.
        case nothingElseKnown = "nothing_else_known"
    }

    /// 0 to 100.
    package let points: Int
    package let reasons: [Reason]

    /// Below it nobody is asked.
    package static let least = 50

    package init(_ one: CustomerFields, _ other: CustomerFields) {
        var points = 0, reasons: [Reason] = []
        func add(_ reason: Reason, _ more: Int) {
            points += more
            reasons.append(reason)
        }
        if let name = one.name, let second = other.name {
            if name.searchKey == second.searchKey {
                add(.sameName, 45)
            } else if Self.sound(name) == Self.sound(second), !Self.sound(name).isEmpty {
                add(.soundsAlike, 35)
            }
        }
        let phones = Set([one.phone].compactMap { $0 } + one.otherPhones)
        let others = Set([other.phone].compactMap { $0 } + other.otherPhones)
        if !phones.isDisjoint(with: others) {
            add(.sharedPhone, 35)
        } else if let phone = one.phone, let second = other.phone {
            if Self.isSimilar(phone.e164, second.e164) { add(.similarPhone, 30) } else { points -= 15 }
        }
        let emails = Set([one.email].compactMap { $0 } + one.otherEmails)
        if !emails.isDisjoint(with: [other.email].compactMap { $0 } + other.otherEmails) { add(.sharedEmail, 35) }
        if let birthday = one.birthday, let second = other.birthday {
            if birthday.monthDay == second.monthDay { add(.sameBirthday, 20) } else { points -= 40 }
        }
        let isInOnePlace =
            one.pinCode != nil && one.pinCode == other.pinCode || one.city != nil && one.city == other.city
        if isInOnePlace { add(.samePlace, 10) }
        if [one, other].contains(where: { $0.phone == nil && $0.email == nil && $0.whatsAppID == nil }) {
            add(.nothingElseKnown, 15)
        }
        self.points = min(max(points, 0), 100)
        self.reasons = reasons
    }

    private static func sound(_ name: String) -> [Substring] { name.soundKey.split(separator: " ").sorted() }

    /// Numbers of one length that differ in one digit, or in two that stand side by side the other way round.
    static func isSimilar(_ one: String, _ other: String) -> Bool {
        let first = Array(one.utf8), second = Array(other.utf8)
        guard first.count == second.count else { return false }
        let differing = first.indices.filter { first[$0] != second[$0] }
        switch differing.count {
        case 1: return true
        case 2:
            let (left, right) = (differing[0], differing[1])
            return right == left + 1 && first[left] == second[right] && first[right] == second[left]
        default: return false
        }
    }
}
