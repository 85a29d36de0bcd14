// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

extension ConsentService {
    /// Notes that a customer is not to be contacted, from now on.
    /// - Parameters:
    ///   - channel: nil for all of them.
    ///   - around: is given what does it, to be called once at most, in the same transaction.
    /// - Throws: `ConsentError.customerUnknown`, what `around` throws; then nothing is noted.
    package func setDoNotContact<Output: Sendable>(
        _ reason: DoNotContactReason, on channel: ConsentChannel?, note: String?, of id: Customer.ID,
        for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> ConsentEvent) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf, actor = caller.auditActor
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                // Who is in the bin may come back: it holds for them too.
                guard let customer = try ConsentQueries.resolve([id], visibleTo: visibleTo, in: tx)[id]?.id else {
                    throw ConsentError.customerUnknown
                }
                let event = ConsentEvent(.doNotContactSet, reason, on: channel, of: customer, note, by: actor)
                try ConsentQueries.insert([event], in: tx)
                try ConsentQueries.setDoNotContact(event, in: tx)
                return event
            }
        }
    }

    /// Lets a customer be contacted again, as far as this reason goes. It is lifted for everybody who turned out to be them.
    /// - Parameter channel: as it was set; nil for all of them.
    /// - Throws: `ConsentError.customerUnknown`, `.doNotContactNotSet`, what `around` throws; then nothing is lifted.
    package func liftDoNotContact<Output: Sendable>(
        _ reason: DoNotContactReason, on channel: ConsentChannel?, note: String?, of id: Customer.ID,
        for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> ConsentEvent) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf, actor = caller.auditActor
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                let found = try ConsentQueries.resolve([id], visibleTo: visibleTo, in: tx)[id]
                guard let found, !found.isInBin else { throw ConsentError.customerUnknown }
                let customer = found.id
                let holders = try ConsentQueries.liftDoNotContact(reason, on: channel, of: customer, in: tx)
                let events = holders.map {
                    ConsentEvent(.doNotContactLifted, reason, on: channel, of: $0, note, by: actor)
                }
                guard let event = events.first else { throw ConsentError.doNotContactNotSet }
                try ConsentQueries.insert(events, in: tx)
                try AuditLog.record(
                    .doNotContactLifted, by: actor, customer, detail: reason.rawValue, in: tx)
                return event
            }
        }
    }
}

extension ConsentEvent {
    init(_ decision: ConsentDecision, of customer: Customer.ID, _ shown: Shown?, by actor: AuditEvent.Actor) {
        self.init(
            id: .next(), customer: customer, kind: shown == nil ? .withdrawn : .given, channel: decision.channel,
            purpose: decision.purpose, reason: nil, occurredAt: decision.occurredAt, how: decision.how, shown: shown,
            note: decision.note, actor: actor.kind, actorID: actor.id)
    }

    fileprivate init(
        _ kind: Kind, _ reason: DoNotContactReason, on channel: ConsentChannel?, of customer: Customer.ID,
        _ note: String?, by actor: AuditEvent.Actor
    ) {
        let id = ID.next()
        self.init(
            id: id, customer: customer, kind: kind, channel: channel, purpose: nil, reason: reason,
            occurredAt: id.uuid.instant, how: nil, shown: nil, note: note, actor: actor.kind, actorID: actor.id)
    }
}
