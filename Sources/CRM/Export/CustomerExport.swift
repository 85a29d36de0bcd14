// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A business's whole customer book as one file, in pieces, the longest-known customer first.
///
/// Each piece is a page read in a transaction of its own when the one before it has been taken, so a book of any size needs
/// the memory of a page, and no transaction is open while a slow phone loads. Customers are found by their id, which never
/// changes: everyone who is there from beginning to end is in the file exactly once, as they were when their page was read.
package struct CustomerExport: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    /// Customers may have a few bytes or ten thousand: after each page the next one's rows are counted so that it has about
    /// so many bytes.
    private static let bytesPerPage = 65_536, rowsPerPage = 10...500

    /// What one page holds.
    struct Page: Sendable {
        let bytes: [UInt8]
        let rows: Int
        /// The last customer on it; nil when there is no page behind it.
        let last: Customer.ID?

        /// How many rows make a page if they go on like this.
        var nextLimit: Int {
            let fitting = rows * CustomerExport.bytesPerPage / Swift.max(1, bytes.count)
            return Swift.min(Swift.max(fitting, rowsPerPage.lowerBound), rowsPerPage.upperBound)
        }
    }

    private let database: ConnectionPool
    private let tenant: TenantID
    private let file: any CustomerFile
    private let user: UserID?
    private let first: Page

    /// Reads the first page, so that a database that does not answer is found before anything has been sent.
    /// - Parameter visibleTo: only whom this person looks after; everybody when nil.
    init(_ file: any CustomerFile, of tenant: TenantID, visibleTo user: UserID?, from database: ConnectionPool)
        async throws
    {
        self.database = database
        self.tenant = tenant
        self.file = file
        self.user = user
        first = try await database.browse(
            CustomerQueries.exportPage(
                file, after: nil, limit: Self.rowsPerPage.lowerBound, of: tenant, visibleTo: user),
            in: .tenant(tenant))
    }

    private func page(after last: Customer.ID, limit: Int) async throws -> Page {
        try await database.browse(
            CustomerQueries.exportPage(file, after: last, limit: limit, of: tenant, visibleTo: user),
            in: .tenant(tenant))
    }

    package func makeAsyncIterator() -> Iterator { Iterator(export: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let export: CustomerExport
        private enum Next { case head, first, after(Customer.ID, limit: Int), tail, end }
        private var next = Next.head

        fileprivate init(export: CustomerExport) { self.export = export }

        /// A piece without anything in it is passed over.
        package mutating func next() async throws -> [UInt8]? {
            while true {
                let piece: [UInt8]
                switch next {
                case .head:
                    next = .first
                    piece = export.file.head
                case .first: piece = take(export.first)
                case .after(let last, let limit):
                    try Task.checkCancellation()
                    let page = take(try await export.page(after: last, limit: limit))
                    piece = page.isEmpty ? [] : export.file.between + page
                case .tail:
                    next = .end
                    piece = export.file.tail
                case .end: return nil
                }
                if !piece.isEmpty { return piece }
            }
        }

        private mutating func take(_ page: Page) -> [UInt8] {
            next = page.last.map { .after($0, limit: page.nextLimit) } ?? .tail
            return page.bytes
        }
    }
}

extension CustomerQueries {
    /// Customers who were not deleted, in the order in which they were added, as a piece of a file.
    static func exportPage(
        _ file: any CustomerFile, after: Customer.ID?, limit: Int, of tenant: TenantID, visibleTo user: UserID?
    ) -> Query<CustomerExport.Page> {
        let columns = file.hasCustomFields ? CustomerRow.columns : CustomerRow.plainColumns
        let statement: Statement = """
            SELECT \(columns) FROM app.customers
            WHERE tenant_id = \(tenant) AND id > \(after?.uuid ?? .least) AND deleted_at IS NULL AND \(isVisible(to: user))
            ORDER BY id LIMIT \(limit)
            """
        return .rows(statement) { rows in
            guard rows.count > 0 else { return CustomerExport.Page(bytes: [], rows: 0, last: nil) }
            let last: Customer.ID = try rows.at(rows.count - 1) { row in try row.decode("id") }
            return try CustomerExport.Page(
                bytes: file.write(rows), rows: rows.count, last: rows.count == limit ? last : nil)
        }
    }
}
