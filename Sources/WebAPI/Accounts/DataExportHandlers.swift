// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// All that is kept about a business or a person, to take along.
struct DataExportHandlers: Sendable {
    let exports: DataExportService
    let gatekeeper: Gatekeeper
    let streams: Streams

    func mount(on person: RouteGroup<PersonContext>) {
        let business = PersonContext.Access.permission(.businessExport)
        person.get("/v1/business/exports", operation: "listBusinessExports", access: business) { _, context in
            try await list(.business, context)
        }
        person.post(
            "/v1/business/exports", operation: "requestBusinessExport", access: business, repeating: .harmless,
            body: .nothing
        ) { request, context in try await ask(.business, request, context) }
        person.get("/v1/business/exports/{export_id}", operation: "getBusinessExport", access: business) {
            try await content(.business, $0, $1)
        }
        person.get("/v1/me/exports", operation: "listMyExports", access: .person) { _, context in
            try await list(.person, context)
        }
        person.post(
            "/v1/me/exports", operation: "requestMyExport", access: .person, repeating: .harmless,
            body: .nothing
        ) { request, context in try await ask(.person, request, context) }
        person.get("/v1/me/exports/{export_id}", operation: "getMyExport", access: .person) {
            try await content(.person, $0, $1)
        }
    }

    private func list(_ subject: DataExportService.Subject, _ context: PersonContext) async throws -> Response {
        let exports = try await exports.list(subject, context.person)
        return .json(ListOutput(elements: exports.map { DataExportOutput(export: $0) }))
    }

    private func ask(
        _ subject: DataExportService.Subject, _ request: Request, _ context: PersonContext
    ) async throws -> Response {
        try await gatekeeper.admitExport(context.caller, request)
        let export = try await exports.request(subject, context.person)
        return .json(DataExportOutput(export: export), status: .accepted)
    }

    private func content(
        _ subject: DataExportService.Subject, _ request: Request, _ context: PersonContext
    ) async throws -> Response {
        guard let id = DataExport.ID(request.parameter("export_id")) else { throw DataExportError.unknown }
        var fields: ResponseFields = [.contentType: "application/json"]
        fields.append(.contentDisposition, "attachment; filename=\"unnati.json\"")
        return try await streams.response(fields, for: context.caller) {
            try await exports.content(of: id, subject, context.person)
        }
    }
}

/// `{"id": "exp_…", "requested_at": "…", "bytes": 81234, "expires_at": "…"}`, the last two once it is there.
struct DataExportOutput: JSONWritable {
    let export: DataExport

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", export.id)
            json.member("requested_at", export.requestedAt)
            if let completed = export.completed {
                json.member("bytes", completed.bytes)
                json.member("expires_at", completed.expiresAt)
            }
        }
    }
}
