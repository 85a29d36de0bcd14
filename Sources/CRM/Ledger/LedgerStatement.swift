// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A customer's book from one day to another, in pieces: what was owed before, each entry with what was owed then, what is owed in the
/// end. Each piece is a page read in a transaction of its own when the one before it has been taken, as in ``CustomerExport``.
///
/// What is written down meanwhile is left out, so that the sums come out even.
package struct LedgerStatement: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    private static let rowsPerPage = 500

    /// What it is about.
    package struct Subject: Sendable {
        package let customer: Customer
        /// From the first entry on when nil.
        package let first: LedgerDay?
        package let last: LedgerDay
    }

    private let database: ConnectionPool
    private let tenant: TenantID
    private let subject: Subject
    private let bound: LedgerEntry.ID
    private let openingPaise: Int
    private let firstPage: [LedgerEntry]
    private let writer: any LedgerStatementWriter

    fileprivate init(
        _ subject: Subject, of tenant: TenantID, from database: ConnectionPool, before bound: LedgerEntry.ID,
        openingPaise: Int, firstPage: [LedgerEntry], writer: any LedgerStatementWriter
    ) {
        self.database = database
        self.tenant = tenant
        self.subject = subject
        self.bound = bound
        self.openingPaise = openingPaise
        self.firstPage = firstPage
        self.writer = writer
    }

    fileprivate static func page(
        of subject: Subject, after: LedgerPosition, before bound: LedgerEntry.ID, _ tenant: TenantID
    ) -> Query<[LedgerEntry]> {
        LedgerQueries.page(
            of: subject.customer.id, after: after, until: subject.last, before: bound, limit: rowsPerPage, tenant)
    }

    package func makeAsyncIterator() -> Iterator { Iterator(statement: self, balancePaise: openingPaise) }

    package struct Iterator: AsyncIteratorProtocol {
        private enum Next { case beginning, page([LedgerEntry]), after(LedgerPosition), ending, nothing }

        fileprivate let statement: LedgerStatement
        fileprivate var balancePaise: Int
        private var next = Next.beginning

        fileprivate init(statement: LedgerStatement, balancePaise: Int) {
            self.statement = statement
            self.balancePaise = balancePaise
        }

        package mutating func next() async throws -> [UInt8]? {
            switch next {
            case .beginning:
                next = statement.firstPage.isEmpty ? .ending : .page(statement.firstPage)
                return statement.writer.beginning(statement.subject, openingPaise: balancePaise)
            case .page(let entries): return try take(entries)
            case .after(let position):
                try Task.checkCancellation()
                // From where the first page came: a standby may not have all of it yet.
                let entries = try await statement.database.read(
                    LedgerStatement.page(
                        of: statement.subject, after: position, before: statement.bound, statement.tenant),
                    in: .tenant(statement.tenant))
                return try take(entries)
            case .ending:
                next = .nothing
                return statement.writer.ending(statement.subject, closingPaise: balancePaise)
            case .nothing: return nil
            }
        }

        private mutating func take(_ entries: [LedgerEntry]) throws -> [UInt8] {
            let lines = try entries.map { entry in
                balancePaise = try LedgerBalance.sum(balancePaise, entry.changePaise)
                return LedgerLine(entry: entry, balancePaise: balancePaise)
            }
            if let last = entries.last, entries.count == LedgerStatement.rowsPerPage {
                next = .after(LedgerPosition(of: last))
            } else {
                next = .ending
            }
            return statement.writer.lines(lines)
        }
    }
}

/// Gives a statement its form. What it writes is one document of UTF-8.
package protocol LedgerStatementWriter: Sendable {
    func beginning(_ subject: LedgerStatement.Subject, openingPaise: Int) -> [UInt8]
    func lines(_ lines: [LedgerLine]) -> [UInt8]
    func ending(_ subject: LedgerStatement.Subject, closingPaise: Int) -> [UInt8]
}

extension LedgerService {
    /// - Parameters:
    ///   - first: from the first entry on when nil.
    ///   - last: until today when nil.
    ///   - makeWriter: is told whose it is.
    /// - Throws: `CustomerError.unknown`, `DatabaseError`; then nothing has been made.
    package func statement(
        of id: Customer.ID, from first: LedgerDay?, to last: LedgerDay?, for caller: Caller,
        _ makeWriter: @escaping @Sendable (Customer) -> any LedgerStatementWriter
    ) async throws -> LedgerStatement {
        let bound = LedgerEntry.ID.next(), database = database
        return try await reading(id, for: caller) { customer, tx in
            let subject = LedgerStatement.Subject(customer: customer, first: first, last: last ?? .today)
            let start = first ?? LedgerDay(stored: 0)
            let opening = try tx.run(LedgerQueries.opening(of: customer.id, before: start, and: bound, tx.tenantID))
            let position = LedgerPosition(day: start.number, id: .least)
            let page = try tx.run(LedgerStatement.page(of: subject, after: position, before: bound, tx.tenantID))
            return LedgerStatement(
                subject, of: tx.tenantID, from: database, before: bound, openingPaise: opening, firstPage: page,
                writer: makeWriter(customer))
        }
    }
}
