// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

// Who belongs to a segment, and how many they are: one statement each, with the same conditions. There are as many statements as
// segments, so none is kept prepared.
extension SegmentQueries {
    /// The newest first.
    /// - Parameters:
    ///   - user: only those whom this person looks after; anybody's when nil.
    ///   - after: only those behind this one.
    static func page<Output: Sendable>(
        of filter: SegmentFilter, visibleTo user: UserID?, after: Customer.ID?, limit: Int, isDetailed: Bool,
        at now: Instant, of tenant: TenantID, _ read: @escaping @Sendable (borrowing Rows) throws -> Output
    ) -> Query<Output> {
        var statement: Statement = "SELECT \(isDetailed ? CustomerRow.columns : CustomerRow.listed)"
        statement += members(of: filter, visibleTo: user, at: now, of: tenant)
        statement += " AND id < \(after?.uuid ?? .greatest) ORDER BY id DESC LIMIT \(limit)"
        statement.isPrepared = false
        return Query.rows(statement, read)
    }

    /// Their ids alone, in the same order.
    static func ids(
        of filter: SegmentFilter, visibleTo user: UserID?, after: Customer.ID?, limit: Int, at now: Instant,
        of tenant: TenantID
    ) -> Query<[Customer.ID]> {
        var statement: Statement = "SELECT id"
        statement += members(of: filter, visibleTo: user, at: now, of: tenant)
        statement += " AND id < \(after?.uuid ?? .greatest) ORDER BY id DESC LIMIT \(limit)"
        statement.isPrepared = false
        return .all(statement) { row in try row.decode("id") }
    }

    static func count(
        _ filter: SegmentFilter, visibleTo user: UserID?, at now: Instant, of tenant: TenantID
    ) -> Query<Int> {
        var statement: Statement = "SELECT count(*) AS customers"
        statement += members(of: filter, visibleTo: user, at: now, of: tenant)
        statement.isPrepared = false
        return .one(statement) { row in try row.decode("customers") }
    }

    /// Also how many of them could be written to, on each channel for each purpose.
    static func counts(
        _ filter: SegmentFilter, visibleTo user: UserID?, at now: Instant, of tenant: TenantID
    ) -> Query<SegmentCounts> {
        var statement: Statement = "SELECT count(*) AS customers, ARRAY["
        for (index, way) in SegmentCounts.ways.enumerated() {
            let isReachable = ConsentQueries.isReachable(on: way.channel, for: way.purpose, at: now, of: tenant)
            statement += index > 0 ? ", " : ""
            statement += "count(*) FILTER (WHERE true\(isReachable))"
        }
        statement += "]::text[] AS reachable"
        statement += members(of: filter, visibleTo: user, at: now, of: tenant)
        statement.isPrepared = false
        return .one(statement) { row in
            let reachable = (try row.decode("reachable") as TextArray).elements.compactMap { Int($0) }
            guard let counts = SegmentCounts(try row.decode("customers"), reachable: reachable) else {
                throw DatabaseError.decoding(column: "reachable")
            }
            return counts
        }
    }

    private static func members(
        of filter: SegmentFilter, visibleTo user: UserID?, at now: Instant, of tenant: TenantID
    ) -> Statement {
        var statement: Statement = " FROM app.customers WHERE tenant_id = \(tenant) AND deleted_at IS NULL"
        if let user { statement += " AND \(CustomerConditions.owner(user))" }
        statement += filter.conditions(at: now, of: tenant)
        return statement
    }
}

/// How many customers belong to a segment, and how many of them could be written to.
package struct SegmentCounts: Sendable, Equatable {
    package let customers: Int
    private let reachable: [Int]

    /// In the order in which they are counted.
    static let ways = ConsentChannel.allCases.flatMap { channel in
        ConsentPurpose.allCases.map { purpose in (channel: channel, purpose: purpose) }
    }

    /// Nil unless there is one number for each of ``ways``.
    init?(_ customers: Int, reachable: [Int]) {
        guard reachable.count == Self.ways.count else { return nil }
        self.customers = customers
        self.reachable = reachable
    }

    /// Who may be sent something for this purpose on this channel, at some hour of the day.
    package func reachable(on channel: ConsentChannel, for purpose: ConsentPurpose) -> Int {
        Self.ways.firstIndex { $0.channel == channel && $0.purpose == purpose }.map { reachable[$0] } ?? 0
    }
}
