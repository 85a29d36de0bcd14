// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database
import Jobs

/// Takes customer files in and tells how they fare.
package struct CustomerImportService: Sendable {
    /// 20 MiB: some 200,000 customers.
    package static let maximumFileBytes = 20 << 20
    private static let partBytes = 262_144
    /// When a running import has not moved for so long it is worth a look whether anybody is at work on it.
    private static let quietAfter = Duration.seconds(120)

    private let database: ConnectionPool
    private let jobs: JobQueue

    package init(database: ConnectionPool, jobs: JobQueue) {
        self.database = database
        self.jobs = jobs
    }

    /// Stores a file as it arrives and has it worked through. Nothing of it is kept when it does not arrive whole.
    /// - Parameters:
    ///   - next: the file's next bytes; nil at its end.
    ///   - around: is given what begins the work, to be called once at most, in the transaction in which it does. When it is
    ///     not called, nothing of the file is kept.
    /// - Throws: `CustomerImportError.unusable` as soon as the header is seen to be; what `next` and `around` throw.
    package func begin<Output: Sendable>(
        for caller: Caller, next: () async throws -> [UInt8]?,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> CustomerImport) throws -> Output
    ) async throws -> Output {
        let id = CustomerImport.ID.next()
        let tenant = caller.tenantID
        try await database.write(ImportQueries.insert(id, by: caller.userID, of: tenant), in: .tenant(tenant))
        do {
            let (bytes, header) = try await receive(id, caller, next)
            let start = ImportQueries.start(id, fileBytes: bytes, ignoredColumns: header.ignoredColumns, of: tenant)
            let (output, hasBegun) = try await database.withTenant(tenant) { (tx: borrowing TenantTransaction) in
                var hasBegun = false
                let output = try around(tx) {
                    hasBegun = true
                    _ = try tx.run(start)
                    try enqueue(id, in: tx)
                    try AuditLog.record(.customersImported, by: caller.auditActor, id, in: tx)
                    guard let found = try tx.run(ImportQueries.find(id, of: tenant)) else {
                        throw CustomerImportError.unknown
                    }
                    return found
                }
                return (output, hasBegun)
            }
            if !hasBegun { await discard(id, of: tenant) }
            return output
        } catch {
            await discard(id, of: tenant)
            throw error
        }
    }

    private func discard(_ id: CustomerImport.ID, of tenant: TenantID) async {
        _ = try? await database.write(ImportQueries.discard(id, of: tenant), in: .tenant(tenant))
    }

    private func enqueue(_ id: CustomerImport.ID, in tx: borrowing TenantTransaction) throws {
        let job = CustomerImportJob(id)
        try jobs.enqueue(job, uniqueKey: job.uniqueKey, in: tx)
    }

    private func receive(
        _ id: CustomerImport.ID, _ caller: Caller, _ next: () async throws -> [UInt8]?
    ) async throws -> (bytes: Int, header: ImportHeader) {
        var head = ImportHeaderReader()
        var part: [UInt8] = [], parts = 0, bytes = 0
        func store(_ content: [UInt8]) async throws {
            try await database.write(
                ImportQueries.insertPart(parts, content, in: id, of: caller.tenantID), in: .tenant(caller.tenantID))
            parts += 1
        }
        while let chunk = try await next() {
            bytes += chunk.count
            try head.append(chunk)
            part.append(contentsOf: chunk)
            if part.count >= Self.partBytes {
                try await store(part)
                part = []
            }
        }
        if !part.isEmpty { try await store(part) }
        return (bytes, try head.finish())
    }

    /// How an import fares.
    /// - Throws: `CustomerImportError.unknown`.
    package func find(_ id: CustomerImport.ID, for caller: Caller) async throws -> CustomerImport {
        let tenant = caller.tenantID
        let found = try await database.browse(ImportQueries.find(id, of: tenant), in: .tenant(tenant))
        guard let found else { throw CustomerImportError.unknown }
        guard found.state == .running, found.updatedAt.advanced(by: Self.quietAfter) < .now() else { return found }
        return try await database.withTenant(tenant) { (tx: borrowing TenantTransaction) in
            switch try jobs.state(of: CustomerImportJob.self, uniqueKey: CustomerImportJob(id).uniqueKey, in: tx) {
            // Begun by a build that knew no jobs.
            case nil: try enqueue(id, in: tx)
            case .dead, .cancelled: try ImportQueries.finish(id, failure: CustomerImport.couldNotGoOn, in: tx)
            case .scheduled, .available, .running, .paused: break
            }
            guard let found = try tx.run(ImportQueries.find(id, of: tx.tenantID)) else {
                throw CustomerImportError.unknown
            }
            return found
        }
    }

    /// How an import fares, for as long as it runs.
    /// - Parameter mustStop: the server is going away.
    /// - Throws: `CustomerImportError.unknown`.
    package func watch(_ id: CustomerImport.ID, for caller: Caller, until mustStop: @escaping @Sendable () -> Bool)
        async throws -> ImportProgress
    {
        try await ImportProgress(of: id, self, for: caller, until: mustStop)
    }

    /// A page of an import's rows, and the customers that they have led to.
    package struct RowPage: Sendable {
        package let rows: ArraySlice<CustomerImportRow>
        package let hasMore: Bool
        /// Those of them that are still there; none unless they were asked for.
        package let customers: [Customer.ID: Customer]
    }

    /// - Parameter after: the number of the last row already seen; 0 to begin.
    /// - Throws: `CustomerImportError.unknown`.
    package func rows(
        of id: CustomerImport.ID, verdict: CustomerImport.Verdict?, after: Int, limit: Int, withCustomers: Bool,
        for caller: Caller
    ) async throws -> RowPage {
        try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            guard try tx.run(ImportQueries.find(id, of: tx.tenantID)) != nil else { throw CustomerImportError.unknown }
            let found = try ImportQueries.rows(of: id, verdict: verdict, after: after, limit: limit + 1, in: tx)
            let rows = found.prefix(limit)
            let customers =
                withCustomers ? try CustomerQueries.find(Array(Set(rows.compactMap(\.customerID))), in: tx) : []
            return RowPage(
                rows: rows, hasMore: found.count > limit,
                customers: Dictionary(uniqueKeysWithValues: customers.map { ($0.id, $0) }))
        }
    }
}

/// Finds the header in the first bytes of a file while it is still arriving.
struct ImportHeaderReader: ~Copyable {
    private var reader = CSVReader()
    private var header: ImportHeader?

    mutating func append(_ bytes: [UInt8]) throws(CustomerImportError) {
        guard header == nil else { return }
        if reader.bytesRead == 0, bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw .unusable(code: "csv_not_utf8", detail: "The file is UTF-16. Save it as CSV UTF-8.")
        }
        reader.append(bytes)
        try look()
    }

    mutating func finish() throws(CustomerImportError) -> ImportHeader {
        if header == nil {
            reader.finish()
            try look()
        }
        guard let header else { throw .unusable(code: "csv_empty", detail: "The file is empty.") }
        return header
    }

    private mutating func look() throws(CustomerImportError) {
        switch reader.next() {
        case .fields(let fields, _): header = try ImportHeader(fields)
        case .problem(.notUTF8, _):
            throw .unusable(code: "csv_not_utf8", detail: "The first row is not UTF-8. Save the file as CSV UTF-8.")
        case .problem(.tooManyColumns, _):
            throw .unusable(
                code: "csv_too_many_columns", detail: "The first row has more than \(CSVReader.maximumColumns) columns."
            )
        case .problem: throw .unusable(code: "csv_bad_header", detail: "The first row cannot be read as CSV.")
        case nil: break
        }
    }
}
