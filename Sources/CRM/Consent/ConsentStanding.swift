// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Where somebody can be reached.
package enum SendingAddress: Sendable, Equatable {
    case phone(PhoneNumber)
    case email(EmailAddress)
    /// Of somebody whose number WhatsApp does not tell.
    case whatsAppID(String)
}

/// Why something must not be sent now.
package enum SendRefusal: Sendable, Equatable {
    /// Not there, or deleted.
    case customerUnknown
    case doNotContact(DoNotContactReason)
    /// No number or address on this channel.
    case noAddress
    /// Under 18, and it advertises.
    case minor
    /// They have taken it back, or said no.
    case withdrawn
    /// Nobody has asked them.
    case noConsent
    case outsideHours(until: Instant)
}

/// All that is known of whether a customer may be contacted: of them, and of everybody who turned out to be them.
///
/// Customers who were merged are one person, and the stricter of what they have said counts: a no of any is a no, and so is
/// do-not-contact. A yes counts again that was said after the merge and after the no, for then it is one person who says it.
package struct ConsentStanding: Sendable {
    /// What was said last, of a purpose on a channel, by one of them.
    package struct Word: Sendable, Equatable {
        package let channel: ConsentChannel, purpose: ConsentPurpose
        package let isGiven: Bool
        package let occurredAt: Instant
        package let event: ConsentEvent.ID
        /// Of somebody who turned out to be the customer: since when that is known.
        package let mergedAt: Instant?

        package init(
            channel: ConsentChannel, purpose: ConsentPurpose, isGiven: Bool, occurredAt: Instant,
            event: ConsentEvent.ID, mergedAt: Instant?
        ) {
            self.channel = channel
            self.purpose = purpose
            self.isGiven = isGiven
            self.occurredAt = occurredAt
            self.event = event
            self.mergedAt = mergedAt
        }
    }

    package struct Block: Sendable, Equatable {
        /// Nil for all of them.
        package let channel: ConsentChannel?
        package let reason: DoNotContactReason
        package let setAt: Instant
        package let event: ConsentEvent.ID

        package init(channel: ConsentChannel?, reason: DoNotContactReason, setAt: Instant, event: ConsentEvent.ID) {
            self.channel = channel
            self.reason = reason
            self.setAt = setAt
            self.event = event
        }
    }

    package let customer: Customer.ID
    package let phone: PhoneNumber?, email: EmailAddress?, whatsAppID: String?
    package var words: [Word] = []
    package var blocks: [Block] = []
    /// The youngest of them, as a number: 20081126. Nil when no year is known.
    package var born: Int?

    package init(customer: Customer.ID, phone: PhoneNumber?, email: EmailAddress?, whatsAppID: String?) {
        self.customer = customer
        self.phone = phone
        self.email = email
        self.whatsAppID = whatsAppID
    }

    package func address(on channel: ConsentChannel) -> SendingAddress? {
        switch channel {
        case .whatsApp: phone.map { .phone($0) } ?? whatsAppID.map { .whatsAppID($0) }
        case .sms, .call: phone.map { .phone($0) }
        case .email: email.map { .email($0) }
        }
    }

    /// The word that counts; nil when nothing was said.
    package func word(on channel: ConsentChannel, for purpose: ConsentPurpose) -> Word? {
        let words = words.filter { $0.channel == channel && $0.purpose == purpose }
        let newestYes = words.first { $0.mergedAt == nil && $0.isGiven }
        let noes = words.filter { no in
            guard !no.isGiven else { return false }
            guard let yes = newestYes, let mergedAt = no.mergedAt else { return true }
            return yes.occurredAt <= max(no.occurredAt, mergedAt)
        }
        func newest(_ words: [Word]) -> Word? { words.max { $0.occurredAt < $1.occurredAt } }
        return newest(noes) ?? newest(words.filter(\.isGiven))
    }

    /// 18 years. Of two days as numbers the difference has the full years before its last four digits.
    static let ofAge = 18 * 10_000

    /// Whether they are known to be under 18.
    package func isMinor(at now: Instant) -> Bool {
        born.map { SendingHours.indianDay(now) - $0 < Self.ofAge } ?? false
    }

    /// What stands in the way of a message, the gravest first; nil when nothing does.
    package func refusal(
        on channel: ConsentChannel, for purpose: ConsentPurpose, at now: Instant, _ hours: PromotionHours
    ) -> SendRefusal? {
        let reasons = blocks.filter { $0.channel == nil || $0.channel == channel || $0.reason.isOfThePerson }.map(
            \.reason)
        let gravest = DoNotContactReason.allCases.first { $0 != .minor && reasons.contains($0) }
        if let gravest { return .doNotContact(gravest) }
        guard address(on: channel) != nil else { return .noAddress }
        let word = word(on: channel, for: purpose)
        guard purpose.isPromotional else { return word?.isGiven == false ? .withdrawn : nil }
        guard !reasons.contains(.minor), !isMinor(at: now) else { return .minor }
        guard let word else { return .noConsent }
        guard word.isGiven else { return .withdrawn }
        guard let hours = hours[channel], hours.end(at: now) == nil else { return nil }
        return .outsideHours(until: hours.nextOpening(after: now))
    }
}
