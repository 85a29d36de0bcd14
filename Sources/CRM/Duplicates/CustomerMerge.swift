// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum CustomerMergeIDKind: IdentifierKind { package static var prefix: StaticString { "mrg" } }

/// Two customers who turned out to be one.
///
/// Nothing that was written down of either is touched: the one who was merged stays as a row that nobody sees and points to the one
/// who stayed, and whoever reads what was written down of a customer reads that of all who point to them. So taking it back is exact.
package struct CustomerMerge: Sendable {
    package typealias ID = Identifier<CustomerMergeIDKind>

    package let id: ID
    /// Who stayed.
    package let survivor: Customer.ID
    package let merged: Customer.ID
    /// What it changed of the one who stayed.
    package let edits: [CustomerHistoryEntry.Edit]
    /// Who had been merged into the one who was merged.
    package let moved: [Customer.ID]
    package internal(set) var createdAt: Instant
}

package enum CustomerMergeError: Error, Sendable, Equatable {
    case unknown
    /// They are one already.
    case same
    /// The one who stayed has been merged since: that has to be taken back first.
    case mergedAgain
    /// The one who stayed is in the bin.
    case inBin
    /// What was merged over 30 days ago stays.
    case tooOld
}

extension CustomerFields {
    /// What they are together: what the one who stays has counts; where they have nothing, what the other has; and of tags, numbers and
    /// addresses all.
    package func joined(with other: CustomerFields) -> CustomerFields {
        var both = self
        both.name = name ?? other.name
        both.phone = phone ?? other.phone
        both.email = email ?? other.email
        both.whatsAppID = whatsAppID ?? other.whatsAppID
        both.stage = stage == .lead ? other.stage : stage
        both.address = address ?? other.address
        both.city = city ?? other.city
        both.state = state ?? other.state
        both.pinCode = pinCode ?? other.pinCode
        both.gstin = gstin ?? other.gstin
        both.birthday = birthday ?? other.birthday
        both.anniversary = anniversary ?? other.anniversary
        both.language = language ?? other.language
        both.source = source ?? other.source
        both.owner = owner ?? other.owner
        both.custom = custom.merging(other.custom) { mine, _ in mine }
        both.notes = Self.together(notes, other.notes)
        both.tags = Self.together(tags, other.tags, most: Self.maximumTags)
        let phones = Self.together(otherPhones, [other.phone].compactMap { $0 } + other.otherPhones, most: .max)
        both.otherPhones = Array(phones.filter { $0 != both.phone }.prefix(Self.maximumOthers))
        let emails = Self.together(otherEmails, [other.email].compactMap { $0 } + other.otherEmails, most: .max)
        both.otherEmails = Array(emails.filter { $0 != both.email }.prefix(Self.maximumOthers))
        return both
    }

    private static func together<Value: Equatable>(_ mine: [Value], _ others: [Value], most: Int) -> [Value] {
        others.reduce(into: mine) { all, one in if !all.contains(one), all.count < most { all.append(one) } }
    }

    /// One below the other, unless that would be too long: then what the one who stays has.
    private static func together(_ mine: String?, _ other: String?) -> String? {
        guard let mine, let other, mine != other else { return mine ?? other }
        let both = mine + "\n\n" + other
        return both.utf8.count <= maximumNotesBytes ? both : mine
    }
}
