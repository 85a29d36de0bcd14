// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// What a business tells its customers before they agree.
package struct ConsentNoticeService: Sendable {
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// A new version, which is shown from now on. Those before it stay: somebody has agreed to them.
    /// - Parameters:
    ///   - wordings: one for each language, ``ConsentNotice/neededLanguages`` among them.
    ///   - around: is given what publishes it, to be called once at most, in the same transaction.
    /// - Throws: `ConsentNoticeError.tooMany`, what `around` throws; then nothing is published.
    package func publish<Output: Sendable>(
        _ wordings: [ConsentNotice.Wording], for purpose: ConsentPurpose, by caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> ConsentNotice) throws -> Output
    ) async throws -> Output {
        let actor = caller.auditActor
        let wordings = wordings.inOrder
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                try TenantQueries.lock(in: tx)
                let version = try Self.newest(in: tx)[purpose, default: 0] + 1
                guard version <= ConsentNotice.maximumVersions else { throw ConsentNoticeError.tooMany }
                let notice = ConsentNotice(
                    id: .next(), purpose: purpose, version: version, languages: wordings.map(\.language),
                    wordings: wordings, isCurrent: true, actor: actor.kind, actorID: actor.id)
                try NoticeQueries.insert(notice, by: actor, in: tx)
                try AuditLog.record(.consentNoticePublished, by: actor, notice.id, in: tx)
                return notice
            }
        }
    }

    /// The newest first, and behind them those that come with the server; without their texts.
    /// - Parameters:
    ///   - purpose: only those; all when nil.
    ///   - before: only older ones.
    /// - Returns: up to one more than `limit`, which says that there is more.
    package func page(
        of purpose: ConsentPurpose?, before: ConsentNotice.ID?, limit: Int, for caller: Caller
    ) async throws -> [ConsentNotice] {
        try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            let newest = try Self.newest(in: tx)
            let own = try tx.run(NoticeQueries.page(of: purpose, before: before, limit: limit + 1, tx.tenantID))
            let notices = own.map { $0.notice(newest: newest[$0.purpose]) }
            let others = DefaultNotices.all.filter {
                (purpose == nil || $0.purpose == purpose) && $0.id.uuid < before?.uuid ?? .greatest
            }
            return notices
                + others.prefix(limit + 1 - notices.count).map { $0.notice(isCurrent: newest[$0.purpose] == nil) }
        }
    }

    /// With all of its texts.
    /// - Throws: `ConsentNoticeError.unknown`.
    package func find(_ id: ConsentNotice.ID, for caller: Caller) async throws -> ConsentNotice {
        try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            let newest = try Self.newest(in: tx)
            if let standard = DefaultNotices.all.first(where: { $0.id == id }) {
                let business = try NoticeQueries.business(in: tx)
                return standard.notice(isCurrent: newest[standard.purpose] == nil, of: business)
            }
            guard let row = try NoticeQueries.all([id], in: tx).first else { throw ConsentNoticeError.unknown }
            return row.notice(newest: newest[row.purpose], wordings: try NoticeQueries.wordings(of: id, in: tx).inOrder)
        }
    }

    private static func newest(in tx: borrowing TenantTransaction) throws -> [ConsentPurpose: Int] {
        var newest: [ConsentPurpose: Int] = [:]
        for (purpose, version) in try tx.run(NoticeQueries.newest(of: tx.tenantID)) {
            if let purpose = ConsentPurpose(rawValue: purpose) { newest[purpose] = version }
        }
        return newest
    }
}

extension [ConsentNotice.Wording] {
    /// That of ``Language``.
    fileprivate var inOrder: Self {
        Language.allCases.compactMap { language in first { $0.language == language } }
    }
}
