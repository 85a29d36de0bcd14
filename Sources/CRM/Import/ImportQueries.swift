// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum ImportQueries {
    private static let columns: Statement = """
        id, state, source_id, format, encoding, separator, columns, targets, policy, is_trial, file_bytes, bytes_done, rows_done,
        rows_created, rows_updated, rows_skipped, rows_rejected, rows_undone, rows_kept, undone_row, failure_code, failure, created_at,
        updated_at
        """

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

    static func start(_ id: CustomerImport.ID, fileBytes: Int, _ choices: ImportChoices, of tenant: TenantID) -> Query<
        Int
    > {
        let columns = choices.mapping?.columns ?? []
        return .count(
            """
            UPDATE app.customer_imports
            SET state = 'running', file_bytes = \(fileBytes), source_id = \(choices.source), format = \(choices.format.rawValue),
                encoding = \(choices.encoding?.rawValue), separator = \(choices.separator?.rawValue),
                columns = \(TextArray(columns.map { withoutNUL($0.name) })), targets = \(TextArray(columns.map { $0.target?.rawValue ?? "" })),
                policy = \(choices.policy.rawValue), is_trial = \(choices.isTrial), updated_at = now()
            WHERE tenant_id = \(tenant) AND id = \(id)
            """)
    }

    /// PostgreSQL's texts hold none.
    private static func withoutNUL(_ text: String) -> String {
        text.utf8.contains(0) ? String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value != 0 })) : text
    }

    /// Lets go of a file that has not been taken in. One that has been stays, also when whoever brought it does not know.
    static func discard(_ id: CustomerImport.ID, of tenant: TenantID) -> Query<Int> {
        .count(
            "DELETE FROM app.customer_imports WHERE tenant_id = \(tenant) AND id = \(id) AND state = 'receiving'")
    }

    static func find(_ id: CustomerImport.ID, of tenant: TenantID) -> Query<CustomerImport?> {
        .first(
            "SELECT \(columns) FROM app.customer_imports WHERE tenant_id = \(tenant) AND id = \(id)", found
        )
    }

    static func lock(_ id: CustomerImport.ID, in tx: borrowing TenantTransaction) throws -> CustomerImport? {
        try tx.first(
            "SELECT \(columns) FROM app.customer_imports WHERE tenant_id = \(tx.tenantID) AND id = \(id) FOR UPDATE",
            found)
    }

    @Sendable private static func found(_ row: inout Row) throws -> CustomerImport {
        func named<Value: RawRepresentable>(_ name: StaticString, _ text: String) throws -> Value
        where Value.RawValue == String {
            guard let value = Value(rawValue: text) else { throw DatabaseError.decoding(column: "\(name)") }
            return value
        }
        var choices = ImportChoices()
        choices.source = try row.decodeIfPresent("source_id")
        choices.format = try named("format", row.decode("format"))
        choices.encoding = (try row.decodeIfPresent("encoding") as String?).flatMap { TextEncoding(rawValue: $0) }
        choices.separator = (try row.decodeIfPresent("separator") as String?).flatMap { CSVSeparator(rawValue: $0) }
        choices.policy = try named("policy", row.decode("policy"))
        choices.isTrial = try row.decode("is_trial")
        let names = try (row.decode("columns") as TextArray).elements
        let targets = try (row.decode("targets") as TextArray).elements.map { ImportTarget(rawValue: $0) }
        if !names.isEmpty { choices.mapping = ImportMapping(stored: names, targets: targets) }
        var rows = CustomerImport.Rows()
        rows.done = try row.decode("rows_done")
        rows.created = try row.decode("rows_created")
        rows.updated = try row.decode("rows_updated")
        rows.skipped = try row.decode("rows_skipped")
        rows.rejected = try row.decode("rows_rejected")
        rows.undone = try row.decode("rows_undone")
        rows.kept = try row.decode("rows_kept")
        rows.undoneTo = try row.decode("undone_row")
        let code: String? = try row.decodeIfPresent("failure_code"),
            detail: String? = try row.decodeIfPresent("failure")
        return try CustomerImport(
            id: row.decode("id"), state: named("state", row.decode("state")), choices: choices,
            fileBytes: row.decode("file_bytes"), bytesDone: row.decode("bytes_done"), rows: rows,
            failure: code.map { ($0, detail ?? "") }, createdAt: row.decode("created_at"),
            updatedAt: row.decode("updated_at"))
    }

    static func part(_ number: Int, in id: CustomerImport.ID, of tenant: TenantID) -> Query<[UInt8]?> {
        .first(
            "SELECT content FROM app.customer_import_parts WHERE tenant_id = \(tenant) AND import_id = \(id) AND part = \(number)"
        ) { row in try row.decode("content") }
    }

    /// The last row with a verdict; 0 before the first.
    static func lastRow(of id: CustomerImport.ID, _ tenant: TenantID) -> Query<Int> {
        .one(
            """
            SELECT coalesce(max(row_number), 0) AS last FROM app.customer_import_rows
            WHERE tenant_id = \(tenant) AND import_id = \(id)
            """
        ) { row in try row.decode("last") }
    }

    static func insertRows(_ rows: [CustomerImportRow], of id: CustomerImport.ID, in tx: borrowing TenantTransaction)
        throws
    {
        guard !rows.isEmpty else { return }
        var statement: Statement = """
            INSERT INTO app.customer_import_rows (tenant_id, import_id, row_number, verdict, customer_id, code, detail, cells) VALUES 
            """
        for (index, row) in rows.enumerated() {
            if index > 0 { statement += ", " }
            statement += """
                (\(tx.tenantID), \(id), \(row.number), \(row.verdict.rawValue), \(row.customerID), \(row.reason?.code), \
                \(row.reason?.detail), \(row.cells.map { TextArray($0.map { withoutNUL($0) }) }))
                """
        }
        statement.isPrepared = false
        try tx.execute(statement)
    }

    /// - Returns: whether the import is under way still.
    static func advance(
        _ id: CustomerImport.ID, by rows: [CustomerImportRow], bytesDone: Int, in tx: borrowing TenantTransaction
    ) throws -> Bool {
        func count(_ verdict: CustomerImport.Verdict) -> Int { rows.count { $0.verdict == verdict } }
        return try tx.execute(
            """
            UPDATE app.customer_imports
            SET rows_done = rows_done + \(rows.count), rows_created = rows_created + \(count(.created)),
                rows_updated = rows_updated + \(count(.updated)), rows_skipped = rows_skipped + \(count(.skipped)),
                rows_rejected = rows_rejected + \(count(.rejected)), bytes_done = \(bytesDone), updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id) AND state = 'running'
            """) == 1
    }

    /// Ends an import that is under way, and lets go of its file unless that may be asked for again or is worked through for another.
    static func finish(
        _ id: CustomerImport.ID, failure: (code: String, detail: String)?, in tx: borrowing TenantTransaction
    ) throws {
        // Of several that work through one file the last lets go of it: one after the other they look who is left.
        let file = try tx.first(
            """
            SELECT id, is_trial FROM app.customer_imports
            WHERE tenant_id = \(tx.tenantID) AND id = (
                SELECT coalesce(source_id, id) FROM app.customer_imports WHERE tenant_id = \(tx.tenantID) AND id = \(id))
            FOR UPDATE
            """
        ) { row in (id: try row.decode("id") as CustomerImport.ID, isTrial: try row.decode("is_trial") as Bool) }
        let ended = try tx.first(
            """
            UPDATE app.customer_imports
            SET state = \(failure == nil ? "completed" : "failed"), failure_code = \(failure?.code), failure = \(failure?.detail), updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id) AND state = 'running'
            RETURNING is_trial, rows_created + rows_updated AS customers
            """
        ) { row in (isTrial: try row.decode("is_trial") as Bool, customers: try row.decode("customers") as Int) }
        guard let file, let ended else { return }
        // Who was only tried may be brought in earnest for a day.
        if try !(file.isTrial && ended.isTrial) && !isWorkedThrough(file.id, in: tx) { try dropFile(file.id, in: tx) }
        if !ended.isTrial {
            try HistoryQueries.setCustomers(of: CustomerOperation.ID(id.uuid), ended.customers, in: tx)
        }
    }

    private static func isWorkedThrough(_ file: CustomerImport.ID, in tx: borrowing TenantTransaction) throws -> Bool {
        try tx.one(
            """
            SELECT EXISTS (
                SELECT FROM app.customer_imports
                WHERE tenant_id = \(tx.tenantID) AND (id = \(file) OR source_id = \(file)) AND state = 'running') AS yes
            """
        ) { row in try row.decode("yes") }
    }

    private static func dropFile(_ id: CustomerImport.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute("DELETE FROM app.customer_import_parts WHERE tenant_id = \(tx.tenantID) AND import_id = \(id)")
    }

    static func rows(
        of id: CustomerImport.ID, verdict: CustomerImport.Verdict?, after: Int, limit: Int, of tenant: TenantID
    ) -> Query<[CustomerImportRow]> {
        var statement: Statement = """
            SELECT row_number, verdict, customer_id, code, detail, cells FROM app.customer_import_rows
            WHERE tenant_id = \(tenant) AND import_id = \(id) AND row_number > \(after)
            """
        // Written out where there is an index for it alone.
        switch verdict {
        case .rejected: statement += " AND verdict = 'rejected'"
        case let verdict?: statement += " AND verdict = \(verdict.rawValue)"
        case nil: break
        }
        statement += " ORDER BY row_number LIMIT \(limit)"
        return .all(statement) { row in
            let number: Int = try row.decode("row_number"), name: String = try row.decode("verdict")
            guard let verdict = CustomerImport.Verdict(rawValue: name) else {
                throw DatabaseError.decoding(column: "verdict")
            }
            let customer: Customer.ID? = try row.decodeIfPresent("customer_id")
            let code: String? = try row.decodeIfPresent("code"), detail: String? = try row.decodeIfPresent("detail")
            return CustomerImportRow(
                number: number, verdict: verdict, customerID: customer, reason: code.map { ($0, detail ?? "") },
                cells: (try row.decodeIfPresent("cells") as TextArray?)?.elements)
        }
    }

    // MARK: - Undoing

    /// Of some customers those whom the file has added, and those of whom a row before this one has told.
    static func seenTo(
        _ customers: [Customer.ID], of id: CustomerImport.ID, before row: Int, in tx: borrowing TenantTransaction
    )
        throws -> Set<Customer.ID>
    {
        guard !customers.isEmpty else { return [] }
        return Set(
            try tx.all(
                """
                SELECT DISTINCT customer_id FROM app.customer_import_rows
                WHERE tenant_id = \(tx.tenantID) AND customer_id = ANY (\(UUIDArray(customers))) AND import_id = \(id)
                  AND (verdict = 'created' OR verdict = 'updated' AND row_number < \(row))
                """
            ) { row in try row.decode("customer_id") })
    }

    /// The import is what it was before somebody wanted it undone.
    static func abandonUndoing(_ id: CustomerImport.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            UPDATE app.customer_imports
            SET state = CASE WHEN failure_code IS NULL THEN 'completed' ELSE 'failed' END, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id) AND state = 'undoing'
            """)
    }

    static func setState(_ state: CustomerImport.State, of id: CustomerImport.ID, in tx: borrowing TenantTransaction)
        throws
    {
        try tx.execute(
            """
            UPDATE app.customer_imports SET state = \(state.rawValue), updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
    }

    /// - Parameter row: the last whose change has been taken back.
    static func noteUndone(
        _ id: CustomerImport.ID, undone: Int, kept: Int, to row: Int? = nil, in tx: borrowing TenantTransaction
    ) throws {
        try tx.execute(
            """
            UPDATE app.customer_imports
            SET rows_undone = rows_undone + \(undone), rows_kept = rows_kept + \(kept), undone_row = coalesce(\(row), undone_row),
                updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            """)
    }
}
