// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

// Whoever belongs to a segment now. Most are found in some milliseconds and the most expensive in some hundred; whatever takes longer
// than anybody is kept waiting is given up.
extension SegmentService {
    private static let longest = Duration.seconds(3)

    /// One page, the newest first, as rows.
    /// - Parameters:
    ///   - limit: 1 to 100.
    ///   - read: gets up to one row more than `limit`, which says that there is more. Columns are those of ``Customer``.
    /// - Throws: `SegmentError.tooSlow`.
    package func page<Output: Sendable>(
        of filter: SegmentFilter, after: Customer.ID?, limit: Int, isDetailed: Bool, for caller: Caller,
        _ read: @escaping @Sendable (borrowing Rows) throws -> Output
    ) async throws -> Output {
        let query = SegmentQueries.page(
            of: filter, visibleTo: caller.seesCustomersOf, after: after, limit: limit + 1, isDetailed: isDetailed,
            at: .now(), of: caller.tenantID, read)
        return try await Self.inTime {
            try await database.browse(query.limited(to: Self.longest), in: .tenant(caller.tenantID))
        }
    }

    /// - Throws: `SegmentError.tooSlow`.
    package func counts(of filter: SegmentFilter, for caller: Caller, at now: Instant = .now()) async throws
        -> SegmentCounts
    {
        let query = SegmentQueries.counts(filter, visibleTo: caller.seesCustomersOf, at: now, of: caller.tenantID)
        return try await Self.inTime {
            try await database.browse(query.limited(to: Self.longest), in: .tenant(caller.tenantID))
        }
    }

    /// How many belong to each of several, nil for those that could not be counted in the time that all of them have together.
    package func sizes(of filters: [SegmentFilter], for caller: Caller) async throws -> [Int?] {
        let end = ContinuousClock.now + Self.longest
        var sizes: [Int?] = []
        for filter in filters {
            let left = end - ContinuousClock.now
            guard left > .milliseconds(1) else {
                sizes.append(nil)
                continue
            }
            let query = SegmentQueries.count(
                filter, visibleTo: caller.seesCustomersOf, at: .now(), of: caller.tenantID)
            do {
                sizes.append(
                    try await Self.inTime {
                        try await database.browse(query.limited(to: left), in: .tenant(caller.tenantID))
                    })
            } catch SegmentError.tooSlow { sizes.append(nil) }
        }
        return sizes
    }

    /// Who belongs to a segment, for whatever works through all of them, such as what sends: the newest first, and nobody twice.
    /// Whoever comes to belong to it meanwhile is met if they are behind `after` still. Before something is sent each of them is asked
    /// about (``ConsentService/permits(_:on:for:of:at:)``).
    /// - Parameters:
    ///   - user: only those whom this person looks after; anybody's when nil.
    ///   - after: the last one of those before; nil to begin.
    ///   - limit: 1 to 500.
    /// - Throws: `SegmentError.unknown`, `.tooSlow`.
    package func ids(
        of id: Segment.ID, visibleTo user: UserID?, after: Customer.ID?, limit: Int, in tenant: TenantID
    ) async throws -> [Customer.ID] {
        precondition((1...500).contains(limit), "ask in parts")
        let filter = try await find(id, of: tenant).filter
        let query = SegmentQueries.ids(
            of: filter, visibleTo: user, after: after, limit: limit, at: .now(), of: tenant)
        return try await Self.inTime {
            // Not from a standby: whoever left a moment ago is written to no more.
            try await database.read(query.limited(to: Self.longest), in: .tenant(tenant))
        }
    }

    /// PostgreSQL says that it was ended for its time (57014, query_canceled).
    private static func inTime<Output>(_ work: () async throws -> Output) async throws -> Output {
        do { return try await work() } catch DatabaseError.refused(let refusal) where refusal.sqlState == "57014" {
            throw SegmentError.tooSlow
        }
    }
}
