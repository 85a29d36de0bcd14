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

    /// - Parameter admit: throws when this person has asked enough; called before anything asks the database.
    /// - Throws: `APIError` with status 401, `DatabaseError` when it cannot be known whether the session still lives.
    func authenticate(_ request: Request, admit: (Caller.Person) throws -> Void) async throws -> TenantContext {
        let claims = try await tokens.verify(try Self.bearerToken(of: request))
        request.tenantID = claims.person.tenantID
        try admit(claims.person)
        if try await revocations.isRevoked(claims.person.sessionID) {
            throw APIError.unauthorized(.sessionEnded, "The session has ended. Sign in again.")
        }
        return TenantContext(person: claims.person)
    }

    private static func bearerToken(of request: Request) throws -> String {
        guard request.head.fields.contains(.authorization) else {
            throw APIError.unauthorized(.tokenMissing, "Send an access token.")
        }
        guard let value = request.head.fields.only(.authorization), value.prefix(7).lowercased() == "bearer " else {
            throw APIError.unauthorized(
                .tokenInvalid, "Send one Authorization header of the form Bearer <access token>.")
        }
        return String(value.dropFirst(7))
    }
}
