// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum ImportQueries {
    static func insert(_ id: CustomerImport.ID, by user: UserID, of tenant: TenantID) -> Query<Int> {
        .count(
            "INSERT INTO app.customer_imports (tenant_id, id, created_by) VALUES (\(tenant), \(id), \(user))")
    }

    static func insertPart(_ number: Int, _ content: [UInt8], in id: CustomerImport.ID, of tenant: TenantID) -> Query<
        Int
    > {
        .count(
            """
            INSERT INTO app.customer_import_parts (tenant_id, import_id, part, content)
            VALUES (\(tenant), \(id), \(number), \(content))
            """)
    }

    static func start(_ id: CustomerImport.ID, fileBytes: Int, ignoredColumns: [String], of tenant: TenantID) -> Query<
        Int
    > {
        .count(
            """
            UPDATE app.customer_imports
            SET state = 'running', file_bytes = \(fileBytes), ignored_columns = \(TextArray(ignoredColumns)), updated_at = now()
            WHERE tenant_id = \(tenant) AND id = \(id)
            """)
    }

    /// Lets go of a file that has not been taken in. One that has been stays, also when whoever brought it does not know.
    static func discard(_ id: CustomerImport.ID, of tenant: TenantID) -> Query<Int> {
        .count(
            "DELETE FROM app.customer_imports WHERE tenant_id = \(tenant) AND id = \(id) AND state = 'receiving'")
    }

    static func find(_ id: CustomerImport.ID, of tenant: TenantID) -> Query<CustomerImport?> {
        .first(
            """
            SELECT id, state, file_bytes, bytes_done, rows_done, rows_created, rows_updated, rows_rejected, ignored_columns,
                   failure_code, failure, created_at, updated_at
            FROM app.customer_imports WHERE tenant_id = \(tenant) AND id = \(id)
            """
        ) { row in
            let id: CustomerImport.ID = try row.decode("id"), name: String = try row.decode("state")
            guard let state = CustomerImport.State(rawValue: name) else {
                throw DatabaseError.decoding(column: "state")
            }
            let fileBytes: Int = try row.decode("file_bytes"), bytesDone: Int = try row.decode("bytes_done")
            let done: Int = try row.decode("rows_done"), created: Int = try row.decode("rows_created")
            let updated: Int = try row.decode("rows_updated"), rejected: Int = try row.decode("rows_rejected")
            let ignored = try (row.decode("ignored_columns") as TextArray).elements
            let code: String? = try row.decodeIfPresent("failure_code"),
                detail: String? = try row.decodeIfPresent("failure")
            return try CustomerImport(
                id: id, state: state, fileBytes: fileBytes, bytesDone: bytesDone, rowsDone: done, rowsCreated: created,
                rowsUpdated: updated, rowsRejected: rejected, ignoredColumns: ignored,
                failure: code.map { ($0, detail ?? "") }, createdAt: row.decode("created_at"),
                updatedAt: row.decode("updated_at"))
        }
    }

    static func part(_ number: Int, in id: CustomerImport.ID, of tenant: TenantID) -> Query<[UInt8]?> {
        .first(
            "SELECT content FROM app.customer_import_parts WHERE tenant_id = \(tenant) AND import_id = \(id) AND part = \(number)"
        ) { row in try row.decode("content") }
    }

    /// The last row with a verdict; 0 before the first.
    static func progress(of id: CustomerImport.ID, _ tenant: TenantID) -> Query<(lastRow: Int, fileBytes: Int)?> {
        .first(
            """
            SELECT coalesce((SELECT max(row_number) FROM app.customer_import_rows
                             WHERE tenant_id = \(tenant) AND import_id = \(id)), 0) AS last, file_bytes
            FROM app.customer_imports WHERE tenant_id = \(tenant) AND id = \(id)
            """
        ) { row in (try row.decode("last"), try row.decode("file_bytes")) }
    }

    static func insertRows(_ rows: [CustomerImportRow], of id: CustomerImport.ID, in tx: borrowing TenantTransaction)
        throws
    {
        guard !rows.isEmpty else { return }
        var statement: Statement =
            "INSERT INTO app.customer_import_rows (tenant_id, import_id, row_number, verdict, customer_id, code, detail) VALUES "
        for (index, row) in rows.enumerated() {
            if index > 0 { statement += ", " }
            statement +=
                "(\(tx.tenantID), \(id), \(row.number), \(row.verdict.rawValue), \(row.customerID), \(row.reason?.code), \(row.reason?.detail))"
        }
        statement.isPrepared = false
        try tx.execute(statement)
    }

    static func advance(
        _ id: CustomerImport.ID, by rows: [CustomerImportRow], bytesDone: Int, in tx: borrowing TenantTransaction
    ) throws {
        func count(_ verdict: CustomerImport.Verdict) -> Int { rows.count { $0.verdict == verdict } }
        try tx.execute(
            """
            UPDATE app.customer_imports
            SET rows_done = rows_done + \(rows.count), rows_created = rows_created + \(count(.created)),
                rows_updated = rows_updated + \(count(.updated)), rows_rejected = rows_rejected + \(count(.rejected)),
                bytes_done = \(bytesDone), updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
    }

    /// Ends an import that is under way and lets go of its file.
    static func finish(
        _ id: CustomerImport.ID, failure: (code: String, detail: String)?, in tx: borrowing TenantTransaction
    ) throws {
        let ended = try tx.execute(
            """
            UPDATE app.customer_imports
            SET state = \(failure == nil ? "completed" : "failed"), failure_code = \(failure?.code), failure = \(failure?.detail), updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id) AND state = 'running'
            """)
        guard ended == 1 else { return }
        try tx.execute("DELETE FROM app.customer_import_parts WHERE tenant_id = \(tx.tenantID) AND import_id = \(id)")
    }

    static func rows(
        of id: CustomerImport.ID, verdict: CustomerImport.Verdict?, after: Int, limit: Int,
        in tx: borrowing TenantTransaction
    ) throws -> [CustomerImportRow] {
        var statement: Statement = """
            SELECT row_number, verdict, customer_id, code, detail FROM app.customer_import_rows
            WHERE tenant_id = \(tx.tenantID) AND import_id = \(id) AND row_number > \(after)
            """
        if let verdict { statement += " AND verdict = \(verdict.rawValue)" }
        statement += " ORDER BY row_number LIMIT \(limit)"
        return try tx.all(statement) { row in
            let number: Int = try row.decode("row_number"), name: String = try row.decode("verdict")
            guard let verdict = CustomerImport.Verdict(rawValue: name) else {
                throw DatabaseError.decoding(column: "verdict")
            }
            let customer: Customer.ID? = try row.decodeIfPresent("customer_id")
            let code: String? = try row.decodeIfPresent("code"), detail: String? = try row.decodeIfPresent("detail")
            return CustomerImportRow(
                number: number, verdict: verdict, customerID: customer, reason: code.map { ($0, detail ?? "") })
        }
    }
}
