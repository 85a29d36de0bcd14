// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

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
        let attempt: JobAttempt
    }

    package init(database: ConnectionPool, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Another worker has ended the import.
    private struct Superseded: Error {}

    /// - Throws: what may pass: the attempt is to be repeated.
    package func perform(_ job: CustomerImportJob, _ attempt: JobAttempt) async throws {
        let work = Work(id: job.id, tenant: attempt.tenantID, attempt: attempt)
        do {
            try await run(work)
        } catch is Superseded {
            logger.info("customer import goes on elsewhere", metadata: ["import": "\(work.id)"])
        } catch let error
            where Task.isCancelled || error is CancellationError || error is JobFailure
            || (error as? DatabaseError)?.mayPass == true && !attempt.isLast
        {
            throw error
        } catch {
            logger.error("customer import failed", metadata: ["import": "\(work.id)", "error": "\(error)"])
            try await database.withTenant(work.tenant) { (tx: borrowing TenantTransaction) in
                try ImportQueries.finish(work.id, failure: CustomerImport.couldNotGoOn, in: tx)
            }
        }
    }

    private func run(_ work: Work) async throws {
        var reader = CSVReader(), header: ImportHeader?, rows: [CSVReader.Record] = [], part = 0
        let found = try await database.read(ImportQueries.progress(of: work.id, work.tenant), in: .tenant(work.tenant))
        // Whoever asked for it has gone meanwhile, with all that was theirs.
        guard let (last, fileBytes) = found else { return }
        while true {
            let content = try await database.read(
                ImportQueries.part(part, in: work.id, of: work.tenant), in: .tenant(work.tenant))
            part += 1
            if let content {
                reader.append(content)
            } else {
                // Who ends an import lets go of its file: what is missing is not the file's end.
                guard reader.bytesRead == fileBytes else { throw Superseded() }
                reader.finish()
            }
            while let record = reader.next() {
                guard header != nil else {
                    if case .fields(let fields, _) = record { header = try ImportHeader(fields) }
                    continue
                }
                if record.number > last { rows.append(record) }
                if rows.count == Self.batchRows {
                    try await put(rows, header, work, bytesDone: reader.bytesRead)
                    work.attempt.report(percent: reader.bytesRead * 100 / max(1, fileBytes))
                    rows = []
                }
            }
            if content == nil { break }
        }
        try await put(rows, header, work, bytesDone: reader.bytesRead)
        try await database.withTenant(work.tenant) { (tx: borrowing TenantTransaction) in
            try ImportQueries.finish(work.id, failure: nil, in: tx)
        }
    }

    /// A batch asks for hundreds of customers at once, and nobody waits for it.
    private static let batchTimeout: Duration = .seconds(30)

    /// One batch in one transaction. When someone adds a customer with a number of the batch at the same moment, the next
    /// attempt sees that customer and updates it.
    private func put(_ rows: [CSVReader.Record], _ header: ImportHeader?, _ work: Work, bytesDone: Int) async throws {
        guard let header, !rows.isEmpty else { return }
        try Task.checkCancellation()
        let read = rows.map { ImportRow($0, header) }
        for attempt in 1... {
            do {
                return try await database.withTenant(work.tenant, timeout: Self.batchTimeout) {
                    (tx: borrowing TenantTransaction) in
                    let existing = try CustomerQueries.lock(
                        sharingIdentifiersWith: read.compactMap(\.fields), in: tx)
                    var batch = ImportBatch(existing: existing)
                    for row in read { row.enter(&batch) }
                    try CustomerQueries.put(batch.changes, in: tx)
                    try ImportQueries.insertRows(batch.verdicts, of: work.id, in: tx)
                    try ImportQueries.advance(work.id, by: batch.verdicts, bytesDone: bytesDone, in: tx)
                }
            } catch let error as DatabaseError where attempt < Self.attempts && error.isRace {
                try await Task.sleep(for: .milliseconds(100 * attempt))
            } catch let error as DatabaseError where error.violates("customer_import_rows_pkey") {
                // Whoever was believed dead is not. Both go on behind what the other has done.
                throw JobFailure.retry(after: .seconds(30), reason: "another worker is at it")
            }
        }
    }
}

/// One record of a file, read as a customer's fields or found wanting.
private struct ImportRow: Sendable {
    let number: Int
    let fields: CustomerFields?
    private let problem: (code: String, detail: String)?

    init(_ record: CSVReader.Record, _ header: ImportHeader) {
        number = record.number
        switch record {
        case .fields(let texts, _):
            do throws(FieldError) {
                fields = try header.fields(texts)
                problem = nil
            } catch {
                let column = error.pointer.isEmpty ? "" : error.pointer.dropFirst() + ": "
                fields = nil
                problem = (error.code, column + error.detail)
            }
        case .problem(let problem, _):
            fields = nil
            self.problem = (problem.rawValue, problem.detail)
        }
    }

    func enter(_ batch: inout ImportBatch) {
        if let fields {
            batch.take(number, fields)
        } else if let problem {
            batch.reject(number, problem.code, problem.detail)
        }
    }
}

extension CSVReader.Record {
    var number: Int {
        switch self {
        case .fields(_, let number), .problem(_, let number): number
        }
    }
}

extension CSVReader.Problem {
    var detail: String {
        switch self {
        case .notUTF8: "The row is not UTF-8. Save the file as CSV UTF-8."
        case .tooManyColumns: "The row has more than \(CSVReader.maximumColumns) columns."
        case .fieldTooLong: "A cell has more than \(CSVReader.maximumFieldBytes) bytes."
        case .badQuotes: "A quotation mark has no partner."
        }
    }
}

extension DatabaseError {
    /// Whether the same work may well succeed a little later. An unknown outcome is among these: the next attempt reads
    /// which rows have a verdict and begins behind them.
    fileprivate var mayPass: Bool {
        switch self {
        case .busy, .interrupted, .unavailable, .outcomeUnknown: true
        // PostgreSQL was asked at a bad moment, or has no room for now (class 53).
        case .refused(let refusal):
            ["40001", "40P01", "55P03", "57014"].contains(refusal.sqlState) || refusal.sqlState.hasPrefix("53")
        default: false
        }
    }

    /// Someone else wrote a customer with a number or address of this batch between our reading and our writing.
    fileprivate var isRace: Bool { takenIdentifier != nil }
}
