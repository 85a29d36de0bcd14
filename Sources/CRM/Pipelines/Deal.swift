// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum DealKind: IdentifierKind { package static var prefix: StaticString { "del" } }

/// An order or an enquiry on its way: a card on a board.
package struct Deal: Sendable {
    package typealias ID = Identifier<DealKind>

    package let id: ID
    package let fields: DealFields
    package let pipeline: Pipeline.ID
    package let stage: Pipeline.Stage.ID
    /// What its stage is.
    package let state: Pipeline.Stage.Kind
    /// Of one that was won or lost.
    package let closing: DealClosing?
    /// Whose it is, as they are called now.
    package let customer: NamedCustomer?
    /// Where it stands in its column; the least is on top.
    let position: Int
    /// Grows with every change; standing elsewhere in the same column is none.
    package let version: Int
    package let createdAt: Instant, updatedAt: Instant
    /// Into its stage.
    package let movedAt: Instant
}

/// How a deal ended.
package struct DealClosing: Sendable, Equatable {
    package let at: Instant
    /// Of one that was lost: why.
    package let lostReason: String?
    package let wonNote: String?
}

/// What a person fills in, each already valid by itself.
package struct DealFields: Sendable, Equatable {
    package var title: String
    package var note: String?
    package var customer: Customer.ID?
    /// Who looks after it.
    package var owner: UserID?
    package var valuePaise: Int?
    /// When it is expected to be done.
    package var expectedOn: IndianDay?

    package static let maximumTitleBytes = 200, maximumNoteBytes = 2_000, maximumReasonBytes = 500
    package static let maximumValuePaise = 10_000_000_000_000

    package init(title: String, owner: UserID?) {
        self.title = title
        self.owner = owner
    }

    package static func title(_ text: String, at pointer: String = "/title") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumTitleBytes).value
    }

    package static func note(_ text: String, at pointer: String = "/note") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumNoteBytes, multiline: true).value
    }

    package static func reason(_ text: String, at pointer: String) throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumReasonBytes, multiline: true).value
    }

    package static func value(_ paise: Int, at pointer: String = "/value_paise") throws(FieldError) -> Int {
        guard (0...maximumValuePaise).contains(paise) else {
            throw FieldError(pointer, "out_of_range", "Paise, from 0 to \(maximumValuePaise).")
        }
        return paise
    }
}

/// Where in a column a deal is to stand.
package enum DealPlace: Sendable, Equatable {
    case top, bottom
    case before(Deal.ID), after(Deal.ID)
}

/// What somebody says of a deal that comes to its end.
package struct DealEnd: Sendable, Equatable {
    package var lostReason: String?
    package var wonNote: String?

    package init(lostReason: String? = nil, wonNote: String? = nil) {
        self.lostReason = lostReason
        self.wonNote = wonNote
    }
}

package enum DealError: Error, Sendable, Equatable {
    case unknown
    /// Somebody has changed it since.
    case changed
    /// The card beside which it was to stand is not in that column any more.
    case neighbourGone
    /// Why was it lost?
    case lostReasonMissing
    /// It was not lost, or not won.
    case lostReasonUnasked, wonNoteUnasked
    /// Whoever is to look after it does not work here.
    case ownerUnknown
    /// Whoever sees their own customers alone would not see it any more.
    case ownerHidden
}
