// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Which deals a list shows.
package struct DealFilter: Sendable, Equatable {
    package var pipeline: Pipeline.ID?
    package var stage: Pipeline.Stage.ID?
    package var customer: Customer.ID?
    package var owner: UserID?
    package var state: Pipeline.Stage.Kind?
    package var expectedAtLeast: IndianDay?, expectedAtMost: IndianDay?
    /// Besides: nothing but what this person looks after, or is of a customer of theirs.
    var visibleTo: UserID?

    package init() {}

    /// PostgreSQL keeps a plan for what is asked all the time, and not for every combination there may be.
    var isCommon: Bool {
        var rest = self
        (rest.state, rest.visibleTo) = (nil, nil)
        return rest == DealFilter()
    }
}

/// Where in a column a card stands.
package struct DealPosition: Sendable, Equatable {
    package let position: Int
    package let id: Deal.ID

    package init(_ deal: Deal) { (position, id) = (deal.position, deal.id) }

    package var bytes: [UInt8] {
        let bits = UInt64(bitPattern: Int64(position))
        return stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt64($0)) }
            + id.uuid.bytes
    }

    /// Reads ``bytes``.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 24, let uuid = UUIDv7(bytes: bytes.suffix(16)) else { return nil }
        id = Deal.ID(uuid)
        position = Int(Int64(bitPattern: bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }))
    }
}
