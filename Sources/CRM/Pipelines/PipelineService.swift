// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// The boards of a business and their columns.
package struct PipelineService: Sendable {
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// In the order in which the business wants to see them.
    package func all(for caller: Caller) async throws -> [Pipeline] {
        try await database.browse(PipelineQueries.all(of: caller.tenantID), in: .tenant(caller.tenantID))
    }

    /// - Throws: `PipelineError.unknown`.
    package func find(_ id: Pipeline.ID, for caller: Caller) async throws -> Pipeline {
        let found = try await database.browse(
            PipelineQueries.find(id, of: caller.tenantID), in: .tenant(caller.tenantID))
        guard let pipeline = found.first else { throw PipelineError.unknown }
        return pipeline
    }

    /// What a pipeline is made of.
    package struct Draft: Sendable {
        package let name: String
        package let template: String?
        /// At least one.
        package let stages: [(name: String, kind: Pipeline.Stage.Kind)]
        /// Behind all others when nil.
        package let position: Int?

        package init(
            name: String, stages: [(name: String, kind: Pipeline.Stage.Kind)], template: String? = nil, position: Int?
        ) {
            self.name = name
            self.stages = stages
            self.template = template
            self.position = position
        }

        /// A ready one, with another name where one is given.
        package init(_ ready: ReadyPipeline, in language: Language, name: String?, position: Int?) {
            self.init(
                name: name ?? ready.name(in: language), stages: ready.stages.map { ($0.name(in: language), $0.kind) },
                template: ready.key, position: position)
        }
    }

    /// - Parameter around: is given what adds it, to be called once at most, in the same transaction.
    /// - Throws: `PipelineError.tooMany`, and what `around` throws; then nothing is added.
    package func create<Output: Sendable>(
        _ draft: Draft, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> Pipeline) throws -> Output
    ) async throws -> Output {
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                try TenantQueries.lock(in: tx)
                let others = try tx.run(PipelineQueries.all(of: tx.tenantID))
                guard others.count < Pipeline.maximumPerBusiness else { throw PipelineError.tooMany }
                let pipeline = Pipeline(
                    id: .next(), name: draft.name, template: draft.template,
                    position: draft.position ?? (others.map(\.position).max() ?? 0) + 1,
                    stages: draft.stages.map { Pipeline.Stage(id: .next(), name: $0.name, kind: $0.kind) }, version: 1)
                try PipelineQueries.insert(pipeline, in: tx)
                return pipeline
            }
        }
    }

    /// What a pipeline is to become.
    package struct Change: Sendable {
        package var pipeline: Pipeline
        /// Where the deals of stages go that are not in it any more.
        package var destinations: [Pipeline.Stage.ID: Pipeline.Stage.ID] = [:]

        package init(_ pipeline: Pipeline) { self.pipeline = pipeline }
    }

    /// Changes a pipeline if nobody else has since `version`: its name, and its stages all at once. A stage that is not in it any more
    /// goes, and its deals go to another of the same kind, to the end of that column.
    /// - Parameters:
    ///   - version: nil to change whatever is there.
    ///   - change: applied to it as it is.
    /// - Throws: `PipelineError`, what `change` throws.
    package func update(
        _ id: Pipeline.ID, version: Int?, for caller: Caller,
        _ change: @Sendable @escaping (Pipeline) throws -> Change
    ) async throws -> Pipeline {
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let old = try PipelineQueries.lock(id, in: tx) else { throw PipelineError.unknown }
            guard version == nil || version == old.version else { throw PipelineError.changed }
            let change = try change(old), pipeline = change.pipeline
            guard pipeline != old else { return old }
            try PipelineQueries.update(pipeline, in: tx)
            if pipeline.stages != old.stages {
                let kept = Dictionary(uniqueKeysWithValues: pipeline.stages.map { ($0.id, $0) })
                let removed = old.stages.filter { kept[$0.id] == nil }
                for stage in removed {
                    try Self.empty(
                        stage, into: change.destinations[stage.id].flatMap { kept[$0] }, of: id, caller, in: tx)
                }
                try PipelineQueries.delete(removed.map(\.id), in: tx)
                try PipelineQueries.put(pipeline.stages, of: id, in: tx)
            }
            guard let written = try tx.run(PipelineQueries.find(id, of: tx.tenantID)).first else {
                throw PipelineError.unknown
            }
            return written
        }
    }

    private static let maximumMovedAtOnce = 10_000

    private static func empty(
        _ stage: Pipeline.Stage, into target: Pipeline.Stage?, of pipeline: Pipeline.ID, _ caller: Caller,
        in tx: borrowing TenantTransaction
    ) throws {
        let deals = try DealQueries.lock(allOf: stage.id, limit: maximumMovedAtOnce + 1, in: tx)
        guard !deals.isEmpty else { return }
        guard let target, target.kind == stage.kind else { throw PipelineError.stageNotEmpty(stage.id) }
        guard deals.count <= maximumMovedAtOnce else { throw PipelineError.tooManyDeals(stage.id) }
        try DealQueries.append(deals.map(\.id), to: target.id, in: tx)
        try DealMoves.insert(
            deals.map { (deal: $0.id, from: stage.id, valuePaise: $0.valuePaise) }, to: target, of: pipeline,
            by: caller.auditActor, in: tx)
    }

    /// - Throws: `PipelineError.unknown`, `.changed`, `.notEmpty`.
    package func delete(_ id: Pipeline.ID, version: Int?, for caller: Caller) async throws {
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let pipeline = try PipelineQueries.lock(id, in: tx) else { throw PipelineError.unknown }
            guard version == nil || version == pipeline.version else { throw PipelineError.changed }
            guard try DealQueries.isEmpty(id, in: tx) else { throw PipelineError.notEmpty }
            try PipelineQueries.delete(pipeline.stages.map(\.id), in: tx)
            try PipelineQueries.delete(id, in: tx)
        }
    }
}
