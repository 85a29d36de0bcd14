// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// A person's own account, and the businesses they move between.
struct PersonHandlers: Sendable {
    let persons: PersonService
    let sessions: SessionService
    let idempotency: Idempotency
    let gatekeeper: Gatekeeper
    let countries: [String]

    func mount(on person: RouteGroup<PersonContext>) {
        person.get("/v1/me", operation: "getMe", access: .person, me)
        person.patch("/v1/me", operation: "updateMe", access: .person, body: .small, updateMe)
        person.post(
            "/v1/me/identities", operation: "addIdentity", access: .person, repeating: .harmless, body: .small,
            addIdentity)
        person.post(
            "/v1/me/identities/verify", operation: "verifyIdentity", access: .person, repeating: .harmless,
            body: .small, verifyIdentity)
        person.post(
            "/v1/me/password", operation: "changePassword", access: .person, repeating: .harmless, body: .small,
            changePassword)
        person.get("/v1/me/sessions", operation: "listSessions", access: .person, listSessions)
        person.delete("/v1/me/sessions", operation: "endOtherSessions", access: .person, endOtherSessions)
        person.delete("/v1/me/sessions/{session_id}", operation: "endSession", access: .person, endSession)
        person.post(
            "/v1/auth/confirm/code", operation: "sendConfirmationCode", access: .person, repeating: .harmless,
            body: .nothing, sendConfirmationCode)
        person.post(
            "/v1/auth/confirm", operation: "confirm", access: .person, repeating: .harmless, body: .small, confirm)
        person.post(
            "/v1/auth/logout", operation: "logOut", access: .person, repeating: .harmless,
            body: .nothing, logOut)
        person.post(
            "/v1/auth/switch", operation: "switchTenant", access: .person, repeating: .harmless, body: .small,
            switchTenant)
        person.post(
            "/v1/tenants", operation: "createTenant", access: .person, repeating: .byKey, body: .small, createTenant)
    }

    // MARK: - Who they are

    func me(_ request: Request, _ context: PersonContext) async throws -> Response {
        .json(MeOutput(profile: try await persons.me(context.person), tenantID: context.person.tenantID))
    }

    struct UpdateMeInput: Decodable { let name: String }

    func updateMe(_ request: Request, _ context: PersonContext) async throws -> Response {
        let name = try Text(try request.json(UpdateMeInput.self).name, at: "/name", maximumBytes: 200)
        let profile = try await persons.rename(name, context.person)
        return .json(MeOutput(profile: profile, tenantID: context.person.tenantID))
    }

    func addIdentity(_ request: Request, _ context: PersonContext) async throws -> Response {
        let identity = try request.json(IdentityInput.self).identity()
        try identity.check(isServedIn: countries, at: "/phone")
        try await gatekeeper.admitCode(to: identity, request)
        return .json(
            ChallengeOutput(challenge: try await persons.addIdentity(identity, context.person)), status: .accepted)
    }

    func verifyIdentity(_ request: Request, _ context: PersonContext) async throws -> Response {
        let answer = try request.json(CodeInput.self).answer()
        let profile = try await persons.verifyIdentity(answer.id, code: answer.code, context.person)
        return .json(MeOutput(profile: profile, tenantID: context.person.tenantID))
    }

    struct ChangePasswordInput: Decodable {
        let currentPassword: String?, newPassword: String
        enum CodingKeys: String, CodingKey { case currentPassword = "current_password", newPassword = "new_password" }
    }

    func changePassword(_ request: Request, _ context: PersonContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        let input = try request.json(ChangePasswordInput.self)
        let password = try Password(input.newPassword, at: "/new_password")
        try await gatekeeper.admitIdentity(context.person.userID.description, request)
        try await persons.changePassword(
            to: password, current: input.currentPassword.map { Password.attempt($0) }, context.person)
        return Response(.noContent)
    }

    // MARK: - Sessions

    func listSessions(_ request: Request, _ context: PersonContext) async throws -> Response {
        let current = context.person.sessionID
        return .json(
            ListOutput(
                elements: try await sessions.list(of: context.person).map {
                    SessionOutput(session: $0, current: current)
                }))
    }

    func endSession(_ request: Request, _ context: PersonContext) async throws -> Response {
        guard let id = SessionID(request.parameter("session_id")) else {
            throw AccountError.sessionUnknown
        }
        try await sessions.end(id, of: context.person)
        return Response(.noContent)
    }

    func endOtherSessions(_ request: Request, _ context: PersonContext) async throws -> Response {
        try await sessions.endOthers(of: context.person)
        return Response(.noContent)
    }

    func logOut(_ request: Request, _ context: PersonContext) async throws -> Response {
        let cookie = try SessionCookie(wantedBy: request)
        try await sessions.logOut(context.person)
        var response = Response(.noContent)
        cookie?.clear(.session, on: &response)
        return response
    }

    // MARK: - Showing that it is still them

    func sendConfirmationCode(_ request: Request, _ context: PersonContext) async throws -> Response {
        let identity = try await persons.ownIdentity(context.person)
        // Strangers who ask for codes to this number use up none of these.
        try await gatekeeper.admitCode(to: identity, countedAs: context.person.userID.description, request)
        let challenge = try await persons.sendConfirmation(to: identity, context.person)
        return .json(ChallengeOutput(challenge: challenge), status: .accepted)
    }

    struct ConfirmInput: Decodable {
        let password: String?, challengeID: String?, code: String?, secondFactor: String?
        enum CodingKeys: String, CodingKey {
            case password
            case challengeID = "challenge_id"
            case code
            case secondFactor = "second_factor"
        }
    }

    func confirm(_ request: Request, _ context: PersonContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        let input = try request.json(ConfirmInput.self)
        try await gatekeeper.admitIdentity(context.person.userID.description, request)
        switch (input.password, input.challengeID, input.code, input.secondFactor) {
        case (nil, nil, nil, let typed?):
            try await persons.confirm(try SecondFactorService.Answer(typed, at: "/second_factor"), context.person)
        case (let password?, nil, nil, nil):
            try await persons.confirm(password: Password.attempt(password), context.person)
        case (nil, let id?, let code?, nil):
            let answer = try CodeInput(challengeID: id, code: code).answer()
            try await persons.confirm(code: answer.code, for: answer.id, context.person)
        default:
            throw FieldError(
                "", "one_of", "Give the password, the challenge_id and the code that was sent, or the second_factor.")
        }
        return Response(.noContent)
    }

    // MARK: - Businesses

    struct SwitchInput: Decodable {
        let tenantID: String
        enum CodingKeys: String, CodingKey { case tenantID = "tenant_id" }
    }

    func switchTenant(_ request: Request, _ context: PersonContext) async throws -> Response {
        guard let tenant = TenantID(try request.json(SwitchInput.self).tenantID) else {
            throw AccountError.tenantUnknown
        }
        let (membership, token) = try await persons.enter(tenant, context.person)
        return .json(SwitchOutput(membership: membership, token: token, lifetime: persons.accessLifetime))
    }

    struct CreateTenantInput: Decodable { let name: String }

    func createTenant(_ request: Request, _ context: PersonContext) async throws -> Response {
        let name = try Text(try request.json(CreateTenantInput.self).name, at: "/name", maximumBytes: 200)
        let write = try idempotency.write(request, by: context.caller)
        return try await persons.createTenant(name, owner: context.person.userID) { tx, found in
            try write.once(in: tx) { .json(TenantOutput(membership: try found()), status: .created) }
        }
    }
}
