// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import Tokens

/// The caller has proved who they are and in which business they work.
package struct TenantContext: RouteContext {
    package enum Access: Sendable, CustomStringConvertible {
        /// Anybody who has signed in: it concerns nobody but themselves.
        case person
        case permission(Permission)

        package var description: String {
            switch self {
            case .person: "person"
            case .permission(let permission): permission.rawValue
            }
        }

        func isGranted(to person: Caller.Person) -> Bool {
            switch self {
            case .person: true
            case .permission(let permission): person.role.may(permission)
            }
        }
    }

    package let person: Caller.Person
    package var caller: Caller { .person(person) }
}

/// Makes a ``TenantContext`` out of a bearer token (RFC 6750 §2.1).
struct Authenticator: Sendable {
    let tokens: AccessTokens
    let revocations: SessionRevocations

    /// At once for a token and a session that are known, as nearly all are; otherwise it has to be asked for.
    /// - Parameter admit: throws when this person has asked enough; called before anything asks the database.
    /// - Throws: `APIError` with status 401, `DatabaseError` when it cannot be known whether the session still lives.
    func authenticate(
        _ request: Request, _ access: TenantContext.Access, admit: @escaping @Sendable (Caller.Person) throws -> Void
    ) throws -> Entrance<TenantContext> {
        let known = try Self.withToken(of: request) { token in try tokens.remembered(token) }
        guard let known, let isRevoked = revocations.isKnownRevoked(known.person) else {
            return .later { try await ask(request, access, admit) }
        }
        request.tenantID = known.person.tenantID
        try admit(known.person)
        return .now(try Self.context(known.person, access, isRevoked))
    }

    private func ask(
        _ request: Request, _ access: TenantContext.Access, _ admit: (Caller.Person) throws -> Void
    ) async throws -> TenantContext {
        let token = try Self.withToken(of: request) { token in
            unsafe token.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        }
        let person = try await tokens.verify(token).person
        request.tenantID = person.tenantID
        try admit(person)
        let known = revocations.isKnownRevoked(person)
        let verdict = if let known { known } else { try await revocations.ask(person) }
        return try Self.context(person, access, verdict)
    }

    private static func context(
        _ person: Caller.Person, _ access: TenantContext.Access, _ verdict: SessionRevocations.Verdict
    ) throws -> TenantContext {
        switch verdict {
        case .good: break
        case .sessionEnded: throw APIError.unauthorized(.sessionEnded, "The session has ended. Sign in again.")
        case .standingChanged:
            throw APIError.unauthorized(
                .tokenOutdated,
                "What you may do in this business has changed. Get a new access token with the refresh token.")
        }
        guard access.isGranted(to: person) else {
            throw APIError(.forbidden, .permissionDenied, "Your role in this business does not allow this.")
        }
        return TenantContext(person: person)
    }

    private static func withToken<Output>(of request: Request, _ body: (Span<UInt8>) throws -> Output) throws -> Output
    {
        guard request.head.fields.contains(.authorization) else {
            throw APIError.unauthorized(.tokenMissing, "Send an access token.")
        }
        let output = try request.head.fields.withOnly(.authorization) { value -> Output? in
            guard value.count > 7, "bearer ".utf8.enumerated().allSatisfy({ value[$0] | 0x20 == $1 | 0x20 }) else {
                return nil
            }
            return try body(value.extracting(7...))
        }
        guard let output, let output else {
            throw APIError.unauthorized(
                .tokenInvalid, "Send one Authorization header of the form Bearer <access token>.")
        }
        return output
    }
}
