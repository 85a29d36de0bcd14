// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// Signing up, signing in, and who am I.
struct AccountHandlers: Sendable {
    let accounts: AccountService
    let idempotency: Idempotency
    let gatekeeper: Gatekeeper

    func mount(open: RouteGroup<OpenContext>, tenant: RouteGroup<TenantContext>) {
        open.post("/v1/auth/register", operation: "register", repeating: .harmless, body: Self.small, register)
        open.post("/v1/auth/login", operation: "logIn", repeating: .harmless, body: Self.small, logIn)
        open.post("/v1/auth/refresh", operation: "refreshTokens", repeating: .harmless, body: Self.small, refresh)
        tenant.post(
            "/v1/auth/logout", operation: "logOut", repeating: .harmless, body: .collect(maximumBytes: 0), logOut)
        tenant.post("/v1/auth/switch", operation: "switchTenant", repeating: .harmless, body: Self.small, switchTenant)
        tenant.post("/v1/tenants", operation: "createTenant", repeating: .byKey, body: Self.small, createTenant)
        tenant.get("/v1/me", operation: "getMe", me)
        tenant.patch("/v1/me", operation: "updateMe", body: Self.small, updateMe)
    }

    private static let small = BodyPolicy.collect(maximumBytes: 16_384)

    // MARK: - Open

    struct RegisterInput: Decodable {
        let businessName: String, name: String, phone: String?, email: String?, password: String
        enum CodingKeys: String, CodingKey { case businessName = "business_name", name, phone, email, password }

        func registration() throws -> Registration {
            var validation = Validation()
            let businessName = validation.check { () throws(FieldError) in
                try Text(self.businessName, at: "/business_name", maximumBytes: 200)
            }
            let name = validation.check { () throws(FieldError) in try Text(self.name, at: "/name", maximumBytes: 200) }
            let phone = validation.check { () throws(FieldError) in
                try self.phone.map { text throws(FieldError) in try PhoneNumber(text, at: "/phone") }
            }
            let email = validation.check { () throws(FieldError) in
                try self.email.map { text throws(FieldError) in try EmailAddress(text, at: "/email") }
            }
            let password = validation.check { () throws(FieldError) in try Password(self.password, at: "/password") }
            if self.phone == nil && self.email == nil {
                validation.fail(FieldError("", "required", "Give a phone number or an e-mail address to sign in with."))
            }
            try validation.finish()
            guard let businessName, let name, let password else { throw ValidationError([]) }
            return Registration(
                businessName: businessName, name: name, phone: phone ?? nil, email: email ?? nil, password: password)
        }
    }

    func register(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        let registration = try request.json(RegisterInput.self).registration()
        let signedIn = try await accounts.register(registration)
        return .json(TokensOutput(signedIn), status: .created)
    }

    struct LogInInput: Decodable {
        let identity: String, password: String, tenantID: String?
        enum CodingKeys: String, CodingKey { case identity, password, tenantID = "tenant_id" }
    }

    func logIn(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        let input = try request.json(LogInInput.self)
        guard let identity = LoginIdentity(input.identity) else {
            throw FieldError("/identity", "invalid_identity", "Give a phone number or an e-mail address.")
        }
        try await gatekeeper.admitIdentity(identity.value, request)
        let tenant = try input.tenantID.map { text in
            guard let id = TenantID(text) else { throw AccountError.tenantUnknown }
            return id
        }
        let (signedIn, memberships) = try await accounts.logIn(
            identity, password: Password.attempt(input.password), tenant: tenant)
        return .json(TokensOutput(signedIn, memberships))
    }

    struct RefreshInput: Decodable {
        let refreshToken: String
        enum CodingKeys: String, CodingKey { case refreshToken = "refresh_token" }
    }

    func refresh(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        return .json(TokensOutput(try await accounts.refresh(request.json(RefreshInput.self).refreshToken)))
    }

    // MARK: - Signed in

    func logOut(_ request: Request, _ context: TenantContext) async throws -> Response {
        try await accounts.logOut(context.person)
        return Response(.noContent)
    }

    struct SwitchInput: Decodable {
        let tenantID: String
        enum CodingKeys: String, CodingKey { case tenantID = "tenant_id" }
    }

    func switchTenant(_ request: Request, _ context: TenantContext) async throws -> Response {
        guard let tenant = TenantID(try request.json(SwitchInput.self).tenantID) else {
            throw AccountError.tenantUnknown
        }
        let (membership, token) = try await accounts.enter(tenant, context.person)
        return .json(SwitchOutput(membership: membership, token: token, lifetime: accounts.accessLifetime))
    }

    struct CreateTenantInput: Decodable { let name: String }

    func createTenant(_ request: Request, _ context: TenantContext) async throws -> Response {
        let name = try Text(try request.json(CreateTenantInput.self).name, at: "/name", maximumBytes: 200)
        let write = try idempotency.write(request, by: context.person)
        return try await accounts.createTenant(name, owner: context.person.userID) { tx, found in
            try write.once(in: tx) { .json(TenantOutput(membership: try found()), status: .created) }
        }
    }

    struct UpdateMeInput: Decodable { let name: String }

    func updateMe(_ request: Request, _ context: TenantContext) async throws -> Response {
        let name = try Text(try request.json(UpdateMeInput.self).name, at: "/name", maximumBytes: 200)
        let (user, memberships) = try await accounts.rename(name, context.person)
        return .json(MeOutput(user: user, tenantID: context.person.tenantID, memberships: memberships))
    }

    func me(_ request: Request, _ context: TenantContext) async throws -> Response {
        let (user, memberships) = try await accounts.me(context.person)
        return .json(MeOutput(user: user, tenantID: context.person.tenantID, memberships: memberships))
    }
}
