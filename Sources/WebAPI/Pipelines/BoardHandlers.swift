// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// A pipeline with its cards.
struct BoardHandlers: Sendable {
    let boards: BoardService
    let pages: Pages

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/pipelines/{pipeline_id}/board", operation: "getBoard", access: .customersRead, get)
        tenant.get(
            "/v1/pipelines/{pipeline_id}/stages/{stage_id}/deals", operation: "listStageDeals", access: .customersRead,
            column)
    }

    private static let columnList = ListShape<Void>("stage_deals", fields: [])

    /// `{"pipeline": {…}, "columns": [{"stage": {…}, "count": 3, "value_paise": 125000, "deals": [{…}, …], "has_more": false}, …]}`;
    /// where there is more, `next_cursor` is for the list of that stage's deals.
    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        _ = try request.query()
        let board = try await boards.read(pipelineID(request), for: context.caller)
        var json = JSONWriter(capacity: 16_384)
        json.object { json in
            json.member("pipeline") { PipelineOutput.write(board.pipeline, to: &$0) }
            json.member("columns") { json in
                json.array { json in
                    for column in board.columns {
                        let scope = Self.scope(of: column.stage.id, context.caller)
                        let cursor = column.next.map { pages.seal.seal($0.bytes, scope: scope) }
                        json.object { json in
                            json.member("stage") { PipelineOutput.write(column.stage, to: &$0) }
                            json.member("count", column.count)
                            json.member("value_paise", column.valuePaise)
                            json.member("deals") { json in
                                json.array { json in for deal in column.cards { DealOutput.write(deal, to: &json) } }
                            }
                            json.member("has_more", cursor != nil)
                            json.member("next_cursor", cursor)
                        }
                    }
                }
            }
        }
        return .json(bytes: json.bytes)
    }

    func column(_ request: Request, _ context: TenantContext) async throws -> Response {
        let pipeline = try pipelineID(request)
        guard let stage = Pipeline.Stage.ID(request.parameter("stage_id")) else { throw PipelineError.stageUnknown }
        let list = try Self.columnList.read(request, (), for: context.caller)
        let scope = Self.scope(of: stage, context.caller)
        let after = try pages.position(list.query, scope).map { bytes in
            guard let position = DealPosition(bytes: bytes) else { throw CursorSeal.Failure.mismatch }
            return position
        }
        let found = try await boards.column(
            stage, of: pipeline, after: after, limit: list.limit, for: context.caller)
        let shown = found.prefix(list.limit)
        let last = found.count > list.limit ? shown.last : nil
        return pages.response(
            next: last.map { DealPosition($0).bytes }, scope, request, count: shown.count
        ) { json in
            for deal in shown { DealOutput.write(deal, to: &json) }
        }
    }

    /// Of a cursor that a board gives as well as a page of its column.
    private static func scope(of stage: Pipeline.Stage.ID, _ caller: Caller) -> CursorScope {
        var scope = CursorScope(caller.tenantID, columnList.name)
        scope.add(stage.uuid)
        return scope
    }

    private func pipelineID(_ request: Request) throws -> Pipeline.ID {
        guard let id = Pipeline.ID(request.parameter("pipeline_id")) else { throw PipelineError.unknown }
        return id
    }
}
