// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Which follow-ups a list shows.
package struct FollowUpFilter: Sendable, Equatable {
    package var state: FollowUp.State?
    package var assignee: UserID?
    package var customer: Customer.ID?
    package var dueAtLeast: Instant?, dueAtMost: Instant?
    /// Besides: nothing but what this person is to do, or is about whom they look after.
    var visibleTo: UserID?

    package init() {}

    /// PostgreSQL keeps a plan for what is asked all the time, and not for every combination there may be.
    var isCommon: Bool { customer == nil && dueAtLeast == nil && dueAtMost == nil }
}

/// Where in a list a follow-up stands.
package struct FollowUpPosition: Sendable, Equatable {
    package let dueAt: Instant
    package let id: FollowUp.ID

    package init(_ followUp: FollowUp) { (dueAt, id) = (followUp.fields.due.at, followUp.id) }

    package var bytes: [UInt8] { CursorBytes.of(dueAt.microseconds, id.uuid) }

    /// Reads ``bytes``.
    package init?(bytes: [UInt8]) {
        guard let (number, uuid) = CursorBytes.read(bytes) else { return nil }
        (dueAt, id) = (Instant(microseconds: number), FollowUp.ID(uuid))
    }
}
