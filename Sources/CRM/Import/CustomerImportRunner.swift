// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database
import Jobs
import Logging

/// Does ``CustomerImportJob``: five hundred rows to a transaction.
///
/// A batch's customers, its verdicts and the progress are committed together, so an import that stops anywhere goes on
/// behind the last committed row, with no row done twice or by half.
package struct CustomerImportRunner: Sendable {
    private static let batchRows = 500, attempts = 3

    private let database: ConnectionPool
    private let logger: Logger

    private struct Work: Sendable {
        let id: CustomerImport.ID, tenant: TenantID
        let choices: ImportChoices
        let fileBytes: Int
        /// The fields that the business has added.
        let definitions: [CustomField]
        let attempt: JobAttempt
    }

    package init(database: ConnectionPool, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Another worker has ended the import.
    private struct Superseded: Error {}

    /// A part of the file is not there.
    private struct Incomplete: Error {}

    /// - Throws: what may pass: the attempt is to be repeated.
    package func perform(_ job: CustomerImportJob, _ attempt: JobAttempt) async throws {
        do {
            try await run(job.id, attempt)
        } catch is Superseded {
            logger.info("customer import goes on elsewhere", metadata: ["import": "\(job.id)"])
        } catch let error
            where Task.isCancelled || error is CancellationError || error is JobFailure
            || (error as? DatabaseError)?.mayPass == true && !attempt.isLast
        {
            throw error
        } catch {
            logger.error("customer import failed", metadata: ["import": "\(job.id)", "error": "\(error)"])
            try await database.withTenant(attempt.tenantID) { (tx: borrowing TenantTransaction) in
                try ImportQueries.finish(job.id, failure: CustomerImport.couldNotGoOn, in: tx)
            }
        }
    }

    private func run(_ id: CustomerImport.ID, _ attempt: JobAttempt) async throws {
        let tenant = attempt.tenantID
        let found = try await database.read(ImportQueries.find(id, of: tenant), in: .tenant(tenant))
        // Whoever asked for it has gone meanwhile, with all that was theirs.
        guard let found, found.state == .running else { return }
        if !found.choices.isTrial {
            try await database.withTenant(tenant) { (tx: borrowing TenantTransaction) in
                try HistoryQueries.ensure(CustomerOperation.ID(id.uuid), .import, in: tx)
            }
        }
        let last = try await database.read(ImportQueries.lastRow(of: id, tenant), in: .tenant(tenant))
        let work = Work(
            id: id, tenant: tenant, choices: found.choices, fileBytes: found.fileBytes,
            definitions: try await database.read(CustomFieldQueries.all(of: tenant), in: .tenant(tenant)),
            attempt: attempt)
        var file = ImportFile(found.choices), rows: [ImportFile.Row] = [], part = 0
        while true {
            let content = try await database.read(
                ImportQueries.part(part, in: found.choices.source ?? id, of: tenant), in: .tenant(tenant))
            part += 1
            if let content {
                file.append(content)
            } else {
                guard file.bytesRead == found.fileBytes else { throw try await missing(id, tenant) }
                file.finish()
            }
            while let row = file.next() {
                if row.number > last { rows.append(row) }
                if rows.count == Self.batchRows {
                    try await put(rows, work, bytesDone: file.bytesRead)
                    attempt.report(percent: file.bytesRead * 100 / max(1, found.fileBytes))
                    rows = []
                }
            }
            if content == nil { break }
        }
        try await put(rows, work, bytesDone: file.bytesRead)
        try await database.withTenant(tenant) { (tx: borrowing TenantTransaction) in
            try ImportQueries.finish(id, failure: nil, in: tx)
        }
    }

    /// Who ends an import lets go of its file: what is missing is not the file's end.
    private func missing(_ id: CustomerImport.ID, _ tenant: TenantID) async throws -> any Error {
        let found = try await database.read(ImportQueries.find(id, of: tenant), in: .tenant(tenant))
        return found?.state == .running ? Incomplete() : Superseded()
    }

    /// A batch asks for hundreds of customers at once, and nobody waits for it.
    private static let batchTimeout: Duration = .seconds(30)

    /// One batch in one transaction. When someone adds a customer with a number of the batch at the same moment, the next
    /// attempt sees that customer and updates it.
    private func put(_ rows: [ImportFile.Row], _ work: Work, bytesDone: Int) async throws {
        guard !rows.isEmpty else { return }
        try Task.checkCancellation()
        let read = rows.map { BatchRow($0, work.definitions) }
        for attempt in 1... {
            do {
                return try await database.withTenant(work.tenant, timeout: Self.batchTimeout) {
                    (tx: borrowing TenantTransaction) in
                    try Self.put(read, work, bytesDone: bytesDone, in: tx)
                }
            } catch let error as DatabaseError where attempt < Self.attempts && error.takenIdentifier != nil {
                try await Task.sleep(for: .milliseconds(100 * attempt))
            } catch let error as DatabaseError where error.violates("customer_import_rows_pkey") {
                // Whoever was believed dead is not. Both go on behind what the other has done.
                throw JobFailure.retry(after: .seconds(30), reason: "another worker is at it")
            }
        }
    }

    private static func put(
        _ rows: [BatchRow], _ work: Work, bytesDone: Int, in tx: borrowing TenantTransaction
    ) throws {
        let existing = try CustomerQueries.lock(sharingIdentifiersWith: rows.compactMap(\.fields), in: tx)
        var batch = ImportBatch(existing: existing, policy: work.choices.policy)
        for row in rows { row.enter(&batch) }
        if !work.choices.isTrial {
            let changes = batch.changes
            try CustomerQueries.put(changes.map { ($0.id, $0.fields) }, in: tx)
            try HistoryQueries.insert(
                .updated, changes.map { ($0.id, $0.fields.edits(from: $0.old)) }, by: .system,
                operation: CustomerOperation.ID(work.id.uuid), in: tx)
            try CustomerQueries.add(batch.additions, in: tx)
        }
        // Of a trial, nobody that is new has an id.
        let verdicts = batch.verdicts.map { $0.told(isTrial: work.choices.isTrial) }
        try ImportQueries.insertRows(verdicts, of: work.id, in: tx)
        guard try ImportQueries.advance(work.id, by: verdicts, bytesDone: bytesDone, in: tx) else { throw Superseded() }
    }
}

extension CustomerImportRow {
    fileprivate func told(isTrial: Bool) -> CustomerImportRow {
        guard isTrial, verdict == .created else { return self }
        return CustomerImportRow(number: number, verdict: verdict, customerID: nil, reason: reason, cells: cells)
    }
}

/// One row of a file as a customer's fields, or what is wrong with it.
private struct BatchRow: Sendable {
    let number: Int
    let fields: CustomerFields?
    private let cells: [String]
    private let problem: (code: String, detail: String)?

    init(_ row: ImportFile.Row, _ definitions: [CustomField]) {
        number = row.number
        cells = row.cells
        switch row.record {
        case .success(let record):
            var problems = record.problems
            fields = CustomerFields(record, definitions, noting: &problems)
            problem = problems.isEmpty ? nil : ("left_out", problems.prefix(5).map(Self.told).joined(separator: " "))
        case .failure(let error):
            fields = nil
            problem = (error.code, Self.told(error))
        }
    }

    private static func told(_ error: FieldError) -> String {
        error.pointer.isEmpty ? error.detail : error.pointer.dropFirst() + ": " + error.detail
    }

    func enter(_ batch: inout ImportBatch) {
        if let fields {
            batch.take(number, fields, cells, problem: problem)
        } else if let problem {
            batch.reject(number, problem.code, problem.detail, cells)
        }
    }
}

extension DatabaseError {
    /// Whether the same work may well succeed a little later. An unknown outcome is among these: the next attempt reads
    /// which rows have a verdict and begins behind them.
    var mayPass: Bool {
        switch self {
        case .busy, .interrupted, .unavailable, .outcomeUnknown: true
        // PostgreSQL was asked at a bad moment, or has no room for now (class 53).
        case .refused(let refusal):
            ["40001", "40P01", "55P03", "57014"].contains(refusal.sqlState) || refusal.sqlState.hasPrefix("53")
        default: false
        }
    }
}
