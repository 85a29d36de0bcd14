// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// Businesses and people that go.
struct ClosingHandlers: Sendable {
    let closing: ClosingService

    func mount(on person: RouteGroup<PersonContext>) {
        person.post(
            "/v1/business/close", operation: "closeBusiness", access: .permission(.businessOwn), repeating: .harmless,
            body: .nothing, closeBusiness)
        person.post(
            "/v1/business/reopen", operation: "reopenBusiness", access: .permission(.businessReopen),
            repeating: .harmless, body: .nothing, reopenBusiness)
        person.post(
            "/v1/me/close", operation: "closeAccount", access: .person, repeating: .harmless,
            body: .nothing, closeAccount)
    }

    func closeBusiness(_ request: Request, _ context: PersonContext) async throws -> Response {
        .json(ClosingOutput(eraseAfter: try await closing.closeBusiness(context.person)))
    }

    func reopenBusiness(_ request: Request, _ context: PersonContext) async throws -> Response {
        try await closing.reopenBusiness(context.person)
        return Response(.noContent)
    }

    func closeAccount(_ request: Request, _ context: PersonContext) async throws -> Response {
        .json(ClosingOutput(eraseAfter: try await closing.closeAccount(context.person)))
    }
}

/// `{"erase_after": "2026-12-26T09:30:00Z"}`
struct ClosingOutput: JSONWritable {
    let eraseAfter: Instant

    func write(to json: inout JSONWriter) { json.object { $0.member("erase_after", eraseAfter) } }
}
