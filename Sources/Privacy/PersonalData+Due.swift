// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// What people have asked for over the API, which no role of the server may do: data to take along is written, and what was closed
/// and not taken back is erased.
extension PersonalData {
    /// What was done.
    package struct Round: Sendable, Equatable {
        package var exports = 0
        package var erased: [PrivacySubject] = []
        /// What could not be done yet, and why.
        package var waiting: [String] = []
        /// What was to be kept for some days after an erasure.
        package var swept: [Outcome] = []

        package var isEmpty: Bool { self == Round() }
    }

    /// One round of all of it.
    /// - Returns: nil when another process is at it.
    /// - Throws: `PrivacyError`, `AdminError`. What was done before stays done.
    package borrowing func doWhatIsDue() throws -> Round? {
        guard try connection.value("SELECT pg_try_advisory_lock(hashtextextended('unnati privacy due', 0))") == "t"
        else {
            return nil
        }
        defer { _ = try? connection.run("SELECT pg_advisory_unlock(hashtextextended('unnati privacy due', 0))") }
        var round = Round()
        try dropExpiredExports()
        try writeExports(&round)
        // Businesses first: somebody may wait for the one that they alone own.
        for (table, kind) in [("tenants", PrivacySubject.Kind.tenant), ("users", .person)] {
            for subject in try closed(table, kind) {
                do {
                    _ = try erase(subject, isDue: true)
                    round.erased.append(subject)
                } catch PrivacyError.reopened {
                    continue
                } catch {
                    // Others do not wait for it.
                    round.waiting.append("\(subject.publicID): \(error)")
                }
            }
        }
        try eraseBinned(&round)
        round.swept = try dropWhatIsOver() + eraseWhatIsDue()
        return round
    }

    // MARK: - What is over

    private static let overDays = 90, triedDays = 1, refusedDays = 30

    /// Invitations and keys that open nothing any more, and what files have left. Who made and ended them stands in the audit log.
    private borrowing func dropWhatIsOver() throws -> [Outcome] {
        let before = "now() - interval '\(Self.overDays) days'"
        let isOver = "(k.revoked_at < \(before) OR k.expires_at < \(before))"
        return try [
            (
                "app.invitations", Self.overDays,
                "DELETE FROM app.invitations WHERE least(closed_at, expires_at) < \(before)"
            ),
            (
                "app.api_key_hashes", Self.overDays,
                "DELETE FROM app.api_key_hashes h USING app.api_keys k WHERE k.tenant_id = h.tenant_id AND k.id = h.key_id AND \(isOver)"
            ),
            ("app.api_keys", Self.overDays, "DELETE FROM app.api_keys k WHERE \(isOver)"),
            ("app.customer_import_parts", Self.triedDays, Self.triedFiles),
            ("app.customer_import_rows", Self.refusedDays, Self.refusedCells),
        ].compactMap { table, days, sql in
            let count = try connection.change(sql)
            return count == 0 ? nil : Outcome(table: table, action: .delete(afterDays: days), rows: count)
        }
    }

    /// Files that were brought to be tried, a day after, unless somebody works through them in earnest.
    private static let triedFiles = """
        DELETE FROM app.customer_import_parts p USING app.customer_imports i
        WHERE i.tenant_id = p.tenant_id AND i.id = p.import_id AND i.state NOT IN ('receiving', 'running')
          AND i.updated_at < now() - interval '\(triedDays) day' AND NOT EXISTS (
              SELECT FROM app.customer_imports r
              WHERE r.tenant_id = i.tenant_id AND r.source_id = i.id AND r.state IN ('receiving', 'running'))
        """

    /// What stood in rows that were refused, a month after: they have been put right by then or never will be.
    private static let refusedCells = """
        UPDATE app.customer_import_rows r SET cells = NULL FROM app.customer_imports i
        WHERE i.tenant_id = r.tenant_id AND i.id = r.import_id AND i.updated_at < now() - interval '\(refusedDays) days'
          AND r.cells IS NOT NULL
        """

    // MARK: - What was closed

    private borrowing func closed(_ table: String, _ kind: PrivacySubject.Kind) throws -> [PrivacySubject] {
        try connection.run(
            "SELECT replace(\(kind.column)::text, '-', '') FROM app.\(table) WHERE erase_after < now() ORDER BY erase_after"
        ).compactMap { row in
            guard let id = row[0].flatMap({ UUIDv7(hex: $0) }) else { return nil }
            return kind == .tenant ? .tenant(TenantID(id)) : .person(UserID(id))
        }
    }

    private static let mostCustomers = 1_000

    /// Erases customers whose time in the bin is over; of very many the next round sees to the rest.
    private borrowing func eraseBinned(_ round: inout Round) throws {
        var last = (at: "-infinity", tenant: UUIDv7.least.hex, id: UUIDv7.least.hex), erased = 0
        while erased < Self.mostCustomers {
            let rows = try connection.run(
                """
                SELECT erase_after, replace(tenant_id::text, '-', ''), replace(id::text, '-', '') FROM app.customers
                WHERE erase_after < now() AND (erase_after, tenant_id, id) > ($1::timestamptz, $2::uuid, $3::uuid)
                ORDER BY erase_after, tenant_id, id LIMIT 200
                """, [last.at, last.tenant, last.id])
            guard let end = rows.last, let at = end[0], let tenant = end[1], let id = end[2] else { return }
            // Behind those that cannot go yet there are others.
            last = (at, tenant, id)
            for row in rows {
                guard let tenant = row[1].flatMap({ UUIDv7(hex: $0) }), let id = row[2].flatMap({ UUIDv7(hex: $0) })
                else { continue }
                let subject = PrivacySubject.customer(id, of: TenantID(tenant))
                do {
                    _ = try erase(subject, isDue: true)
                    round.erased.append(subject)
                    erased += 1
                } catch PrivacyError.reopened {
                    continue
                } catch {
                    round.waiting.append("\(subject.publicID): \(error)")
                }
            }
        }
    }

    /// Asked with the subject's row locked.
    borrowing func isClosed(_ subject: PrivacySubject) throws -> Bool {
        if case .customer(let id, let tenant) = subject {
            return try connection.value(
                """
                SELECT count(*) FROM app.customers
                WHERE tenant_id = '\(tenant.uuid.hex)' AND id = '\(id.hex)' AND erase_after < now()
                """) == "1"
        }
        let table = subject.kind == .tenant ? "tenants" : "users"
        return try connection.value(
            """
            SELECT count(*) FROM app.\(table) WHERE \(subject.kind.column) = '\(subject.id.hex)' AND erase_after < now()
            """) == "1"
    }

    // MARK: - What is taken along

    private static let partBytes = 262_144, keptDays = 7

    private borrowing func dropExpiredExports() throws {
        try connection.run(
            """
            BEGIN;
            DELETE FROM app.data_export_parts p USING app.data_exports e
            WHERE e.user_id = p.user_id AND e.id = p.export_id AND e.expires_at < now();
            DELETE FROM app.data_exports WHERE expires_at < now();
            COMMIT
            """)
    }

    private borrowing func writeExports(_ round: inout Round) throws {
        // What was asked for by an owner who is none any more is nobody's to have.
        try connection.run(
            """
            DELETE FROM app.data_exports e
            WHERE e.completed_at IS NULL AND e.tenant_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM app.memberships m
                WHERE m.tenant_id = e.tenant_id AND m.user_id = e.user_id AND m.role = 'owner' AND m.ended_at IS NULL)
            """)
        let pending = try connection.run(
            """
            SELECT replace(user_id::text, '-', ''), replace(id::text, '-', ''), replace(tenant_id::text, '-', '')
            FROM app.data_exports WHERE completed_at IS NULL ORDER BY requested_at LIMIT 1000
            """)
        for row in pending {
            guard let user = row[0].flatMap({ UUIDv7(hex: $0) }), let id = row[1].flatMap({ UUIDv7(hex: $0) }) else {
                continue
            }
            let tenant = row[2].flatMap { UUIDv7(hex: $0) }
            let subject = tenant.map { PrivacySubject.tenant(TenantID($0)) } ?? .person(UserID(user))
            do {
                try write(id, of: subject, for: user, tenant)
                round.exports += 1
            } catch {
                round.waiting.append("export of \(subject.publicID): \(error)")
            }
        }
    }

    /// Piece by piece over a connection of its own, while this one reads: of a large business little is in memory at once. It
    /// counts as written only when all of it is.
    private borrowing func write(
        _ id: UUIDv7, of subject: PrivacySubject, for user: UUIDv7, _ tenant: UUIDv7?
    ) throws {
        let writer = try AdminConnection(url: url)
        try writer.run("BEGIN")
        var pending = "", part = 0, bytes = 0
        func flush() throws {
            try writer.run(
                """
                INSERT INTO app.data_export_parts (user_id, export_id, part, tenant_id, content)
                VALUES ($1::uuid, $2::uuid, $3::bigint, NULLIF($4, '')::uuid, convert_to($5, 'UTF8'))
                """, [user.hex, id.hex, "\(part)", tenant?.hex ?? "", pending])
            bytes += pending.utf8.count
            pending = ""
            part += 1
        }
        try export(subject) { piece in
            pending += piece
            if pending.utf8.count >= Self.partBytes { try flush() }
        }
        if !pending.isEmpty { try flush() }
        try writer.run(
            """
            UPDATE app.data_exports SET completed_at = now(), bytes = \(bytes), expires_at = now() + interval '\(Self.keptDays) days'
            WHERE user_id = '\(user.hex)' AND id = '\(id.hex)';
            COMMIT
            """)
    }
}
