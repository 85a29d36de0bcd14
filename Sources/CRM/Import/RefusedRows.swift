// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// The rows of an import that were refused, as a CSV file with what is wrong with each: to be put right and brought again. Pages are
/// read one at a time, each in a transaction of its own.
package struct RefusedRows: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    private static let rowsPerPage = 200

    private let found: CustomerImport
    private let database: ConnectionPool
    private let tenant: TenantID

    init(of found: CustomerImport, from database: ConnectionPool, _ tenant: TenantID) {
        self.found = found
        self.database = database
        self.tenant = tenant
    }

    private var header: [UInt8] {
        var csv = CSVWriter()
        for column in found.choices.mapping?.columns ?? [] { csv.cell(column.name) }
        csv.cell("row")
        csv.cell("what is wrong")
        csv.endRow()
        return CSVWriter.byteOrderMark + csv.bytes
    }

    private func page(after row: Int) async throws -> (bytes: [UInt8], last: Int?) {
        let rows = try await database.browse(
            ImportQueries.rows(of: found.id, verdict: .rejected, after: row, limit: Self.rowsPerPage, of: tenant),
            in: .tenant(tenant))
        let width = found.choices.mapping?.columns.count ?? 0
        var csv = CSVWriter(capacity: rows.count * 192)
        for row in rows {
            let cells = row.cells ?? []
            // Without what a program has put around a text: it gets it again where it needs it.
            for index in 0..<width { csv.cell(index < cells.count ? ImportCell.text(cells[index]) : "") }
            csv.cell(String(row.number))
            csv.cell(row.reason?.detail ?? "")
            csv.endRow()
        }
        return (csv.bytes, rows.count == Self.rowsPerPage ? rows.last?.number : nil)
    }

    package func makeAsyncIterator() -> Iterator { Iterator(file: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let file: RefusedRows
        private enum Next { case header, after(Int), end }
        private var next = Next.header

        fileprivate init(file: RefusedRows) { self.file = file }

        package mutating func next() async throws -> [UInt8]? {
            switch next {
            case .header:
                next = .after(0)
                return file.header
            case .after(let row):
                try Task.checkCancellation()
                let page = try await file.page(after: row)
                next = page.last.map { .after($0) } ?? .end
                return page.bytes.isEmpty ? nil : page.bytes
            case .end: return nil
            }
        }
    }
}
