// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum PipelineQueries {
    // MARK: - Reading

    /// All of a business with their stages, as they stand. Each has a stage.
    static func all(of tenant: TenantID) -> Query<[Pipeline]> { joined(" ", of: tenant) }

    static func find(_ id: Pipeline.ID, of tenant: TenantID) -> Query<[Pipeline]> {
        joined(" AND p.id = \(id) ", of: tenant)
    }

    private static func joined(_ condition: Statement, of tenant: TenantID) -> Query<[Pipeline]> {
        .rows(
            """
            SELECT p.id, p.name, p.template, p.position, p.version, g.id AS stage_id, g.name AS stage_name, g.kind
            FROM app.pipelines p JOIN app.pipeline_stages g ON g.tenant_id = \(tenant) AND g.pipeline_id = p.id
            WHERE p.tenant_id = \(tenant)\(condition)ORDER BY p.position, p.id, g.position, g.id
            """
        ) { rows in
            var pipelines: [Pipeline] = []
            try rows.forEach { row in
                let id: Pipeline.ID = try row.decode("id")
                if pipelines.last?.id != id {
                    pipelines.append(
                        try Pipeline(
                            id: id, name: row.decode("name"), template: row.decodeIfPresent("template"),
                            position: row.decode("position"), stages: [], version: row.decode("version")))
                }
                pipelines[pipelines.count - 1].stages.append(
                    try Pipeline.Stage(
                        id: row.decode("stage_id"), name: row.decode("stage_name"), kind: kind(&row)))
            }
            return pipelines
        }
    }

    private static func kind(_ row: inout Row) throws -> Pipeline.Stage.Kind {
        guard let kind = Pipeline.Stage.Kind(rawValue: try row.decode("kind")) else {
            throw DatabaseError.decoding(column: "kind")
        }
        return kind
    }

    // MARK: - Locking

    /// A pipeline and its stages, which nobody else changes until the transaction ends; nor does anybody add to them.
    static func lock(_ id: Pipeline.ID, in tx: borrowing TenantTransaction) throws -> Pipeline? {
        let isThere =
            try tx.first(
                "SELECT version FROM app.pipelines WHERE tenant_id = \(tx.tenantID) AND id = \(id) FOR UPDATE"
            ) { row in try row.decode("version") as Int } != nil
        guard isThere else { return nil }
        try tx.execute(
            """
            SELECT id FROM app.pipeline_stages WHERE tenant_id = \(tx.tenantID) AND pipeline_id = \(id) ORDER BY id FOR UPDATE
            """)
        return try tx.run(find(id, of: tx.tenantID)).first
    }

    /// A stage and the pipeline that it is of.
    typealias Column = (pipeline: Pipeline.ID, stage: Pipeline.Stage)

    /// Columns whose order nobody else changes until the transaction ends, always locked in the same order.
    static func lock(_ ids: [Pipeline.Stage.ID], in tx: borrowing TenantTransaction) throws -> [Column] {
        try tx.all(
            """
            SELECT id, pipeline_id, name, kind FROM app.pipeline_stages
            WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(UUIDArray(ids)))
            ORDER BY id FOR NO KEY UPDATE
            """
        ) { row in
            let id: Pipeline.Stage.ID = try row.decode("id"), pipeline: Pipeline.ID = try row.decode("pipeline_id")
            return (pipeline, try Pipeline.Stage(id: id, name: row.decode("name"), kind: kind(&row)))
        }
    }

    // MARK: - Writing

    static func insert(_ pipeline: Pipeline, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            INSERT INTO app.pipelines (tenant_id, id, name, template, position)
            VALUES (\(tx.tenantID), \(pipeline.id), \(pipeline.name), \(pipeline.template), \(pipeline.position))
            """)
        try put(pipeline.stages, of: pipeline.id, in: tx)
    }

    static func update(_ pipeline: Pipeline, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            UPDATE app.pipelines
            SET name = \(pipeline.name), position = \(pipeline.position), version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(pipeline.id)
            """)
    }

    /// Adds stages and changes those that are there; they stand in this order.
    static func put(
        _ stages: [Pipeline.Stage], of pipeline: Pipeline.ID, in tx: borrowing TenantTransaction
    ) throws {
        var statement: Statement = """
            INSERT INTO app.pipeline_stages (tenant_id, id, pipeline_id, name, kind, position) VALUES 
            """
        for (position, stage) in stages.enumerated() {
            statement += position > 0 ? ", " : ""
            statement +=
                "(\(tx.tenantID), \(stage.id), \(pipeline), \(stage.name), \(stage.kind.rawValue), \(position + 1))"
        }
        statement += " ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, position = excluded.position"
        statement.isPrepared = false
        try tx.execute(statement)
    }

    static func delete(_ stages: [Pipeline.Stage.ID], in tx: borrowing TenantTransaction) throws {
        guard !stages.isEmpty else { return }
        try tx.execute(
            """
            DELETE FROM app.pipeline_stages
            WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(UUIDArray(stages)))
            """)
    }

    static func delete(_ id: Pipeline.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute("DELETE FROM app.pipelines WHERE tenant_id = \(tx.tenantID) AND id = \(id)")
    }
}
