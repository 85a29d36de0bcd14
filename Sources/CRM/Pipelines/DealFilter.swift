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

    package var bytes: [UInt8] { CursorBytes.of(Int64(position), id.uuid) }

    /// Reads ``bytes``.
    package init?(bytes: [UInt8]) {
        guard let (number, uuid) = CursorBytes.read(bytes) else { return nil }
        (position, id) = (Int(number), Deal.ID(uuid))
    }
}
