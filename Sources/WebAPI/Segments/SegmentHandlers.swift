// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Database
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// Customers of a kind that a business has given a name.
package struct SegmentHandlers: Sendable {
    let segments: SegmentService
    let customFields: CustomFieldService
    let idempotency: Idempotency
    let pages: Pages

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/segments", operation: "listSegments", access: .customersRead, list)
        tenant.post("/v1/segments", operation: "createSegment", access: .customersWrite, repeating: .byKey, create)
        tenant.post(
            "/v1/segments/preview", operation: "previewSegment", access: .customersRead, repeating: .harmless, preview)
        tenant.get("/v1/segments/{segment_id}", operation: "getSegment", access: .customersRead, get)
        tenant.patch("/v1/segments/{segment_id}", operation: "updateSegment", access: .customersWrite, update)
        tenant.delete("/v1/segments/{segment_id}", operation: "removeSegment", access: .customersWrite, remove)
        tenant.get(
            "/v1/segments/{segment_id}/customers", operation: "listSegmentCustomers", access: .customersRead, customers)
        tenant.get("/v1/segments/{segment_id}/counts", operation: "countSegment", access: .customersRead, counts)
    }

    // MARK: - Segments

    package static let parameterNames: Set = ["expand"]

    /// All of a business: they are few.
    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let expand = try request.query { Self.parameterNames.contains($0) }["expand"]
        guard expand == nil || expand == "counts" else {
            throw Request.Failure.badQuery(FieldError("/expand", "invalid_value", "Only counts."))
        }
        let all = try await segments.all(for: context.caller)
        let sizes = expand == nil ? [] : try await segments.sizes(of: all.map(\.filter), for: context.caller)
        var json = JSONWriter()
        json.object { json in
            json.member("data") { json in
                json.array { json in
                    for (index, segment) in all.enumerated() {
                        SegmentOutput.write(segment, size: sizes.isEmpty ? nil : sizes[index], to: &json)
                    }
                }
            }
        }
        return .json(bytes: json.bytes)
    }

    func create(_ request: Request, _ context: TenantContext) async throws -> Response {
        let input = try request.json(SegmentInput.self).checked(try await customFields.all(for: context.caller))
        let write = try idempotency.write(request, by: context.caller)
        return try await segments.create(input.name, input.filter, for: context.caller) { tx, create in
            try write.once(in: tx) {
                let segment = try create()
                return SegmentOutput.response(segment, status: .created).located(at: "/v1/segments/\(segment.id)")
            }
        }
    }

    /// What it says may change without its version, when a field of the business goes: it is always answered in full.
    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        _ = try request.query()
        return SegmentOutput.response(try await segments.find(id(request), for: context.caller))
    }

    func update(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        let expected = try EntityVersion.required(by: request, orElse: SegmentError.changed)
        let change = try request.json(SegmentChange.self)
        let fields = try await customFields.all(for: context.caller)
        return SegmentOutput.response(
            try await segments.update(id, version: expected.version, for: context.caller) {
                try change.applied(to: $0, fields)
            })
    }

    func remove(_ request: Request, _ context: TenantContext) async throws -> Response {
        try await segments.remove(id(request), for: context.caller)
        return Response(.noContent)
    }

    // MARK: - Their customers

    private static let customerList = ListShape<Void>("segment_customers", fields: [], expansions: ["details"])

    package static var customerParameterNames: Set<String> { customerList.parameterNames }

    func customers(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        var list = try Self.customerList.read(request, (), for: context.caller)
        let segment = try await segments.find(id, for: context.caller)
        // A walk is through one definition.
        list.scope.add(id.uuid)
        list.scope.add(String(decoding: segment.filter.definition.jsonBytes, as: UTF8.self))
        let after: Customer.ID? = try pages.id(of: list)
        let isDetailed = list.expansions.contains("details")
        return try await segments.page(
            of: segment.filter, after: after, limit: list.limit, isDetailed: isDetailed, for: context.caller
        ) { [pages, list] rows in
            let last =
                rows.count > list.limit ? try rows.at(list.limit - 1) { try $0.decode("id") as Customer.ID } : nil
            return try pages.response(next: last?.uuid.bytes, list.scope, request, count: rows.count) { json in
                try CustomerOutput.write(rows, list.limit, isDetailed: isDetailed, to: &json)
            }
        }
    }

    func counts(_ request: Request, _ context: TenantContext) async throws -> Response {
        _ = try request.query()
        let segment = try await segments.find(id(request), for: context.caller)
        let counts = try await segments.counts(of: segment.filter, for: context.caller)
        var json = JSONWriter()
        json.object { SegmentOutput.writeMembers(counts, to: &$0) }
        return .json(bytes: json.bytes)
    }

    private static let previewed = 5

    /// Whom a definition means that nobody has saved.
    func preview(_ request: Request, _ context: TenantContext) async throws -> Response {
        let filter = try request.json(SegmentPreviewInput.self).checked(
            try await customFields.all(for: context.caller))
        let counts = try await segments.counts(of: filter, for: context.caller)
        return try await segments.page(
            of: filter, after: nil, limit: Self.previewed, isDetailed: false, for: context.caller
        ) { rows in
            var json = JSONWriter(capacity: 4_096)
            try json.object { json in
                SegmentOutput.writeMembers(counts, to: &json)
                try json.member("customers") { json in
                    try json.array { json in
                        try CustomerOutput.write(rows, Self.previewed, isDetailed: false, to: &json)
                    }
                }
            }
            return .json(bytes: json.bytes)
        }
    }

    /// A malformed id names no segment, exactly as one of another business does.
    private func id(_ request: Request) throws -> Segment.ID {
        guard let id = Segment.ID(request.parameter("segment_id")) else { throw SegmentError.unknown }
        return id
    }
}
