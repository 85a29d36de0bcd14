// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// Signing up and signing in.
struct AccountHandlers: Sendable {
    let accounts: AccountService
    let sessions: SessionService
    let gatekeeper: Gatekeeper
    /// Country codes of the telephone numbers that codes are sent to.
    let countries: [String]
    let signIns: SignInReplies

    func mount(on open: RouteGroup<OpenContext>) {
        open.post(
            "/v1/auth/register", operation: "register", access: .everyone, repeating: .harmless, body: .small, register)
        open.post(
            "/v1/auth/codes", operation: "sendCode", access: .everyone, repeating: .harmless, body: .small, sendCode)
        open.post(
            "/v1/auth/verify", operation: "verifyCode", access: .everyone, repeating: .harmless, body: .small, verify)
        open.post("/v1/auth/login", operation: "logIn", access: .everyone, repeating: .harmless, body: .small, logIn)
        open.post(
            "/v1/auth/second-factor", operation: "bringSecondFactor", access: .everyone, repeating: .harmless,
            body: .small, secondFactor)
        open.post(
            "/v1/auth/refresh", operation: "refreshTokens", access: .everyone, repeating: .harmless, body: .small,
            refresh)
    }

    // MARK: - Codes

    struct RegisterInput: Decodable {
        let businessName: String?, invitation: String?, name: String, phone: String?, email: String?,
            password: String?
        enum CodingKeys: String, CodingKey {
            case businessName = "business_name"
            case invitation, name, phone, email, password
        }

        func registration() throws -> Registration {
            var validation = Validation()
            let aim = AimInput(businessName: businessName, invitation: invitation).aim(&validation)
            if aim == nil, businessName == nil, invitation == nil {
                validation.fail(FieldError("/business_name", "required", "What is your business called?"))
            }
            let name = validation.check { () throws(FieldError) in try Text(self.name, at: "/name", maximumBytes: 200) }
            let identity = IdentityInput(phone: phone, email: email).identity(&validation)
            let password = validation.check { () throws(FieldError) in
                try self.password.map { text throws(FieldError) in try Password(text, at: "/password") }
            }
            try validation.finish()
            guard let aim, let name, let identity, let password else { throw ValidationError([]) }
            return Registration(aim: aim, name: name, identity: identity, password: password)
        }
    }

    func register(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        let registration = try request.json(RegisterInput.self).registration()
        try registration.identity.check(isServedIn: countries, at: "/phone")
        try await gatekeeper.admitCode(to: registration.identity, request)
        return .json(ChallengeOutput(challenge: try await accounts.register(registration)), status: .accepted)
    }

    struct SendCodeInput: Decodable { let identity: String, purpose: String }

    func sendCode(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        let input = try request.json(SendCodeInput.self)
        let identity = try LoginIdentity(input.identity, at: "/identity")
        guard let purpose = ChallengePurpose(rawValue: input.purpose), [.logIn, .resetPassword].contains(purpose) else {
            throw FieldError("/purpose", "invalid_purpose", "One of log_in and reset_password.")
        }
        try identity.check(isServedIn: countries, at: "/identity")
        try await gatekeeper.admitCode(to: identity, request)
        return .json(ChallengeOutput(challenge: try await accounts.sendCode(purpose, to: identity)), status: .accepted)
    }

    struct VerifyInput: Decodable {
        let challengeID: String, code: String, newPassword: String?, tenantID: String?
        enum CodingKeys: String, CodingKey {
            case challengeID = "challenge_id"
            case code
            case newPassword = "new_password"
            case tenantID = "tenant_id"
        }
    }

    func verify(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        _ = try SessionCookie(wantedBy: request)
        let input = try request.json(VerifyInput.self)
        let answer = try CodeInput(challengeID: input.challengeID, code: input.code).answer()
        let password = try input.newPassword.map { try Password($0, at: "/new_password") }
        let outcome = try await accounts.verify(
            answer.id, code: answer.code, newPassword: password, tenant: TenantID(wanted: input.tenantID),
            on: request.device)
        return try signIns.response(to: outcome, request)
    }

    // MARK: - Passwords and tokens

    struct LogInInput: Decodable {
        let identity: String, password: String, tenantID: String?, deviceMark: String?
        enum CodingKeys: String, CodingKey {
            case identity, password
            case tenantID = "tenant_id"
            case deviceMark = "device_mark"
        }
    }

    func logIn(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        _ = try SessionCookie(wantedBy: request)
        let input = try request.json(LogInInput.self)
        let identity = try LoginIdentity(input.identity, at: "/identity")
        try await gatekeeper.admitIdentity(identity.value, request)
        let outcome = try await accounts.logIn(
            identity, password: Password.attempt(input.password), tenant: TenantID(wanted: input.tenantID),
            mark: input.deviceMark, on: request.device)
        return try signIns.response(to: outcome, request)
    }

    struct SecondFactorInput: Decodable { let ticket: String, code: String }

    func secondFactor(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        _ = try SessionCookie(wantedBy: request)
        let input = try request.json(SecondFactorInput.self)
        let answer = try SecondFactorService.Answer(input.code, at: "/code")
        let outcome = try await accounts.complete(input.ticket, answer, on: request.device)
        return try signIns.response(to: outcome, request)
    }

    struct RefreshInput: Decodable {
        let refreshToken: String?
        enum CodingKeys: String, CodingKey { case refreshToken = "refresh_token" }
    }

    func refresh(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        let cookie = try SessionCookie(wantedBy: request)
        let brought = try request.json(RefreshInput.self).refreshToken
        guard let token = cookie == nil ? brought : cookie?.value(.session, of: request) else {
            guard cookie == nil else { throw AccountError.refreshTokenInvalid }
            throw FieldError("/refresh_token", "required", "Send the refresh token.")
        }
        return signIns.response(with: try await sessions.refresh(token, on: request.device), nil, cookie)
    }
}

extension BodyPolicy {
    /// Some words that a person has typed.
    static let small = BodyPolicy.collect(maximumBytes: 16_384)
}

extension Request {
    /// Where it comes from, as its person is shown later.
    var device: Device {
        Device(userAgent: head.fields.contains(.userAgent) ? head.fields.only(.userAgent) : nil, address: client)
    }
}
