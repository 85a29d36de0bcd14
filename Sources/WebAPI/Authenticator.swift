// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import Tokens

/// Finds out who is asking, by a bearer token (RFC 6750 §2.1): an access token of a person, or an API key.
struct Authenticator: Sendable {
    let tokens: AccessTokens
    let revocations: SessionRevocations
    let keys: APIKeyRing

    /// At once for a token and a session that are known, as nearly all are; otherwise it has to be asked for.
    /// - Parameter admit: throws when this caller has asked enough; called before anything asks the database for a person.
    /// - Throws: `APIError` with status 401, `DatabaseError` when it cannot be known whether the session still lives.
    func caller(
        _ request: Request, admit: @escaping @Sendable (Caller) throws -> Void
    ) throws -> Entrance<Caller> {
        let known = try Self.withToken(of: request) { token -> AccessClaims?? in
            Self.isKey(token) ? .none : .some(try tokens.remembered(token))
        }
        guard case .some(let known) = known else { return .later { try await key(request, admit) } }
        guard let known, let verdict = revocations.isKnownRevoked(known.person) else {
            return .later { try await ask(request, admit) }
        }
        let caller = Caller.person(known.person)
        request.tenantID = caller.tenantID
        try admit(caller)
        try Self.check(verdict)
        return .now(caller)
    }

    private func ask(_ request: Request, _ admit: (Caller) throws -> Void) async throws -> Caller {
        let person = try await tokens.verify(Self.text(of: request)).person
        request.tenantID = person.tenantID
        try admit(.person(person))
        let known = revocations.isKnownRevoked(person)
        let verdict = if let known { known } else { try await revocations.ask(person) }
        try Self.check(verdict)
        return .person(person)
    }

    private func key(_ request: Request, _ admit: (Caller) throws -> Void) async throws -> Caller {
        // A slip of the keyboard is seen by its checksum; nobody is asked.
        guard let text = APIKeyText(try Self.text(of: request)) else { throw APIKeyRing.Refusal.unknown }
        let caller = Caller.key(try await keys.caller(text, from: request.client))
        request.tenantID = caller.tenantID
        try admit(caller)
        return caller
    }

    private static func check(_ verdict: SessionRevocations.Verdict) throws {
        switch verdict {
        case .good: break
        case .sessionEnded: throw APIError.unauthorized(.sessionEnded, "The session has ended. Sign in again.")
        case .standingChanged:
            throw APIError.unauthorized(
                .tokenOutdated,
                "What you may do in this business has changed. Get a new access token with the refresh token.")
        }
    }

    private static func isKey(_ token: Span<UInt8>) -> Bool {
        let prefix = APIKeyText.prefix.utf8
        return token.count > prefix.count && prefix.enumerated().allSatisfy { token[$0] == $1 }
    }

    private static func text(of request: Request) throws -> String {
        try withToken(of: request) { token in
            unsafe token.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        }
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

extension Entrance {
    /// The same, with something made of what is known.
    func map<Other: Sendable>(_ make: @escaping @Sendable (Context) throws -> Other) rethrows -> Entrance<Other> {
        switch self {
        case .now(let context): .now(try make(context))
        case .later(let ask): .later { try make(try await ask()) }
        }
    }
}

extension Caller {
    /// - Throws: `APIError` with status 403.
    func check(_ permission: Permission) throws {
        guard may(permission) else { throw Self.denied }
    }

    /// - Throws: `APIError` with status 403.
    func person(for access: PersonContext.Access) throws -> Caller.Person {
        guard case .person(let person) = self else {
            throw APIError(.forbidden, .personNeeded, "An API key cannot do this. Sign in as a person.")
        }
        guard access.isGranted(to: person) else { throw Self.denied }
        return person
    }

    private static let denied = APIError(
        .forbidden, .permissionDenied, "You may not do this in this business. Its owner can let you.")
}
