// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum FollowUpKind: IdentifierKind { package static var prefix: StaticString { "fup" } }

/// Something that somebody is to do by a day: call, deliver, ask for money.
package struct FollowUp: Sendable {
    package typealias ID = Identifier<FollowUpKind>

    /// Spelled the same in SQL and JSON.
    package enum State: String, Sendable, CaseIterable {
        case open, done, cancelled
    }

    package let id: ID
    package let fields: FollowUpFields
    package let state: State
    /// Until then it is not among what is to be done today.
    package let snoozedUntil: Instant?
    /// Of one that was done: when, and by whom.
    package let done: (at: Instant, by: Doer)?
    package let creator: Doer
    /// Whom it is about, as they are called now.
    package let customer: NamedCustomer?
    /// Grows with every change.
    package let version: Int
    package let createdAt: Instant, updatedAt: Instant
}

/// `person`, `api_key` or `system`, and which.
package struct Doer: Sendable, Equatable {
    package let kind: String
    package let id: UUIDv7?
}

/// What a person fills in, each already valid by itself.
package struct FollowUpFields: Sendable, Equatable {
    package var title: String
    package var note: String?
    package var customer: Customer.ID?
    package var assignee: UserID
    package var due: Due
    package var repetition: Repetition?

    package static let maximumTitleBytes = 200, maximumNoteBytes = 2_000

    package init(title: String, assignee: UserID, due: Due) {
        self.title = title
        self.assignee = assignee
        self.due = due
    }

    /// Nothing filled in yet.
    package init(assignee: UserID) {
        self.init(title: "", assignee: assignee, due: Due(at: IndianDay.earliest.start, isAllDay: false))
    }

    package static func title(_ text: String, at pointer: String = "/title") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumTitleBytes).value
    }

    package static func note(_ text: String, at pointer: String = "/note") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumNoteBytes, multiline: true).value
    }
}

package enum FollowUpError: Error, Sendable, Equatable {
    case unknown
    /// Somebody has changed it since.
    case changed
    /// It was done or given up.
    case notOpen
    /// Whoever is to do it does not work here.
    case assigneeUnknown
    /// Whoever sees their own customers alone would not see it any more.
    case assigneeHidden
}
