// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// Signing in by Google, and linking an account there: one request before the browser goes, one when it is back.
struct FederationHandlers: Sendable {
    let federation: FederationService
    let persons: PersonService
    let gatekeeper: Gatekeeper
    let signIns: SignInReplies

    func mount(open: RouteGroup<OpenContext>, person: RouteGroup<PersonContext>) {
        open.post(
            "/v1/auth/google/begin", operation: "beginGoogleSignIn", access: .everyone, repeating: .harmless,
            body: .small, begin)
        open.post(
            "/v1/auth/google/finish", operation: "finishGoogleSignIn", access: .everyone, repeating: .harmless,
            body: .small, finish)
        person.post(
            "/v1/me/google/begin", operation: "beginGoogleLink", access: .person, repeating: .harmless,
            body: .nothing, beginLink)
        person.post(
            "/v1/me/google/finish", operation: "finishGoogleLink", access: .person, repeating: .harmless,
            body: .small, finishLink)
        person.delete("/v1/me/google", operation: "unlinkGoogle", access: .person, unlink)
    }

    // MARK: - Signing in

    func begin(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        let cookie = try SessionCookie(wantedBy: request)
        var validation = Validation()
        let aim = try request.json(AimInput.self).aim(&validation)
        try validation.finish()
        return response(to: try await federation.begin(aim), cookie)
    }

    func finish(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        let input = try request.json(ReturnInput.self)
        let outcome = try await federation.finish(
            input.arrival(request), tenant: TenantID(wanted: input.tenantID), on: request.device)
        var response = try signIns.response(to: outcome, request)
        try SessionCookie(wantedBy: request)?.clear(.flow, on: &response)
        return response
    }

    // MARK: - Linking

    func beginLink(_ request: Request, _ context: PersonContext) async throws -> Response {
        response(to: try await federation.beginLink(context.person), try SessionCookie(wantedBy: request))
    }

    func finishLink(_ request: Request, _ context: PersonContext) async throws -> Response {
        let input = try request.json(ReturnInput.self)
        try await federation.finishLink(input.arrival(request), context.person)
        var response = Response.json(
            MeOutput(profile: try await persons.me(context.person), tenantID: context.person.tenantID))
        try SessionCookie(wantedBy: request)?.clear(.flow, on: &response)
        return response
    }

    func unlink(_ request: Request, _ context: PersonContext) async throws -> Response {
        try await federation.unlink(context.person)
        return Response(.noContent)
    }

    private func response(to departure: FederationService.Departure, _ cookie: SessionCookie?) -> Response {
        var response = Response.json(DepartureOutput(departure: departure, showsFlow: cookie == nil))
        cookie?.set(.flow, departure.flow, for: departure.lifetime, on: &response)
        return response
    }

    struct ReturnInput: Decodable {
        let flow: String?, state: String, code: String, issuer: String?, tenantID: String?
        enum CodingKeys: String, CodingKey {
            case flow, state, code
            case issuer = "iss"
            case tenantID = "tenant_id"
        }

        /// - Throws: `FieldError`; `AccountError.flowInvalid` for a browser that has lost its cookie.
        func arrival(_ request: Request) throws -> FederationService.Return {
            let cookie = try SessionCookie(wantedBy: request)
            guard let flow = cookie == nil ? flow : cookie?.value(.flow, of: request) else {
                guard cookie == nil else { throw AccountError.flowInvalid }
                throw FieldError("/flow", "required", "Send the flow that you were given at the beginning.")
            }
            guard (1...2_048).contains(code.utf8.count) else {
                throw FieldError("/code", "invalid_code", "The code that the browser has brought back.")
            }
            return FederationService.Return(flow: flow, state: state, code: code, issuer: issuer)
        }
    }
}

/// `{"authorization_url": "https://accounts.google.com/…", "flow": "fl_…", "expires_in": 600}`
struct DepartureOutput: JSONWritable {
    let departure: FederationService.Departure
    /// False where it goes into a cookie.
    let showsFlow: Bool

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("authorization_url", departure.url)
            if showsFlow { json.member("flow", departure.flow.reveal()) }
            json.member("expires_in", Int(departure.lifetime.components.seconds))
        }
    }
}
