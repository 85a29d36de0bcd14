// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// What is sensitive asks for somebody who has shown lately that it is them, by signing in or by a confirmation.
enum Confirmation {
    /// How long it counts.
    private static let lifetime = Duration.seconds(600)

    /// - Throws: `AccountError.confirmationNeeded`.
    static func require<Scope: TransactionScope & HasUser>(
        of session: SessionID, in tx: borrowing Transaction<Scope>
    ) throws {
        guard try holds(for: session, in: tx) else { throw AccountError.confirmationNeeded }
    }

    /// The same before a transaction that is not the person's own.
    /// - Throws: `AccountError.confirmationNeeded`, `DatabaseError`.
    static func require(of caller: Caller.Person, _ database: ConnectionPool) async throws {
        guard try await holds(for: caller, database) else { throw AccountError.confirmationNeeded }
    }

    static func holds(for caller: Caller.Person, _ database: ConnectionPool) async throws -> Bool {
        try await database.withUser(caller.userID, .read) { (tx: borrowing UserTransaction) in
            try holds(for: caller.sessionID, in: tx)
        }
    }

    private static func holds<Scope: TransactionScope & HasUser>(
        for session: SessionID, in tx: borrowing Transaction<Scope>
    ) throws -> Bool {
        guard let authenticatedAt = try SessionQueries.authenticatedAt(session, in: tx) else { return false }
        return authenticatedAt > Instant.now().advanced(by: .zero - lifetime)
    }
}
