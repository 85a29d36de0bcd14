// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// The timelines: what happened between a business and its customers.
struct InteractionHandlers: Sendable {
    let interactions: InteractionService
    let idempotency: Idempotency
    let pages: Pages

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.post(
            "/v1/customers/{customer_id}/interactions", operation: "logInteraction", access: .customersWrite,
            repeating: .byKey, log)
        tenant.get(
            "/v1/customers/{customer_id}/interactions", operation: "listCustomerInteractions", access: .customersRead,
            listOfCustomer)
        tenant.get("/v1/interactions", operation: "listInteractions", access: .customersRead, list)
        tenant.post(
            "/v1/interactions/batch", operation: "logInteractions", access: .customersWrite, repeating: .byKey, logAll)
        tenant.get("/v1/interactions/{interaction_id}", operation: "getInteraction", access: .customersRead, get)
        tenant.post(
            "/v1/interactions/{interaction_id}/correct", operation: "correctInteraction", access: .customersWrite,
            repeating: .byKey, correct)
        tenant.post(
            "/v1/interactions/{interaction_id}/strike-out", operation: "strikeOutInteraction", access: .customersWrite,
            repeating: .harmless, strikeOut)
    }

    // MARK: - Writing down

    func log(_ request: Request, _ context: TenantContext) async throws -> Response {
        let customer = try customerID(request)
        let content = try request.json(InteractionInput.self).content()
        let write = try idempotency.write(request, by: context.caller)
        return try await interactions.log(content, with: customer, for: context.caller) { tx, log in
            try write.once(in: tx) { Self.created(try log()) }
        }
    }

    /// Many at once: all of them or, where that is asked for, those whose customers are there.
    func logAll(_ request: Request, _ context: TenantContext) async throws -> Response {
        let batch = try Batch(try request.json(BatchInput<InteractionInput>.self, limits: .batch)) {
            try $0.withCustomer()
        }
        let write = try idempotency.write(request, by: context.caller)
        return try await interactions.logAll(
            batch.values.map(\.value), allOrNothing: batch.isAllOrNothing, for: context.caller
        ) { tx, log in
            try write.once(in: tx) {
                batch.response(
                    try log().map { interaction in
                        guard let interaction else { return .failure(InteractionsRefused.customerUnknown) }
                        return .success { InteractionOutput.write(interaction, to: &$0) }
                    })
            }
        }
    }

    private static func created(_ interaction: Interaction) -> Response {
        var json = JSONWriter()
        InteractionOutput.write(interaction, to: &json)
        return Response.json(bytes: json.bytes, status: .created).located(at: "/v1/interactions/\(interaction.id)")
    }

    // MARK: - Putting right

    func correct(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        let input = try request.json(InteractionInput.self)
        let write = try idempotency.write(request, by: context.caller)
        return try await interactions.correct(id, for: context.caller) {
            try input.content(inPlaceOf: $0)
        } around: { tx, correct in
            try write.once(in: tx) { Self.created(try correct()) }
        }
    }

    func strikeOut(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        let reason = try InteractionContent.reason(try request.json(StrikeInput.self).reason)
        return InteractionOutput.response(try await interactions.strikeOut(id, reason, for: context.caller))
    }

    // MARK: - Reading

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        InteractionOutput.response(try await interactions.find(id(request), for: context.caller))
    }

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let list = try InteractionList.ofTenant.read(request, InteractionFilter(), for: context.caller)
        let (found, customers) = try await interactions.page(
            list.filter, before: try position(list), limit: list.limit,
            withCustomers: list.expansions.contains("customer"), for: context.caller)
        return page(found, list, request) { customers[$0.customer] }
    }

    func listOfCustomer(_ request: Request, _ context: TenantContext) async throws -> Response {
        let customer = try customerID(request)
        var list = try InteractionList.ofCustomer.read(request, InteractionFilter(), for: context.caller)
        list.scope.add(customer.uuid)
        let found = try await interactions.page(
            of: customer, list.filter, before: try position(list), limit: list.limit, for: context.caller)
        return page(found, list, request) { _ in nil }
    }

    private func position(_ list: ListQuery<InteractionFilter>) throws -> InteractionPosition? {
        try pages.position(of: list) { InteractionPosition(bytes: $0) }
    }

    private func page(
        _ found: [Interaction], _ list: ListQuery<InteractionFilter>, _ request: Request,
        customer: (Interaction) -> Customer?
    ) -> Response {
        pages.response(found, of: list, request, at: { InteractionPosition($0).bytes }) { interaction, json in
            InteractionOutput.write(interaction, customer(interaction), to: &json)
        }
    }

    /// A malformed id names no customer, exactly as one of another business does.
    private func customerID(_ request: Request) throws -> Customer.ID {
        guard let id = Customer.ID(request.parameter("customer_id")) else { throw CustomerError.unknown }
        return id
    }

    private func id(_ request: Request) throws -> Interaction.ID {
        guard let id = Interaction.ID(request.parameter("interaction_id")) else { throw InteractionError.unknown }
        return id
    }
}
