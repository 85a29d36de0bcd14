// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// The boards of a business and their columns.
struct PipelineHandlers: Sendable {
    let pipelines: PipelineService
    let idempotency: Idempotency

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/pipeline-templates", operation: "listPipelineTemplates", access: .customersRead, templates)
        tenant.get("/v1/pipelines", operation: "listPipelines", access: .customersRead, list)
        tenant.post(
            "/v1/pipelines", operation: "createPipeline", access: .pipelinesManage, repeating: .byKey, create)
        tenant.get("/v1/pipelines/{pipeline_id}", operation: "getPipeline", access: .customersRead, get)
        tenant.patch("/v1/pipelines/{pipeline_id}", operation: "updatePipeline", access: .pipelinesManage, update)
        tenant.delete("/v1/pipelines/{pipeline_id}", operation: "deletePipeline", access: .pipelinesManage, delete)
    }

    /// Those of one trade, or of all, in English where they are not written in the language that is asked for.
    func templates(_ request: Request, _ context: TenantContext) async throws -> Response {
        let query = try request.query("trade", "language")
        let trade = try query["trade"].map { text in
            guard let trade = Trade(rawValue: text) else {
                let names = Trade.allCases.map(\.rawValue).joined(separator: ", ")
                throw Request.Failure.badQuery(FieldError("/trade", "invalid_value", "One of \(names)."))
            }
            return trade
        }
        let language = try query["language"].map { text in
            try Pages.queryField { () throws(FieldError) in try CustomerFields.language(text) }
        }
        var json = JSONWriter(capacity: 8_192)
        json.object { json in
            json.member("data") { json in
                json.array { json in
                    for ready in ReadyPipeline.all where trade == nil || ready.trade == trade?.rawValue {
                        ReadyPipelineOutput.write(ready, in: language ?? .english, to: &json)
                    }
                }
            }
        }
        return .json(bytes: json.bytes)
    }

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        _ = try request.query()
        let all = try await pipelines.all(for: context.caller)
        var json = JSONWriter()
        json.object { json in
            json.member("data") { json in
                json.array { json in for pipeline in all { PipelineOutput.write(pipeline, to: &json) } }
            }
        }
        return .json(bytes: json.bytes)
    }

    func create(_ request: Request, _ context: TenantContext) async throws -> Response {
        let draft = try request.json(NewPipelineInput.self).checked()
        let write = try idempotency.write(request, by: context.caller)
        return try await pipelines.create(draft, for: context.caller) { tx, add in
            try write.once(in: tx) {
                let pipeline = try add()
                return PipelineOutput.response(pipeline, status: .created).located(at: "/v1/pipelines/\(pipeline.id)")
            }
        }
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        let pipeline = try await pipelines.find(id(request), for: context.caller)
        return PipelineOutput.response(pipeline).ofVersion(pipeline.version, to: request)
    }

    func update(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        let expected = try EntityVersion.required(by: request, orElse: PipelineError.changed)
        let change = try request.json(PipelineChange.self)
        return PipelineOutput.response(
            try await pipelines.update(id, version: expected.version, for: context.caller) {
                try change.applied(to: $0)
            })
    }

    func delete(_ request: Request, _ context: TenantContext) async throws -> Response {
        let expected = try EntityVersion.expected(by: request, orElse: PipelineError.changed)
        try await pipelines.delete(id(request), version: expected?.version, for: context.caller)
        return Response(.noContent)
    }

    private func id(_ request: Request) throws -> Pipeline.ID {
        guard let id = Pipeline.ID(request.parameter("pipeline_id")) else { throw PipelineError.unknown }
        return id
    }
}
