// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum ConsentEventIDKind: IdentifierKind { package static var prefix: StaticString { "cns" } }

/// An entry of the ledger: something that a customer has said, or the business has noted, about being contacted.
package struct ConsentEvent: Sendable {
    /// Says when it was written down, too.
    package typealias ID = Identifier<ConsentEventIDKind>

    /// Spelled the same in SQL and JSON.
    package enum Kind: String, Sendable, CaseIterable {
        case given, withdrawn
        case doNotContactSet = "do_not_contact_set"
        case doNotContactLifted = "do_not_contact_lifted"
    }

    /// What they were shown before they said yes.
    package struct Shown: Sendable, Equatable {
        package let notice: ConsentNotice.ID
        package let version: Int
        package let language: Language
    }

    package let id: ID
    /// Whoever it was said of then; somebody else may have turned out to be them.
    package let customer: Customer.ID
    package let kind: Kind
    /// Nil for all of them, of do-not-contact.
    package let channel: ConsentChannel?
    /// Of a consent.
    package let purpose: ConsentPurpose?
    /// Of do-not-contact.
    package let reason: DoNotContactReason?
    /// When it was said.
    package let occurredAt: Instant
    /// Of a consent.
    package let how: ConsentWay?
    /// Of a consent that was given.
    package let shown: Shown?
    /// What proves it, or says more.
    package let note: String?
    /// `person`, `api_key` or `system`.
    package let actor: String
    package let actorID: UUIDv7?

    package var recordedAt: Instant { id.uuid.instant }

    package static let maximumNoteBytes = 2_000
}

/// A yes or a no of a customer, each part already valid by itself, to be written into the ledger.
package struct ConsentDecision: Sendable {
    package enum Answer: Sendable {
        /// With the notice that they were shown, and in which language.
        case yes(ConsentNotice.ID, Language)
        case no
    }

    package let answer: Answer
    package let channel: ConsentChannel
    package let purpose: ConsentPurpose
    /// When it was said; later news may have come before it.
    package let occurredAt: Instant
    package let how: ConsentWay
    package let note: String?

    package init(
        _ answer: Answer, channel: ConsentChannel, purpose: ConsentPurpose, occurredAt: Instant, how: ConsentWay,
        note: String?
    ) {
        self.answer = answer
        self.channel = channel
        self.purpose = purpose
        self.occurredAt = occurredAt
        self.how = how
        self.note = note
    }

    var notice: ConsentNotice.ID? { if case .yes(let notice, _) = answer { notice } else { nil } }
}

package enum ConsentError: Error, Sendable, Equatable {
    case customerUnknown
    /// Of a consent: the business has no such notice.
    case noticeUnknown
    /// It speaks of another purpose.
    case noticeOfAnotherPurpose
    /// It has no text in this language.
    case noticeLacksLanguage
    /// What is to be lifted was not set.
    case doNotContactNotSet
}

/// Some of many cannot be written down, so none was.
package struct ConsentsRefused: Error, Sendable {
    /// With their places among the many.
    package let errors: [(index: Int, error: ConsentError)]
}
