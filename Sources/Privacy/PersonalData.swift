// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// Hands out or erases all that is kept about a business, a person or a customer: the one way in which that is done. What to
/// do with each table stands in its comment (``PrivacyRule``). It runs as `unnati_owner`, whom row security does not bind.
package struct PersonalData: ~Copyable {
    let connection: AdminConnection
    let url: Secret<String>
    private let catalog: PrivacyCatalog
    private let copyKey: ErasedCopySealingKey?

    /// - Parameter copyKey: seals a copy of each customer who is erased, which is destroyed a year later; without it none is kept.
    /// - Throws: ``PrivacyError``, `AdminError`.
    package init(url: Secret<String>, copyKey: ErasedCopySealingKey? = nil) throws {
        let connection = try AdminConnection(url: url)
        guard try !connection.isBoundByRowSecurity() else { throw PrivacyError.bound }
        catalog = try PrivacyCatalog(of: connection)
        self.connection = connection
        self.url = url
        self.copyKey = copyKey
    }

    /// What was done, or would be, with the rows of one table.
    package struct Outcome: Sendable, Equatable {
        package let table: String
        package let action: PrivacyRule.Action
        package let rows: Int
    }

    package struct TableRule: Sendable { package let table: String, rule: PrivacyRule }

    /// Every rule of the database.
    package var rules: [TableRule] {
        catalog.tables.sorted { $0.name < $1.name }.flatMap { table in
            table.rules.map { TableRule(table: table.name, rule: $0) }
        }
    }

    // MARK: - Export

    /// Hands over every row about a subject as JSON, table by table, from one moment in time: also of a large business
    /// little is in memory at once.
    /// - Parameter write: called with pieces of UTF-8 text that make one JSON document.
    /// - Returns: how many rows there were.
    /// - Throws: `PrivacyError.unknown`, `AdminError`, what `write` throws.
    @discardableResult
    package borrowing func export(_ subject: PrivacySubject, _ write: (String) throws -> Void) throws -> Int {
        try connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        defer { _ = try? connection.run("ROLLBACK") }
        let total = try document(of: subject, parts(of: subject), write)
        guard total > 0 else { throw PrivacyError.unknown }
        return total
    }

    /// The document itself, in the transaction that is open; nothing is written when there is no row.
    borrowing func document(
        of subject: PrivacySubject, _ parts: [PrivacySubject], _ write: (String) throws -> Void
    ) throws -> Int {
        // Nothing is written before there is a row.
        var total = 0, pending = "{\"subject\":\"\(subject.kind.rawValue)\",\"id\":\"\(subject.id.hex)\",\"tables\":{"
        var isFirstTable = true
        for table in catalog.tables.reversed() {
            guard let rule = table.rule(for: subject.kind), rule.isExported else { continue }
            pending += (isFirstTable ? "" : ",") + "\n\"\(table.name.dropFirst("app.".count))\":["
            isFirstTable = false
            var count = 0
            for part in parts {
                try rows(of: table, part) { row in
                    try write(pending + (count == 0 ? "\n" : ",\n") + row)
                    pending = ""
                    count += 1
                }
            }
            pending += count == 0 ? "]" : "\n]"
            total += count
        }
        if total > 0 { try write(pending + "\n}}\n") }
        return total
    }

    private borrowing func rows(
        of table: PrivacyCatalog.Table, _ subject: PrivacySubject, _ take: (String) throws -> Void
    ) throws {
        let condition = condition(table, subject)
        try connection.run(
            "DECLARE exported NO SCROLL CURSOR FOR SELECT to_jsonb(t) FROM \(table.name) t WHERE \(condition)")
        while true {
            let page = try connection.run("FETCH 500 FROM exported")
            if page.isEmpty { break }
            for case let row?? in page.map(\.first) { try take(row) }
        }
        try connection.run("CLOSE exported")
    }

    /// Writes down, for the owners of the businesses it concerns, that an administrator takes this out.
    package borrowing func noteSupportRead(of subject: PrivacySubject) throws {
        let tenants =
            switch subject {
            case .tenant(let id), .customer(_, let id): [id.uuid.hex]
            case .person(let id):
                try connection.run(
                    "SELECT replace(tenant_id::text, '-', '') FROM app.memberships WHERE user_id = '\(id.uuid.hex)' AND ended_at IS NULL"
                ).compactMap { $0[0] }
            }
        for tenant in tenants {
            try connection.run(
                """
                INSERT INTO app.audit_events (tenant_id, id, event, actor, subject)
                SELECT tenant_id, $2::uuid, $3, 'system', $4 FROM app.tenants WHERE tenant_id = $1::uuid
                """, [tenant, UUIDv7.next().hex, AuditEvent.Kind.supportRead.rawValue, subject.publicID])
        }
    }

    // MARK: - Erase

    /// Does to every table what its rule says, in one transaction, looks whether anything still names the subject, and writes
    /// down that it was done.
    /// - Parameters:
    ///   - isTrial: whether to undo it all and only tell.
    ///   - isDue: whether only what was closed, and is still closed, is to go.
    /// - Returns: the tables that held something.
    /// - Throws: `PrivacyError.unknown`, `.lastOwner`, `.left`, `.reopened`, `AdminError`.
    package borrowing func erase(
        _ subject: PrivacySubject, isTrial: Bool = false, isDue: Bool = false
    ) throws -> [Outcome] {
        try connection.run("BEGIN; SET LOCAL lock_timeout = '10s'")
        do {
            try lock(subject)
            if isDue, try !isClosed(subject) { throw PrivacyError.reopened }
            if case .person(let id) = subject { try dropCodes(to: id) }
            var outcomes: [Outcome] = []
            let parts = try parts(of: subject)
            if case .customer(let id, let tenant) = subject, let copyKey {
                try keepCopy(of: id, tenant, parts, sealedFor: copyKey)
            }
            for part in parts {
                outcomes += try apply(part)
                try checkNothingIsLeft(of: part)
                try connection.run(
                    "INSERT INTO app.erasures (subject, tenant_id, subject_id) VALUES ($1, NULLIF($2, '')::uuid, $3::uuid)",
                    [part.kind.rawValue, part.tenantID?.uuid.hex ?? "", part.id.hex])
            }
            guard !outcomes.isEmpty else { throw PrivacyError.unknown }
            try connection.run(isTrial ? "ROLLBACK" : "COMMIT")
            return outcomes
        } catch {
            _ = try? connection.run("ROLLBACK")
            throw error
        }
    }

    /// Deletes what was to be kept for some days after an erasure, where they have passed.
    /// - Returns: the tables that held something.
    package borrowing func eraseWhatIsDue() throws -> [Outcome] {
        try catalog.tables.flatMap { table in
            try PrivacySubject.Kind.allCases.compactMap { kind in
                guard let rule = table.rule(for: kind), case .delete(let days) = rule.action, days > 0 else {
                    return nil
                }
                let count = try table.columns(for: kind).reduce(0) { count, column in
                    try count
                        + connection.change(
                            """
                            DELETE FROM \(table.name) t USING app.erasures e
                            WHERE e.subject = '\(kind.rawValue)' AND e.erased_at <= now() - interval '\(days) days'
                              AND t.\(column) = e.subject_id \(kind == .customer && table.hasTenant ? "AND t.tenant_id = e.tenant_id" : "")
                            """)
                }
                return count == 0 ? nil : Outcome(table: table.name, action: rule.action, rows: count)
            }
        }
    }

    /// Customers who were merged are one person: whoever they turned out to be comes last, since the others refer to them.
    private borrowing func parts(of subject: PrivacySubject) throws -> [PrivacySubject] {
        guard case .customer(let id, let tenant) = subject else { return [subject] }
        let ids = try connection.run(
            """
            SELECT replace(c.id::text, '-', '') FROM app.customers c JOIN app.customers named
                ON named.tenant_id = c.tenant_id AND coalesce(named.merged_into, named.id) = coalesce(c.merged_into, c.id)
            WHERE named.tenant_id = '\(tenant.uuid.hex)' AND named.id = '\(id.hex)'
            ORDER BY c.merged_into IS NULL, c.id
            """
        ).compactMap { row in row[0].flatMap { UUIDv7(hex: $0) } }
        // One who is there no more may have left something.
        return ids.isEmpty ? [subject] : ids.map { .customer($0, of: tenant) }
    }

    /// Nobody adds to what is being erased: new rows refer to this one, and wait for it.
    private borrowing func lock(_ subject: PrivacySubject) throws {
        switch subject {
        case .tenant(let id):
            try connection.run("SELECT 1 FROM app.tenants WHERE tenant_id = '\(id.uuid.hex)' FOR UPDATE")
        case .person(let id):
            try connection.run("SELECT 1 FROM app.users WHERE user_id = '\(id.uuid.hex)' FOR UPDATE")
            let orphaned = try connection.run(
                """
                SELECT t.name FROM app.memberships m JOIN app.tenants t ON t.tenant_id = m.tenant_id
                WHERE m.user_id = '\(id.uuid.hex)' AND m.role = 'owner' AND m.ended_at IS NULL AND NOT EXISTS (
                    SELECT FROM app.memberships other
                    WHERE other.tenant_id = m.tenant_id AND other.user_id <> m.user_id AND other.role = 'owner'
                      AND other.ended_at IS NULL
                      AND (other.user_id IN (SELECT user_id FROM app.login_identities)
                           OR other.user_id IN (SELECT user_id FROM app.federated_identities)))
                ORDER BY t.name
                """
            ).compactMap { $0.first ?? nil }
            if !orphaned.isEmpty { throw PrivacyError.lastOwner(orphaned) }
        case .customer(let id, let tenant):
            try connection.run(
                "SELECT 1 FROM app.customers WHERE tenant_id = '\(tenant.uuid.hex)' AND id = '\(id.hex)' FOR UPDATE")
        }
    }

    /// Codes under way name where they were sent and, before anybody is known, nobody.
    private borrowing func dropCodes(to person: UserID) throws {
        try connection.run(
            """
            DELETE FROM app.challenges c USING app.login_identities i
            WHERE i.user_id = '\(person.uuid.hex)' AND c.kind = i.kind AND c.value = i.value
            """)
    }

    private borrowing func apply(_ subject: PrivacySubject) throws -> [Outcome] {
        var outcomes: [Outcome] = []
        for table in catalog.tables {
            guard let rule = table.rule(for: subject.kind) else { continue }
            let condition = condition(table, subject)
            let text: String
            switch rule.action {
            case .delete(afterDays: 0): text = "DELETE FROM \(table.name) WHERE \(condition)"
            case .mask(let assignments): text = "UPDATE \(table.name) SET \(assignments) WHERE \(condition)"
            case .keep, .delete: text = "SELECT 1 FROM \(table.name) WHERE \(condition)"
            }
            let count = try connection.change(text)
            if count > 0 { outcomes.append(Outcome(table: table.name, action: rule.action, rows: count)) }
        }
        return outcomes
    }

    /// Every column of every table that may hold an identifier is asked for the subject's. What a rule keeps or masks may
    /// name it; nothing else may, whether a rule has been thought of or not.
    private borrowing func checkNothingIsLeft(of subject: PrivacySubject) throws {
        for table in catalog.tables where table.name != "app.erasures" {
            let rule = table.rule(for: subject.kind)
            if case .keep? = rule?.action { continue }
            if case .delete(let days)? = rule?.action, days > 0 { continue }
            for column in table.identifiers {
                // A masked row may keep the key by which others refer to it.
                if case .mask? = rule?.action, column == rule?.column { continue }
                let condition = condition(table, column, subject)
                let rows = Int(try connection.value("SELECT count(*) FROM \(table.name) WHERE \(condition)") ?? "") ?? 0
                if rows > 0 { throw PrivacyError.left(table: table.name, column: column, rows: rows) }
            }
        }
    }

    /// Whether a row is the subject's, by any of the columns that its rule names.
    private borrowing func condition(_ table: PrivacyCatalog.Table, _ subject: PrivacySubject) -> String {
        let columns = table.columns(for: subject.kind).map { condition(table, $0, subject) }
        return "(" + columns.joined(separator: " OR ") + ")"
    }

    /// A customer's identifier counts within the business only.
    private borrowing func condition(_ table: PrivacyCatalog.Table, _ column: String, _ subject: PrivacySubject)
        -> String
    {
        let isSubject = "\(column) = '\(subject.id.hex)'"
        guard subject.kind == .customer, table.hasTenant, let tenant = subject.tenantID else { return isSubject }
        return "tenant_id = '\(tenant.uuid.hex)' AND " + isSubject
    }
}
