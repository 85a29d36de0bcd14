// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import Tokens

/// Nothing is known about the caller.
package struct OpenContext: Sendable {}

/// The caller has proved who they are and in which business they work.
package struct TenantContext: Sendable {
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
        _ request: Request, admit: @escaping @Sendable (Caller.Person) throws -> Void
    ) throws -> Entrance<TenantContext> {
        let known = try Self.withToken(of: request) { token in try tokens.remembered(token) }
        guard let known, let isRevoked = revocations.isKnownRevoked(known.person.sessionID) else {
            return .later { try await ask(request, admit) }
        }
        request.tenantID = known.person.tenantID
        try admit(known.person)
        return .now(try Self.context(known.person, isRevoked: isRevoked))
    }

    private func ask(_ request: Request, _ admit: (Caller.Person) throws -> Void) async throws -> TenantContext {
        let token = try Self.withToken(of: request) { token in
            unsafe token.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        }
        let person = try await tokens.verify(token).person
        request.tenantID = person.tenantID
        try admit(person)
        let isKnown = revocations.isKnownRevoked(person.sessionID)
        let isRevoked = if let isKnown { isKnown } else { try await revocations.ask(person.sessionID) }
        return try Self.context(person, isRevoked: isRevoked)
    }

    private static func context(_ person: Caller.Person, isRevoked: Bool) throws -> TenantContext {
        guard !isRevoked else {
            throw APIError.unauthorized(.sessionEnded, "The session has ended. Sign in again.")
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
