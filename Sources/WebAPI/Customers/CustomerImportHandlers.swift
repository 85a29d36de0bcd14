// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Admission
import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// Bringing customer files in.
package struct CustomerImportHandlers: Sendable {
    /// Of the list of rows, as `openapi.yaml` has them.
    package static var rowParameterNames: Set<String> { rowList.parameterNames }

    let imports: CustomerImportService
    let idempotency: Idempotency
    let pages: Pages
    let streams: Streams
    let gatekeeper: Gatekeeper

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.post(
            "/v1/customers/import", operation: "importCustomers", access: .customersImport,
            repeating: .byKey,
            body: .stream(maximumBytes: CustomerImportService.maximumFileBytes), begin)
        tenant.get(
            "/v1/customer-imports/{import_id}", operation: "getCustomerImport", access: .customersImport,
            get)
        tenant.get(
            "/v1/customer-imports/{import_id}/events", operation: "watchCustomerImport",
            access: .customersImport, watch)
        tenant.get(
            "/v1/customer-imports/{import_id}/rows", operation: "listCustomerImportRows",
            access: .customersImport, rows)
        tenant.get(
            "/v1/customer-imports/{import_id}/rejected", operation: "downloadRejectedRows", access: .customersImport,
            rejected)
        tenant.post(
            "/v1/customer-imports/{import_id}/run", operation: "runCustomerImport", access: .customersImport,
            repeating: .byKey, runAgain)
        tenant.post(
            "/v1/customer-imports/{import_id}/undo", operation: "undoCustomerImport", access: .customersImport,
            repeating: .harmless, body: .nothing, undo)
    }

    func begin(_ request: Request, _ context: TenantContext) async throws -> Response {
        let choices = try ImportInput.choices(request)
        try await gatekeeper.admitImport(context.caller, request)
        guard case .stream(let stream) = request.body else { throw BodyStream.Interrupted() }
        // What is asked is known once all of it has come.
        let write = Lock(try idempotency.write(request, by: context.caller))
        return try await imports.begin(choices, for: context.caller) {
            let piece = try await stream.next()
            if let piece { write.with { $0?.fingerprint.add(piece) } }
            return piece
        } around: { tx, start in
            try write.with { $0 }.once(in: tx) { Self.accepted(try start()) }
        }
    }

    private static func accepted(_ found: CustomerImport) -> Response {
        return Response.json(CustomerImportOutput(found: found), status: .accepted).located(
            at: "/v1/customer-imports/\(found.id)")
    }

    /// The file that was brought, in another way or in earnest.
    func runAgain(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        let (choices, targets) = try request.json(ImportInput.self).checked()
        try await gatekeeper.admitImport(context.caller, request)
        let write = try idempotency.write(request, by: context.caller)
        return try await imports.runAgain(id, choices, targets: targets, for: context.caller) { tx, start in
            try write.once(in: tx) { Self.accepted(try start()) }
        }
    }

    func undo(_ request: Request, _ context: TenantContext) async throws -> Response {
        Self.accepted(try await imports.undo(id(request), for: context.caller))
    }

    /// What was refused, to be put right and brought again.
    func rejected(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        _ = try request.query()
        var fields: ResponseFields = [.contentType: "text/csv; charset=utf-8"]
        fields.append(.contentDisposition, "attachment; filename=\"rejected.csv\"")
        return try await streams.response(fields, for: context.caller) {
            try await imports.refused(of: id, for: context.caller)
        }
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        .json(CustomerImportOutput(found: try await imports.find(id(request), for: context.caller)))
    }

    /// Its state whenever that changes, as Server-Sent Events, until it has ended.
    func watch(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        return try await streams.response(EventStream.fields, for: context.caller) {
            let progress = try await imports.watch(id, for: context.caller, until: streams.mustStop)
            return progress.map { element -> [UInt8] in
                switch element {
                case .state(let found): EventStream.event("state", CustomerImportOutput(found: found).jsonBytes)
                case .quiet: EventStream.quiet
                }
            }
        }
    }

    private static let rowList = ListShape<CustomerImport.Verdict?>(
        "customer_import_rows",
        fields: [
            ListField("verdict", [.equal]) { filter, _, values, pointer throws(FieldError) in
                guard let verdict = CustomerImport.Verdict(rawValue: values[0]) else {
                    throw FieldError(pointer, "invalid_value", "One of created, updated, skipped, rejected.")
                }
                filter = verdict
            }
        ], expansions: ["customer"])

    func rows(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        var list = try Self.rowList.read(request, nil, for: context.caller)
        list.scope.add(id.uuid)
        let after = try pages.position(list.query, list.scope).map { bytes in bytes.reduce(0) { $0 << 8 | Int($1) } }
        let found = try await imports.rows(
            of: id, verdict: list.filter, after: after ?? 0, limit: list.limit,
            withCustomers: list.expansions.contains("customer"), for: context.caller)
        let next =
            found.hasMore
            ? found.rows.last.map { row in
                stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: row.number >> $0) }
            } : nil
        return pages.response(next: next, list.scope, request, count: found.rows.count) { json in
            for row in found.rows {
                json.object { json in
                    json.member("row", row.number)
                    json.member("verdict", row.verdict.rawValue)
                    json.member("customer_id", row.customerID?.description)
                    json.member("code", row.reason?.code)
                    json.member("detail", row.reason?.detail)
                    if let customer = row.customerID.flatMap({ found.customers[$0] }) {
                        json.member("customer") { CustomerOutput.write(customer, to: &$0) }
                    }
                }
            }
        }
    }

    private func id(_ request: Request) throws -> CustomerImport.ID {
        guard let id = CustomerImport.ID(request.parameter("import_id")) else { throw CustomerImportError.unknown }
        return id
    }
}

/// `{"id": "imp_…", "state": "running", "percent_done": 40, "rows_done": 4000, …}`
private struct CustomerImportOutput: JSONWritable {
    let found: CustomerImport

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", found.id)
            json.member("state", found.state.rawValue)
            json.member("percent_done", found.percentDone)
            json.member("file_bytes", found.fileBytes)
            json.member("rows_done", found.rows.done)
            json.member("rows_created", found.rows.created)
            json.member("rows_updated", found.rows.updated)
            json.member("rows_skipped", found.rows.skipped)
            json.member("rows_rejected", found.rows.rejected)
            if found.state == .undoing || found.state == .undone {
                json.member("customers_undone", found.rows.undone)
                json.member("customers_kept", found.rows.kept)
            }
            json.member("format", found.choices.format.rawValue)
            json.member("encoding", found.choices.encoding?.rawValue)
            json.member("separator", found.choices.separator?.rawValue)
            json.member("policy", found.choices.policy.rawValue)
            json.member("dry_run", found.choices.isTrial)
            json.member("source_id", found.choices.source?.description)
            json.member("columns") { json in
                json.array { json in
                    for column in found.choices.mapping?.columns ?? [] {
                        json.object { json in
                            json.member("name", column.name)
                            json.member("target", column.target?.rawValue)
                        }
                    }
                }
            }
            json.member("ignored_columns", found.choices.mapping?.ignoredColumns ?? [])
            if let failure = found.failure {
                json.member("failure") { json in
                    json.object { json in
                        json.member("code", failure.code)
                        json.member("detail", failure.detail)
                    }
                }
            }
            json.member("created_at", found.createdAt)
            json.member("updated_at", found.updatedAt)
        }
    }
}
