// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

// When two who were taken for one are two again.
extension ConsentQueries {
    /// While they were one, what either has said was written down of the one who stayed, and what was lifted was lifted for all of them.
    /// Nobody knows whose word it was. So each no since then is the other's too; what was lifted stands again for whomever it stood; and a
    /// yes takes no no away that the one who stayed had said before.
    static func separate(_ merge: CustomerMerge, in tx: borrowing TenantTransaction) throws {
        // Two servers' clocks differ a little.
        let start = UUIDv7(at: merge.createdAt.advanced(by: .seconds(-1)), random: 0)
        let said = try events(of: [merge.survivor, merge.merged] + merge.moved, from: start, in: tx)
        let bySurvivor = said.filter { $0.customer == merge.survivor }
        var noes = bySurvivor.filter { $0.kind == .withdrawn || $0.kind == .doNotContactSet }
            .map { $0.asNo(of: merge.merged, at: $0.occurredAt) }
        noes += said.filter { $0.kind == .doNotContactLifted }.map { $0.asNo(of: $0.customer, at: $0.occurredAt) }
        let yeses = bySurvivor.filter { $0.kind == .given }
        noes += try lastWords(of: merge.survivor, before: start, in: tx)
            .filter { word in
                word.kind == .withdrawn
                    && yeses.contains { $0.channel == word.channel && $0.purpose == word.purpose }
            }
            .map { $0.asNo(of: merge.survivor, at: .now()) }
        try insert(noes, in: tx)
        try stand(noes.filter { $0.kind == .withdrawn }, in: tx)
        for event in noes where event.kind == .doNotContactSet { try setDoNotContact(event, in: tx) }
    }
}

extension ConsentEvent {
    /// The same no, or the one that this took away.
    fileprivate func asNo(of customer: Customer.ID, at occurredAt: Instant) -> ConsentEvent {
        ConsentEvent(
            id: .next(), customer: customer, kind: kind == .doNotContactLifted ? .doNotContactSet : kind,
            channel: channel, purpose: purpose, reason: reason, occurredAt: occurredAt, how: how, shown: nil,
            note: note, actor: actor, actorID: actorID)
    }
}
