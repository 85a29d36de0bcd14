// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// Takes orders for what people take along, and hands it out.
package struct DataExportService: Sendable {
    /// Whose data it is.
    package enum Subject: Sendable {
        /// The business that the caller is in.
        case business
        /// The caller's own.
        case person

        fileprivate func tenant(_ caller: Caller.Person) -> TenantID? { self == .business ? caller.tenantID : nil }

        fileprivate var event: AuditEvent.Kind { self == .business ? .businessExported : .accountExported }
    }

    private let database: ConnectionPool

    init(database: ConnectionPool) { self.database = database }

    /// Asks for one. Whoever has asked already and not been served yet asks for the same.
    /// - Throws: `AccountError.confirmationNeeded`.
    package func request(_ subject: Subject, _ caller: Caller.Person) async throws -> DataExport {
        try await Confirmation.require(of: caller, database)
        let id = DataExport.ID.next()
        try await database.withMember(caller.userID, of: caller.tenantID) { (tx: borrowing MemberTransaction) in
            guard try DataExportQueries.insert(id, of: subject.tenant(caller), in: tx) else { return }
            try AuditLog.record(subject.event, id, detail: "asked for", in: tx)
        }
        // This one, or the one that was asked for before.
        guard let asked = try await list(subject, caller).first else { throw DataExportError.unknown }
        return asked
    }

    /// The newest first.
    package func list(_ subject: Subject, _ caller: Caller.Person) async throws -> [DataExport] {
        try await database.read(
            DataExportQueries.all(of: subject.tenant(caller), for: caller.userID), in: .user(caller.userID))
    }

    /// - Throws: `DataExportError`.
    package func content(
        of id: DataExport.ID, _ subject: Subject, _ caller: Caller.Person
    ) async throws -> DataExportContent {
        let query = DataExportQueries.find(id, of: subject.tenant(caller), for: caller.userID)
        let found = try await database.read(query, in: .user(caller.userID))
        guard let found else { throw DataExportError.unknown }
        guard let completed = found.completed else { throw DataExportError.pending }
        try await database.withMember(caller.userID, of: caller.tenantID) { (tx: borrowing MemberTransaction) in
            try AuditLog.record(subject.event, id, detail: "fetched", in: tx)
        }
        return try await DataExportContent(of: id, completed.bytes, for: caller.userID, from: database)
    }
}

/// The pieces of one, each read when the one before it has been taken: no transaction is open while a slow phone loads.
package struct DataExportContent: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    private let database: ConnectionPool
    private let id: DataExport.ID
    private let user: UserID
    /// In all.
    private let bytes: Int
    private let first: [UInt8]

    /// Reads the first piece, so that a database that does not answer is found before anything has been sent.
    fileprivate init(
        of id: DataExport.ID, _ bytes: Int, for user: UserID, from database: ConnectionPool
    ) async throws {
        self.database = database
        self.id = id
        self.user = user
        self.bytes = bytes
        let query = DataExportQueries.part(0, of: id, for: user)
        guard let part = try await database.read(query, in: .user(user)) else { throw DataExportError.unknown }
        first = part
    }

    package func makeAsyncIterator() -> Iterator { Iterator(content: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let content: DataExportContent
        private var number = 0, sent = 0

        fileprivate init(content: DataExportContent) { self.content = content }

        package mutating func next() async throws -> [UInt8]? {
            guard sent < content.bytes else { return nil }
            let part = number == 0 ? content.first : try await part()
            number += 1
            sent += part.count
            return part
        }

        /// - Throws: `DataExportError.unknown` where it has gone meanwhile: a document that is cut off must not look whole.
        private func part() async throws -> [UInt8] {
            try Task.checkCancellation()
            let query = DataExportQueries.part(number, of: content.id, for: content.user)
            guard let part = try await content.database.read(query, in: .user(content.user)), !part.isEmpty else {
                throw DataExportError.unknown
            }
            return part
        }
    }
}
