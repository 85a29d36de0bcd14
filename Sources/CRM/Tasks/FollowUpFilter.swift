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

    package var bytes: [UInt8] {
        let bits = UInt64(bitPattern: dueAt.microseconds)
        return stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt64($0)) }
            + id.uuid.bytes
    }

    /// Reads ``bytes``.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 24, let uuid = UUIDv7(bytes: bytes.suffix(16)) else { return nil }
        id = FollowUp.ID(uuid)
        let bits = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        dueAt = Instant(microseconds: Int64(bitPattern: bits))
    }
}
