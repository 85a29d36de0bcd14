// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

// When two who were taken for one are two again.
extension ConsentQueries {
    /// While they were one, what either has said was written down of the one who stayed, and what was lifted was lifted for both. Nobody
    /// knows whose word it was: so each no since then is the other's too, and what was lifted from them stands again.
    static func separate(_ merge: CustomerMerge, in tx: borrowing TenantTransaction) throws {
        // Ids of two servers have no order within a millisecond: from its first on (RFC 9562 §5.7).
        let start = UUIDv7(high: merge.id.uuid.high & ~0xFFFF, low: 0)
        let events = try events(of: [merge.survivor, merge.merged], from: start, in: tx)
            .filter { $0.customer == merge.survivor ? $0.isNo : $0.kind == .doNotContactLifted }
            .map { $0.asNo(of: merge.merged) }
        try insert(events, in: tx)
        try stand(events.filter { $0.kind == .withdrawn }, in: tx)
        for event in events where event.kind == .doNotContactSet { try setDoNotContact(event, in: tx) }
    }
}

extension ConsentEvent {
    fileprivate var isNo: Bool { kind == .withdrawn || kind == .doNotContactSet }

    /// The same no, or the one that this took away, of another customer.
    fileprivate func asNo(of customer: Customer.ID) -> ConsentEvent {
        ConsentEvent(
            id: .next(), customer: customer, kind: kind == .doNotContactLifted ? .doNotContactSet : kind,
            channel: channel, purpose: purpose, reason: reason, occurredAt: occurredAt, how: how, shown: nil,
            note: note,
            actor: actor, actorID: actorID)
    }
}
