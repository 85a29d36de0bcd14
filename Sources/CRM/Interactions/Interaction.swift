// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum InteractionIDKind: IdentifierKind { package static var prefix: StaticString { "int" } }

/// Something that happened between a business and a customer: a line of their timeline.
///
/// It is never rewritten. What was written down wrong is corrected by another version of it, or struck out; the newest version is
/// the one that stands.
package struct Interaction: Sendable {
    /// Says when it was written down, too.
    package typealias ID = Identifier<InteractionIDKind>

    /// Spelled the same in SQL and JSON.
    package enum Kind: String, Sendable, CaseIterable {
        case call, visit, whatsapp, sms, email, note, payment, order, referral
        /// Written down by itself, and no doing of anybody's.
        case system
    }

    /// Seen from the business. Spelled the same in SQL and JSON.
    package enum Direction: String, Sendable, CaseIterable {
        case `in`, out
    }

    /// A link to what belongs to it, which is kept elsewhere.
    package struct Attachment: Sendable, Equatable {
        package let url: WebLink, title: String?

        package init(url: WebLink, title: String?) {
            self.url = url
            self.title = title
        }
    }

    package let id: ID
    /// Whoever the customer turned out to be since.
    package let customer: Customer.ID
    package let content: InteractionContent
    /// `person`, `api_key` or `system`.
    package let actor: String
    package let actorID: UUIDv7?
    /// The version before this one.
    package let corrects: ID?
    /// Whom it was written down with: where customers were merged, another than ``customer``.
    let writtenWith: Customer.ID
    /// The first version, which all of them name.
    let first: ID
    /// Counted from 1.
    let version: Int

    package var loggedAt: Instant { id.uuid.instant }
}

/// One version of it beside all others.
package struct InteractionDetails: Sendable {
    package enum State: String, Sendable, CaseIterable {
        /// It counts.
        case standing
        /// Another version counts.
        case corrected
        /// None of its versions counts.
        case struck
    }

    /// That it never was, or was not like that.
    package struct Strike: Sendable {
        package let at: Instant
        package let actor: String, actorID: UUIDv7?
        package let reason: String
    }

    package let interaction: Interaction
    /// The first one first.
    package let versions: [Interaction]
    package let strike: Strike?

    package var state: State {
        strike != nil ? .struck : versions.last?.id == interaction.id ? .standing : .corrected
    }
}

package enum InteractionError: Error, Sendable, Equatable {
    case unknown
    /// Another version has taken its place: the newest is named.
    case corrected(by: Interaction.ID?)
    case struck
    /// It has as many versions as it may have.
    case tooManyVersions
    /// With it the customer's payments would add up to more than is counted.
    case sumTooLarge
}

/// Some of many are with customers who are not there, so none was written down.
package struct InteractionsRefused: Error, Sendable {
    /// Their places among the many.
    package let places: [Int]
}
