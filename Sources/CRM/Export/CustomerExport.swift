// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A business's whole customer book as one CSV file, in pieces, the longest-known customer first.
///
/// Each piece is a page read in a transaction of its own when the one before it has been taken, so a book of any size needs
/// the memory of a page, and no transaction is open while a slow phone loads. Customers are found by their id, which never
/// changes: everyone who is there from beginning to end is in the file exactly once.
package struct CustomerExport: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    static let columns = ["name", "phone", "email", "stage", "tags", "notes", "created_at"]
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
    private let first: Page

    /// Reads the first page, so that a database that does not answer is found before anything has been sent.
    init(of tenant: TenantID, from database: ConnectionPool) async throws {
        self.database = database
        self.tenant = tenant
        first = try await database.browse(
            CustomerQueries.exportPage(after: nil, limit: Self.rowsPerPage.lowerBound, of: tenant), in: .tenant(tenant))
    }

    private func page(after last: Customer.ID, limit: Int) async throws -> Page {
        try await database.browse(
            CustomerQueries.exportPage(after: last, limit: limit, of: tenant), in: .tenant(tenant))
    }

    package func makeAsyncIterator() -> Iterator { Iterator(export: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let export: CustomerExport
        private enum Next { case header, page(Page), after(Customer.ID, limit: Int), end }
        private var next = Next.header

        fileprivate init(export: CustomerExport) { self.export = export }

        package mutating func next() async throws -> [UInt8]? {
            switch next {
            case .header:
                next = .page(export.first)
                return CustomerExport.header
            case .page(let page): return take(page)
            case .after(let last, let limit):
                try Task.checkCancellation()
                return take(try await export.page(after: last, limit: limit))
            case .end: return nil
            }
        }

        private mutating func take(_ page: Page) -> [UInt8]? {
            next = page.last.map { .after($0, limit: page.nextLimit) } ?? .end
            return page.bytes.isEmpty ? nil : page.bytes
        }
    }

    private static var header: [UInt8] {
        var csv = CSVWriter()
        for column in columns { csv.cell(column) }
        csv.endRow()
        return CSVWriter.byteOrderMark + csv.bytes
    }
}

extension CustomerQueries {
    /// Customers in the order in which they were added, as rows of the file.
    static func exportPage(after: Customer.ID?, limit: Int, of tenant: TenantID) -> Query<CustomerExport.Page> {
        let statement: Statement = """
            SELECT id, name, phone, email, stage, tags, notes, created_at FROM app.customers
            WHERE tenant_id = \(tenant) AND id > \(after?.uuid ?? .least) ORDER BY id LIMIT \(limit)
            """
        return .rows(statement) { rows in
            var csv = CSVWriter(capacity: rows.count * 192)
            var last: Customer.ID?
            try rows.forEach { row in
                last = try row.decode("id")
                for column in ["name", "phone", "email", "stage"] as [StaticString] {
                    if let text = unsafe try row.utf8(column) { unsafe csv.cell(text.span) } else { csv.cell("") }
                }
                csv.cell((try row.decode("tags") as TextArray).elements.joined(separator: ";"))
                csv.cell(try row.decodeIfPresent("notes") ?? "")
                csv.cell((try row.decode("created_at") as Instant).description)
                csv.endRow()
            }
            return CustomerExport.Page(bytes: csv.bytes, rows: rows.count, last: rows.count == limit ? last : nil)
        }
    }
}
