// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// Orders and enquiries on their way. Whoever sees their own customers alone sees what they look after, and what is of those.
package struct DealService: Sendable {
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    // MARK: - Reading

    /// - Returns: up to one more than `limit`, which says that there is more; the newest first.
    package func page(_ filter: DealFilter, before: Deal.ID?, limit: Int, for caller: Caller) async throws -> [Deal] {
        var filter = filter
        filter.visibleTo = caller.seesCustomersOf
        return try await database.browse(
            DealQueries.page(filter, before: before, limit: limit + 1, of: caller.tenantID),
            in: .tenant(caller.tenantID))
    }

    /// - Throws: `DealError.unknown`.
    package func find(_ id: Deal.ID, for caller: Caller) async throws -> Deal {
        let found = try await database.browse(
            DealQueries.find(id, of: caller.tenantID, visibleTo: caller.seesCustomersOf), in: .tenant(caller.tenantID))
        guard let found else { throw DealError.unknown }
        return found
    }

    // MARK: - Writing

    /// What is to be added, and where.
    package struct Draft: Sendable {
        package let fields: DealFields
        package let pipeline: Pipeline.ID
        /// The first where deals are under way when nil.
        package let stage: Pipeline.Stage.ID?
        package let end: DealEnd

        package init(fields: DealFields, pipeline: Pipeline.ID, stage: Pipeline.Stage.ID?, end: DealEnd) {
            self.fields = fields
            self.pipeline = pipeline
            self.stage = stage
            self.end = end
        }
    }

    /// Adds a deal on top of its column.
    /// - Parameter around: is given what adds it, to be called once at most, in the same transaction.
    /// - Throws: `PipelineError.unknown`, `.stageUnknown`, `DealError`, `CustomerError.unknown`, and what `around` throws; then nothing
    ///   is added.
    package func create<Output: Sendable>(
        _ draft: Draft, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> Deal) throws -> Output
    ) async throws -> Output {
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                let fields = try Self.checked(draft.fields, from: nil, caller, in: tx)
                let column = try Self.column(for: draft, in: tx), id = Deal.ID.next()
                let end = try draft.end.checked(in: column.stage.kind, after: nil)
                let position = try DealPlacement.position(
                    of: id, in: column.stage.id, at: .top, beside: nil, in: tx)
                try DealQueries.insert(id, fields, at: position, in: column, end, in: tx)
                try DealMoves.insert(
                    [(deal: id, from: nil, valuePaise: fields.valuePaise)], to: column.stage, of: column.pipeline,
                    by: caller.auditActor, in: tx)
                return try Self.written(id, in: tx)
            }
        }
    }

    private static func column(for draft: Draft, in tx: borrowing TenantTransaction) throws -> PipelineQueries.Column {
        guard let pipeline = try tx.run(PipelineQueries.find(draft.pipeline, of: tx.tenantID)).first else {
            throw PipelineError.unknown
        }
        let first = pipeline.stages.first { $0.kind == .open } ?? pipeline.stages.first
        guard let stage = draft.stage ?? first?.id,
            let column = try PipelineQueries.lock([stage], in: tx).first, column.pipeline == pipeline.id
        else { throw PipelineError.stageUnknown }
        return column
    }

    /// What a deal is to become.
    package struct Change: Sendable {
        package var fields: DealFields
        package var end: DealEnd

        package init(_ deal: Deal) {
            fields = deal.fields
            end = DealEnd(lostReason: deal.closing?.lostReason, wonNote: deal.closing?.wonNote)
        }
    }

    /// Changes a deal, where it stands, if nobody else has since `version`.
    /// - Parameters:
    ///   - version: nil to change whatever is there.
    ///   - change: applied to it as it is.
    /// - Throws: `DealError`, `CustomerError.unknown`, what `change` throws.
    package func update(
        _ id: Deal.ID, version: Int?, for caller: Caller, _ change: @Sendable @escaping (Deal) throws -> Change
    ) async throws -> Deal {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let deal = try DealQueries.lock(id, visibleTo: visibleTo, in: tx) else { throw DealError.unknown }
            guard version == nil || version == deal.version else { throw DealError.changed }
            let old = Change(deal), change = try change(deal)
            let fields = try Self.checked(change.fields, from: deal.fields, caller, in: tx)
            let end = try change.end.checked(in: deal.state, after: nil)
            guard fields != old.fields || end != old.end else { return deal }
            try DealQueries.update(id, from: deal.fields, to: fields, end, in: tx)
            return try Self.written(id, in: tx)
        }
    }

    /// Takes it off the board, with when it went where.
    /// - Throws: `DealError.unknown`, `.changed`.
    package func delete(_ id: Deal.ID, version: Int?, for caller: Caller) async throws {
        let visibleTo = caller.seesCustomersOf
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let deal = try DealQueries.lock(id, visibleTo: visibleTo, in: tx) else { throw DealError.unknown }
            guard version == nil || version == deal.version else { throw DealError.changed }
            try DealQueries.delete(id, in: tx)
        }
    }

    /// Puts a card where somebody has dropped it: into a column, and there beside another card, on top or at the bottom. Of several at
    /// once in one column each sees what the ones before it have done.
    /// - Throws: `DealError.unknown`, `.neighbourGone`, `.lostReasonMissing` and its like; `PipelineError.stageUnknown`.
    package func move(
        _ id: Deal.ID, to stage: Pipeline.Stage.ID, at place: DealPlace, _ end: DealEnd, for caller: Caller
    ) async throws -> Deal {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            let seen = try tx.run(DealQueries.find(id, of: tx.tenantID, visibleTo: visibleTo))
            guard let seen else { throw DealError.unknown }
            // First the columns and then the card, in that order always.
            let columns = try PipelineQueries.lock([seen.stage, stage], in: tx)
            guard let column = columns.first(where: { $0.stage.id == stage }) else { throw PipelineError.stageUnknown }
            guard let deal = try DealQueries.lock(id, visibleTo: visibleTo, in: tx) else { throw DealError.unknown }
            let end = try end.checked(in: column.stage.kind, after: deal)
            let neighbour = try Self.neighbour(place, in: stage, visibleTo, in: tx)
            let position = try DealPlacement.position(of: id, in: stage, at: place, beside: neighbour, in: tx)
            guard deal.stage != stage else {
                try DealQueries.put(id, at: position, in: tx)
                if end != Change(deal).end {
                    try DealQueries.update(id, from: deal.fields, to: deal.fields, end, in: tx)
                }
                return try Self.written(id, in: tx)
            }
            try DealQueries.put(id, at: position, in: column, end, in: tx)
            try DealMoves.insert(
                [(deal: id, from: deal.stage, valuePaise: deal.fields.valuePaise)], to: column.stage,
                of: column.pipeline, by: caller.auditActor, in: tx)
            return try Self.written(id, in: tx)
        }
    }

    /// The card beside which another is to stand, as it stands now that nobody moves it.
    private static func neighbour(
        _ place: DealPlace, in stage: Pipeline.Stage.ID, _ visibleTo: UserID?, in tx: borrowing TenantTransaction
    ) throws -> Deal? {
        switch place {
        case .top, .bottom: return nil
        case .before(let id), .after(let id):
            let deal = try tx.run(DealQueries.find(id, of: tx.tenantID, visibleTo: visibleTo))
            guard let deal, deal.stage == stage else { throw DealError.neighbourGone }
            return deal
        }
    }

    // MARK: - Steps of these

    private static func written(_ id: Deal.ID, in tx: borrowing TenantTransaction) throws -> Deal {
        guard let deal = try tx.run(DealQueries.find(id, of: tx.tenantID, visibleTo: nil)) else {
            throw DealError.unknown
        }
        return deal
    }

    /// Whose it is is there, whoever is to look after it works here, and whoever sees their own customers alone goes on seeing it.
    private static func checked(
        _ fields: DealFields, from old: DealFields?, _ caller: Caller, in tx: borrowing TenantTransaction
    ) throws -> DealFields {
        var fields = fields
        let visibleTo = caller.seesCustomersOf, isSeenAnyway = visibleTo == nil || fields.owner == visibleTo
        let customer = try CustomerLink.checked(
            fields.customer, from: old?.customer, isSeenAnyway: isSeenAnyway, visibleTo: visibleTo, in: tx)
        fields.customer = customer.id
        guard isSeenAnyway || customer.isSeen else { throw DealError.ownerHidden }
        if let owner = fields.owner, owner != old?.owner {
            guard try CustomerQueries.isMember(owner, in: tx) else { throw DealError.ownerUnknown }
        }
        return fields
    }
}

extension DealEnd {
    /// What is kept of a deal in a stage of this kind.
    /// - Parameter deal: as it was, whose reason or note stays when it stays won or lost; nil where all is said anew.
    fileprivate func checked(in kind: Pipeline.Stage.Kind, after deal: Deal?) throws(DealError) -> DealEnd {
        guard kind == .lost || lostReason == nil else { throw .lostReasonUnasked }
        guard kind == .won || wonNote == nil else { throw .wonNoteUnasked }
        let kept = deal?.state == kind ? deal?.closing : nil
        let end = DealEnd(lostReason: lostReason ?? kept?.lostReason, wonNote: wonNote ?? kept?.wonNote)
        guard kind != .lost || end.lostReason != nil else { throw .lostReasonMissing }
        return end
    }
}
