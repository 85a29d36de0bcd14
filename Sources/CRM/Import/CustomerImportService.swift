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
    ///   - choices: without a mapping: that is guessed from the names of the columns.
    ///   - next: the file's next bytes; nil at its end.
    ///   - around: is given what begins the work, to be called once at most, in the transaction in which it does. When it is
    ///     not called, nothing of the file is kept.
    /// - Throws: `CustomerImportError.unusable` as soon as the header is seen to be; what `next` and `around` throw.
    package func begin<Output: Sendable>(
        _ choices: ImportChoices, for caller: Caller, next: () async throws -> [UInt8]?,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> CustomerImport) throws -> Output
    ) async throws -> Output {
        let id = CustomerImport.ID.next(), tenant = caller.tenantID
        let definitions = try await database.browse(CustomFieldQueries.all(of: tenant), in: .tenant(tenant))
        try await database.write(ImportQueries.insert(id, by: caller.userID, of: tenant), in: .tenant(tenant))
        do {
            let (bytes, found) = try await receive(id, choices, definitions, caller, next)
            let (output, hasBegun) = try await database.withTenant(tenant) { (tx: borrowing TenantTransaction) in
                var hasBegun = false
                let output = try around(tx) {
                    hasBegun = true
                    return try start(id, fileBytes: bytes, found, for: caller, in: tx)
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

    private func start(
        _ id: CustomerImport.ID, fileBytes: Int, _ choices: ImportChoices, for caller: Caller,
        in tx: borrowing TenantTransaction
    ) throws -> CustomerImport {
        _ = try tx.run(ImportQueries.start(id, fileBytes: fileBytes, choices, of: tx.tenantID))
        if !choices.isTrial {
            _ = try HistoryQueries.insert(
                CustomerOperation.ID(id.uuid), .import, customers: 0, by: caller.auditActor, in: tx)
            try AuditLog.record(.customersImported, by: caller.auditActor, id, in: tx)
        }
        try enqueue(id, in: tx)
        guard let found = try tx.run(ImportQueries.find(id, of: tx.tenantID)) else { throw CustomerImportError.unknown }
        return found
    }

    private func discard(_ id: CustomerImport.ID, of tenant: TenantID) async {
        _ = try? await database.write(ImportQueries.discard(id, of: tenant), in: .tenant(tenant))
    }

    private func enqueue(_ id: CustomerImport.ID, in tx: borrowing TenantTransaction) throws {
        let job = CustomerImportJob(id)
        try jobs.enqueue(job, uniqueKey: job.uniqueKey, in: tx)
    }

    private func receive(
        _ id: CustomerImport.ID, _ choices: ImportChoices, _ definitions: [CustomField], _ caller: Caller,
        _ next: () async throws -> [UInt8]?
    ) async throws -> (bytes: Int, choices: ImportChoices) {
        var head = ImportHead(choices, definitions), part: [UInt8] = [], parts = 0, bytes = 0
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

    // MARK: - The same file again

    /// Works through a file that was brought before, such as for a trial, in another way.
    /// - Parameters:
    ///   - targets: what each column is about; as it was guessed or said before when nil.
    ///   - around: as for ``begin(_:for:next:around:)``.
    /// - Throws: `CustomerImportError.unknown`, `.fileGone`, `.unusable`.
    package func runAgain<Output: Sendable>(
        _ id: CustomerImport.ID, _ choices: ImportChoices, targets: [ImportTarget?]?, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> CustomerImport) throws -> Output
    ) async throws -> Output {
        let old = try await find(id, for: caller), tenant = caller.tenantID
        // Who asks again is told what they were told before, also when the file has gone since.
        let chosen: Result<ImportChoices, CustomerImportError>
        do {
            chosen = .success(try await choose(choices, targets, asBefore: old, for: caller))
        } catch let error as CustomerImportError {
            chosen = .failure(error)
        }
        return try await database.withTenant(tenant) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                let chosen = try chosen.get()
                // Who works through it lets go of it in the end, and keeps it until then.
                guard let source = chosen.source, try ImportQueries.lock(source, in: tx) != nil else {
                    throw CustomerImportError.unknown
                }
                guard try tx.run(ImportQueries.part(0, in: source, of: tenant)) != nil else {
                    throw CustomerImportError.fileGone
                }
                let new = CustomerImport.ID.next()
                _ = try tx.run(ImportQueries.insert(new, by: caller.userID, of: tenant))
                return try start(new, fileBytes: old.fileBytes, chosen, for: caller, in: tx)
            }
        }
    }

    /// - Parameter targets: as for ``runAgain(_:_:targets:for:around:)``.
    private func choose(
        _ choices: ImportChoices, _ targets: [ImportTarget?]?, asBefore old: CustomerImport, for caller: Caller
    ) async throws -> ImportChoices {
        var wanted = choices
        wanted.format = old.choices.format
        wanted.encoding = choices.encoding ?? old.choices.encoding
        wanted.separator = choices.separator ?? old.choices.separator
        wanted.source = old.choices.source ?? old.id
        if wanted.format == .csv {
            let isReadAlike = wanted.encoding == old.choices.encoding && wanted.separator == old.choices.separator
            let names: [String]
            if isReadAlike, let mapping = old.choices.mapping {
                wanted.mapping = mapping
                names = mapping.columns.map(\.name)
            } else {
                wanted = try await head(of: wanted, for: caller)
                names = wanted.mapping?.columns.map(\.name) ?? []
            }
            if let targets { wanted.mapping = try ImportMapping(names, targets: targets) }
        }
        return wanted
    }

    /// Reads the head of a stored file.
    private func head(of choices: ImportChoices, for caller: Caller) async throws -> ImportChoices {
        let tenant = caller.tenantID
        guard let source = choices.source else { throw CustomerImportError.unknown }
        let definitions = try await database.browse(CustomFieldQueries.all(of: tenant), in: .tenant(tenant))
        let content = try await database.read(ImportQueries.part(0, in: source, of: tenant), in: .tenant(tenant))
        guard let content else { throw CustomerImportError.fileGone }
        var head = ImportHead(choices, definitions)
        try head.append(content)
        return try head.finish()
    }

    // MARK: - How it fares

    /// How an import fares.
    /// - Throws: `CustomerImportError.unknown`.
    package func find(_ id: CustomerImport.ID, for caller: Caller) async throws -> CustomerImport {
        let tenant = caller.tenantID
        let found = try await database.browse(ImportQueries.find(id, of: tenant), in: .tenant(tenant))
        guard let found else { throw CustomerImportError.unknown }
        guard found.state == .running || found.state == .undoing,
            found.updatedAt.advanced(by: Self.quietAfter) < .now()
        else { return found }
        return try await database.withTenant(tenant) { (tx: borrowing TenantTransaction) in
            found.state == .running ? try lookAfterWork(id, in: tx) : try lookAfterUndoing(id, in: tx)
            guard let found = try tx.run(ImportQueries.find(id, of: tx.tenantID)) else {
                throw CustomerImportError.unknown
            }
            return found
        }
    }

    private func lookAfterWork(_ id: CustomerImport.ID, in tx: borrowing TenantTransaction) throws {
        switch try jobs.state(of: CustomerImportJob.self, uniqueKey: CustomerImportJob(id).uniqueKey, in: tx) {
        // Begun by a build that knew no jobs.
        case nil: try enqueue(id, in: tx)
        case .dead, .cancelled: try ImportQueries.finish(id, failure: CustomerImport.couldNotGoOn, in: tx)
        case .scheduled, .available, .running, .paused: break
        }
    }

    private func lookAfterUndoing(_ id: CustomerImport.ID, in tx: borrowing TenantTransaction) throws {
        // Somebody may have asked for it again just now.
        guard try ImportQueries.lock(id, in: tx)?.state == .undoing else { return }
        switch try jobs.state(of: ImportUndoJob.self, uniqueKey: ImportUndoJob(id).uniqueKey, in: tx) {
        // Whoever wants it undone asks again, and it goes on where it was left.
        case nil, .dead, .cancelled: try ImportQueries.abandonUndoing(id, in: tx)
        case .scheduled, .available, .running, .paused: break
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
            let found = try tx.run(
                ImportQueries.rows(of: id, verdict: verdict, after: after, limit: limit + 1, of: tx.tenantID))
            let rows = found.prefix(limit)
            let customers =
                withCustomers ? try CustomerQueries.find(Array(Set(rows.compactMap(\.customerID))), in: tx) : []
            return RowPage(
                rows: rows, hasMore: found.count > limit,
                customers: Dictionary(uniqueKeysWithValues: customers.map { ($0.id, $0) }))
        }
    }

    /// The rows that were refused, as a file to be put right and brought again.
    /// - Throws: `CustomerImportError.unknown`.
    package func refused(of id: CustomerImport.ID, for caller: Caller) async throws -> RefusedRows {
        let found = try await find(id, for: caller)
        return RefusedRows(of: found, from: database, caller.tenantID)
    }

    // MARK: - Undoing

    /// Takes a whole import back; that takes its time.
    /// - Throws: `CustomerImportError.unknown`, `.notUndoable`; `CustomerOperationError.tooOld`.
    package func undo(_ id: CustomerImport.ID, for caller: Caller) async throws -> CustomerImport {
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let found = try ImportQueries.lock(id, in: tx) else { throw CustomerImportError.unknown }
            if found.state == .undone { return found }
            if found.state != .undoing {
                guard found.state == .completed || found.state == .failed, !found.choices.isTrial,
                    try HistoryQueries.lock(CustomerOperation.ID(id.uuid), in: tx) != nil
                else { throw CustomerImportError.notUndoable }
                guard found.createdAt.advanced(by: CustomerService.timeInBin) > .now() else {
                    throw CustomerOperationError.tooOld
                }
                try ImportQueries.setState(.undoing, of: id, in: tx)
                try AuditLog.record(.customersRestored, by: caller.auditActor, id, in: tx)
            }
            let job = ImportUndoJob(id)
            try jobs.enqueue(job, uniqueKey: job.uniqueKey, in: tx)
            guard let found = try tx.run(ImportQueries.find(id, of: tx.tenantID)) else {
                throw CustomerImportError.unknown
            }
            return found
        }
    }
}

/// Finds out what a file is from its first bytes, while it is still arriving.
struct ImportHead: ~Copyable {
    private var file: ImportFile
    private var choices: ImportChoices
    private let definitions: [CustomField]
    private var isFound = false

    init(_ choices: ImportChoices, _ definitions: [CustomField]) {
        file = ImportFile(choices)
        self.choices = choices
        self.definitions = definitions
    }

    mutating func append(_ bytes: [UInt8]) throws(CustomerImportError) {
        guard !isFound else { return }
        if file.bytesRead == 0, bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            throw .unusable(
                code: "file_is_a_workbook", detail: "This is an Excel workbook. Save it as CSV and bring that.")
        }
        file.append(bytes)
        try look()
    }

    /// With what was found out about the file.
    mutating func finish() throws(CustomerImportError) -> ImportChoices {
        if !isFound {
            file.finish()
            try look()
        }
        guard isFound else { throw .unusable(code: "csv_empty", detail: "The file is empty.") }
        return choices
    }

    private mutating func look() throws(CustomerImportError) {
        switch choices.format {
        case .csv:
            guard let names = try file.header() else { return }
            let own = Dictionary(definitions.map { ($0.key, $0.label) }) { first, _ in first }
            let mapping = ImportMapping(guessing: names, customFields: own)
            try mapping.check()
            choices.mapping = mapping
            choices.separator = file.separator
        case .vcard:
            guard file.bytesRead > 0 else { return }
        }
        choices.encoding = file.encoding
        isFound = true
    }
}
