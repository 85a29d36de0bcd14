// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

enum NoticeQueries {
    /// The newest version of each purpose; a purpose of which the business has written none is missing.
    static func newest(of tenant: TenantID) -> Query<[(purpose: String, version: Int)]> {
        .all(
            "SELECT purpose, max(version) AS version FROM app.consent_notices WHERE tenant_id = \(tenant) GROUP BY purpose"
        ) { row in (try row.decode("purpose"), try row.decode("version")) }
    }

    static func insert(_ notice: ConsentNotice, by actor: AuditEvent.Actor, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            INSERT INTO app.consent_notices (tenant_id, id, purpose, version, actor, actor_id)
            VALUES (\(tx.tenantID), \(notice.id), \(notice.purpose.rawValue), \(notice.version), \(actor.kind), \(actor.id))
            """)
        var statement: Statement = "INSERT INTO app.consent_notice_texts (tenant_id, notice_id, language, text) VALUES "
        for (index, wording) in notice.wordings.enumerated() {
            if index > 0 { statement += ", " }
            statement += "(\(tx.tenantID), \(notice.id), \(wording.language.rawValue), \(wording.text))"
        }
        statement.isPrepared = false
        try tx.execute(statement)
    }

    /// Those that the business has written, the newest first, without their texts.
    static func page(
        of purpose: ConsentPurpose?, before: ConsentNotice.ID?, limit: Int, _ tenant: TenantID
    ) -> Query<[NoticeRow]> {
        var statement: Statement = """
            SELECT n.id, n.purpose, n.version, n.actor, n.actor_id, ARRAY(
                SELECT t.language FROM app.consent_notice_texts t WHERE t.tenant_id = \(tenant) AND t.notice_id = n.id) AS languages
            FROM app.consent_notices n WHERE n.tenant_id = \(tenant) AND n.id < \(before?.uuid ?? .greatest)
            """
        if let purpose { statement += " AND n.purpose = \(purpose.rawValue)" }
        statement += " ORDER BY n.id DESC LIMIT \(limit)"
        return .all(statement) { row in try NoticeRow(&row) }
    }

    /// Those of several that the business has written, without their texts.
    static func all(_ ids: [ConsentNotice.ID], in tx: borrowing TenantTransaction) throws -> [NoticeRow] {
        guard !ids.isEmpty else { return [] }
        return try tx.all(
            """
            SELECT n.id, n.purpose, n.version, n.actor, n.actor_id, ARRAY(
                SELECT t.language FROM app.consent_notice_texts t WHERE t.tenant_id = \(tx.tenantID) AND t.notice_id = n.id) AS languages
            FROM app.consent_notices n WHERE n.tenant_id = \(tx.tenantID) AND n.id = ANY (\(UUIDArray(ids)))
            """
        ) { row in try NoticeRow(&row) }
    }

    static func wordings(of id: ConsentNotice.ID, in tx: borrowing TenantTransaction) throws -> [ConsentNotice.Wording]
    {
        try tx.all(
            "SELECT language, text FROM app.consent_notice_texts WHERE tenant_id = \(tx.tenantID) AND notice_id = \(id)"
        ) { row in ConsentNotice.Wording(language: try row.word("language"), text: try row.decode("text")) }
    }

    /// What stands in the gaps of notices that come with the server.
    static func business(in tx: borrowing TenantTransaction) throws -> DefaultNotices.Business {
        try tx.one(
            """
            SELECT t.name, p.address, p.city, p.state, p.pin_code
            FROM app.tenants t LEFT JOIN app.business_profiles p ON p.tenant_id = t.tenant_id WHERE t.tenant_id = \(tx.tenantID)
            """
        ) { row in
            let name: String = try row.decode("name")
            let parts: [String?] = try [
                row.decodeIfPresent("address"), row.decodeIfPresent("city"), row.decodeIfPresent("state"),
                row.decodeIfPresent("pin_code"),
            ]
            return DefaultNotices.Business(name: name, place: parts.compactMap { $0 })
        }
    }
}

/// A notice that the business has written, as it stands in its table.
struct NoticeRow: Sendable {
    let id: ConsentNotice.ID
    let purpose: ConsentPurpose
    let version: Int
    let languages: [Language]
    let actor: String
    let actorID: UUIDv7?

    init(_ row: inout Row) throws {
        id = try row.decode("id")
        purpose = try row.word("purpose")
        version = try row.decode("version")
        actor = try row.decode("actor")
        actorID = try row.decodeIfPresent("actor_id")
        let names = (try row.decode("languages") as TextArray).elements
        languages = Language.allCases.filter { names.contains($0.rawValue) }
    }

    /// - Parameter newest: of its purpose.
    func notice(newest: Int?, wordings: [ConsentNotice.Wording] = []) -> ConsentNotice {
        ConsentNotice(
            id: id, purpose: purpose, version: version, languages: languages, wordings: wordings,
            isCurrent: version == newest, actor: actor, actorID: actorID)
    }
}
