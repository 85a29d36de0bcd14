// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// One statement and how its rows are read: what ``ConnectionPool/read(_:in:)`` and ``ConnectionPool/write(_:in:)`` run as
/// a transaction of its own, in one round trip.
package struct Query<Output: Sendable>: Sendable {
    let statement: Statement
    let read: @Sendable (borrowing QueryResult) throws -> Output
    /// Takes well under a millisecond whatever a tenant's size: it finds its rows by a key. Such reads may be sent one
    /// behind the other on one connection.
    private(set) var isQuick = false
    /// Longest run of the statement, where it is not the role's own (`docker/roles.sql`).
    private(set) var timeout: Duration?

    private init(statement: Statement, read: @escaping @Sendable (borrowing QueryResult) throws -> Output) {
        self.statement = statement
        self.read = read
    }

    /// The same, said to be quick.
    package var quick: Query {
        var query = self
        query.isQuick = true
        return query
    }

    /// The same, ended by PostgreSQL when it runs for longer. Costs a `SET LOCAL` in the same round trip.
    package func limited(to timeout: Duration) -> Query {
        var query = self
        query.timeout = timeout
        return query
    }

    /// What a closure makes of the rows, for those who need no value of each.
    package static func rows(
        _ statement: Statement, _ read: @escaping @Sendable (borrowing Rows) throws -> Output
    ) -> Query {
        Query(statement: statement) { result in try read(result.rows) }
    }

    /// Every row, decoded.
    package static func all<Element>(
        _ statement: Statement, _ decode: @escaping @Sendable (inout Row) throws -> Element
    ) -> Query where Output == [Element] {
        Query(statement: statement) { result in try result.map(decode) }
    }

    /// The first row, if there is one.
    package static func first<Element>(
        _ statement: Statement, _ decode: @escaping @Sendable (inout Row) throws -> Element
    ) -> Query where Output == Element? {
        Query(statement: statement) { result in try result.map(decode).first }
    }

    /// The only row; `DatabaseError.decoding` when there is none.
    package static func one(
        _ statement: Statement, _ decode: @escaping @Sendable (inout Row) throws -> Output
    ) -> Query {
        Query(statement: statement) { result in
            guard let output = try result.map(decode).first else { throw DatabaseError.decoding(column: "(no row)") }
            return output
        }
    }
}

extension Query where Output == Int {
    /// How many rows were inserted, updated or deleted.
    package static func count(_ statement: Statement) -> Query {
        Query(statement: statement) { result in result.affectedRows }
    }
}
