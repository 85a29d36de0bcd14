// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// The ledger of what customers have agreed to (DPDP Act 2023, s. 6): what they said is added and never rewritten, and with it what
/// stands is kept. Whether something may be sent is asked by ``permit(_:on:for:of:at:)``.
package struct ConsentService: Sendable {
    let database: ConnectionPool
    package let hours: PromotionHours

    package init(database: ConnectionPool, hours: PromotionHours) {
        self.database = database
        self.hours = hours
    }

    /// What became of one of several.
    package enum Outcome: Sendable {
        case recorded(ConsentEvent)
        case refused(ConsentError)
    }

    // MARK: - Yes and no

    /// Writes down what a customer has said. Where something newer stands it goes on standing.
    /// - Parameter around: is given what does it, to be called once at most, in the same transaction.
    /// - Throws: `ConsentError`, what `around` throws; then nothing is written down.
    package func record<Output: Sendable>(
        _ decision: ConsentDecision, of customer: Customer.ID, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> ConsentEvent) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf, actor = caller.auditActor
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                switch try Self.record([(customer, decision)], visibleTo, by: actor, in: tx)[0] {
                case .recorded(let event): return event
                case .refused(let error): throw error
                }
            }
        }
    }

    /// Writes down what many have said, in one transaction.
    /// - Parameters:
    ///   - allOrNothing: whether nothing is written down when something is refused.
    ///   - around: as for ``record(_:of:for:around:)``. The outcomes stand in the order of `many`.
    /// - Throws: `ConsentsRefused`, what `around` throws; then nothing is written down.
    package func recordAll<Output: Sendable>(
        _ many: [(customer: Customer.ID, decision: ConsentDecision)], allOrNothing: Bool, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> [Outcome]) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf, actor = caller.auditActor
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                let outcomes = try Self.record(many, visibleTo, by: actor, allOrNothing: allOrNothing, in: tx)
                let count = outcomes.count { if case .recorded = $0 { true } else { false } }
                if count > 0 { try AuditLog.record(.consentsRecorded, by: actor, detail: "\(count)", in: tx) }
                return outcomes
            }
        }
    }

    /// The same within the transaction of whoever has heard it, such as an answer that says STOP.
    /// - Throws: `ConsentsRefused` when it is all or nothing.
    package static func record(
        _ many: [(customer: Customer.ID, decision: ConsentDecision)], _ visibleTo: UserID? = nil,
        by actor: AuditEvent.Actor, allOrNothing: Bool = false, in tx: borrowing TenantTransaction
    ) throws -> [Outcome] {
        let customers = try ConsentQueries.resolve(many.map(\.customer), visibleTo: visibleTo, in: tx)
        let notices = try NoticeBook(many.compactMap(\.decision.notice), in: tx)
        let outcomes: [Outcome] = many.map { id, decision in
            // Who is in the bin may come back: a no holds for them too.
            guard let customer = customers[id], !customer.isInBin || decision.notice == nil else {
                return .refused(.customerUnknown)
            }
            do throws(ConsentError) {
                let shown = try notices.shown(by: decision)
                return .recorded(ConsentEvent(decision, of: customer.id, shown, by: actor))
            } catch { return .refused(error) }
        }
        let refused = outcomes.enumerated().compactMap { index, outcome in
            if case .refused(let error) = outcome { (index: index, error: error) } else { nil }
        }
        guard !allOrNothing || refused.isEmpty else { throw ConsentsRefused(errors: refused) }
        let events = outcomes.compactMap { if case .recorded(let event) = $0 { event } else { nil } }
        try ConsentQueries.insert(events, in: tx)
        try ConsentQueries.stand(events, in: tx)
        return outcomes
    }

    // MARK: - Reading

    /// - Parameter before: only what was written down before this.
    /// - Returns: up to one more than `limit`, which says that there is more; the newest first.
    /// - Throws: `CustomerError.unknown`.
    package func history(
        of id: Customer.ID, before: ConsentEvent.ID?, limit: Int, for caller: Caller
    ) async throws -> [ConsentEvent] {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            let customer = try tx.run(CustomerQueries.find(id, of: tx.tenantID, visibleTo: visibleTo))
            guard let customer else { throw CustomerError.unknown }
            return try tx.run(ConsentQueries.page(of: customer.id, before: before, limit: limit + 1, tx.tenantID))
        }
    }

    /// - Throws: `CustomerError.unknown`.
    package func standing(of id: Customer.ID, for caller: Caller) async throws -> ConsentStanding {
        let standings = try await database.browse(
            ConsentQueries.standings(of: [id], caller.tenantID, visibleTo: caller.seesCustomersOf),
            in: .tenant(caller.tenantID))
        guard let standing = standings[id] else { throw CustomerError.unknown }
        return standing
    }
}

/// The notices that some decisions name.
private struct NoticeBook {
    private var notices: [ConsentNotice.ID: (purpose: ConsentPurpose, version: Int, languages: [Language])] = [:]

    init(_ ids: [ConsentNotice.ID], in tx: borrowing TenantTransaction) throws {
        for standard in DefaultNotices.all {
            notices[standard.id] = (standard.purpose, 0, DefaultNotices.languages)
        }
        let own = Set(ids).filter { notices[$0] == nil }
        for row in try NoticeQueries.all(Array(own), in: tx) {
            notices[row.id] = (row.purpose, row.version, row.languages)
        }
    }

    /// Nil with a no.
    func shown(by decision: ConsentDecision) throws(ConsentError) -> ConsentEvent.Shown? {
        guard case .yes(let id, let language) = decision.answer else { return nil }
        guard let notice = notices[id] else { throw .noticeUnknown }
        guard notice.purpose == decision.purpose else { throw .noticeOfAnotherPurpose }
        guard notice.languages.contains(language) else { throw .noticeLacksLanguage }
        return ConsentEvent.Shown(notice: id, version: notice.version, language: language)
    }
}
