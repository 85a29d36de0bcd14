// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// Where a card goes in a column that the transaction has locked.
///
/// Each card has a number, and cards stand in the order of these. Between two neighbours there is room for others: a card that comes
/// between them gets the number in the middle, and no other is touched. When there is none left between two, some dozens around them
/// are spread out again; where even those stand too close, more of them. (Dietz, Sleator, "Two algorithms for maintaining order in
/// a list", 1987, has the idea.)
enum DealPlacement {
    /// Between a card and one that comes above or below all others.
    static let gap = 1 << 20

    /// Cards that are spread out again stand at least so far apart; with less, more cards are taken.
    private static let narrow = 16

    /// The number of a place. What is there already makes room where there is none.
    /// - Parameters:
    ///   - deal: the card that is to stand there, in this column or not yet.
    ///   - neighbour: the card that ``DealPlace/before(_:)`` or ``DealPlace/after(_:)`` names, in this column.
    static func position(
        of deal: Deal.ID, in stage: Pipeline.Stage.ID, at place: DealPlace, beside neighbour: Deal?,
        in tx: borrowing TenantTransaction
    ) throws -> Int {
        switch (place, neighbour?.position) {
        case (.before, let right?):
            guard let left = try next(to: right, isAbove: true, in: stage, except: deal, in: tx) else {
                return right - gap
            }
            return try between(left, right, deal, in: stage, in: tx)
        case (.after, let left?):
            guard let right = try next(to: left, isAbove: false, in: stage, except: deal, in: tx) else {
                return left + gap
            }
            return try between(left, right, deal, in: stage, in: tx)
        case (.bottom, _): return (try edge(of: stage, isTop: false, in: tx) ?? 0) + gap
        default: return (try edge(of: stage, isTop: true, in: tx) ?? 0) - gap
        }
    }

    private static func between(
        _ left: Int, _ right: Int, _ deal: Deal.ID, in stage: Pipeline.Stage.ID, in tx: borrowing TenantTransaction
    ) throws -> Int {
        if right - left >= 2 { return left + (right - left) / 2 }
        var count = 64
        while true {
            if let position = try spread(count, around: left, right, deal, in: stage, in: tx) { return position }
            count *= 8
        }
    }

    /// Spreads out up to so many cards on either side, with the card between them.
    /// - Returns: the card's number; nil where they would stand too close.
    private static func spread(
        _ count: Int, around left: Int, _ right: Int, _ deal: Deal.ID, in stage: Pipeline.Stage.ID,
        in tx: borrowing TenantTransaction
    ) throws -> Int? {
        var above = try cards(count + 1, from: left, isAbove: true, in: stage, except: deal, in: tx)
        var below = try cards(count + 1, from: right, isAbove: false, in: stage, except: deal, in: tx)
        // The outermost stay where they are, unless there is nothing behind them.
        let first = above.count > count ? above.removeLast().position : nil
        let last = below.count > count ? below.removeLast().position : nil
        let moved = above.reversed().map(\.id) + [deal] + below.map(\.id)
        let start: Int, step: Int
        switch (first, last) {
        case (let first?, let last?): (start, step) = (first, (last - first) / (moved.count + 1))
        case (let first?, nil): (start, step) = (first, gap)
        case (nil, let last?): (start, step) = (last - (moved.count + 1) * gap, gap)
        case (nil, nil): (start, step) = (0, gap)
        }
        guard step >= narrow else { return nil }
        let positions = moved.indices.map { start + ($0 + 1) * step }
        // The card is put there only if it is in this column already. Said so that no index is used but that of the ids.
        try tx.execute(
            """
            UPDATE app.deals d SET position = place.position
            FROM unnest(\(UUIDArray(moved)), \(TextArray(positions.map { String($0) }))::bigint[])
                AS place (id, position)
            WHERE d.tenant_id = \(tx.tenantID) AND d.id = place.id AND d.stage_id IS NOT DISTINCT FROM \(stage)
            """)
        return positions[above.count]
    }

    // MARK: - Looking at a column

    /// The least number of a column, or the greatest; nil when nothing is there.
    static func edge(of stage: Pipeline.Stage.ID, isTop: Bool, in tx: borrowing TenantTransaction) throws -> Int? {
        var statement: Statement =
            "SELECT position FROM app.deals WHERE tenant_id = \(tx.tenantID) AND stage_id = \(stage)"
        statement += isTop ? " ORDER BY position LIMIT 1" : " ORDER BY position DESC LIMIT 1"
        return try tx.first(statement) { row in try row.decode("position") }
    }

    private static func next(
        to position: Int, isAbove: Bool, in stage: Pipeline.Stage.ID, except deal: Deal.ID,
        in tx: borrowing TenantTransaction
    ) throws -> Int? {
        let (start, overflow) = isAbove ? position.subtractingReportingOverflow(1) : position.addingReportingOverflow(1)
        guard !overflow else { return nil }
        return try cards(1, from: start, isAbove: isAbove, in: stage, except: deal, in: tx).first?.position
    }

    /// Cards from a number on, the nearest first.
    private static func cards(
        _ limit: Int, from position: Int, isAbove: Bool, in stage: Pipeline.Stage.ID, except deal: Deal.ID,
        in tx: borrowing TenantTransaction
    ) throws -> [(id: Deal.ID, position: Int)] {
        var statement: Statement = """
            SELECT id, position FROM app.deals WHERE tenant_id = \(tx.tenantID) AND stage_id = \(stage) AND id <> \(deal)
            """
        statement +=
            isAbove
            ? " AND position <= \(position) ORDER BY position DESC" : " AND position >= \(position) ORDER BY position"
        statement += " LIMIT \(limit)"
        return try tx.all(statement) { row in (try row.decode("id"), try row.decode("position")) }
    }
}
