// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database
import Tokens

/// One of a person's sign-ins, as they are shown it.
package struct Session: Sendable {
    package let id: SessionID
    package let tenantID: TenantID
    package let device: String?
    package let network: String?
    package let createdAt: Instant
    package let usedAt: Instant
    package let expiresAt: Instant
}

/// Keeps sessions going, and ends them.
package struct SessionService: Sendable {
    private let database: ConnectionPool
    private let issuer: SessionIssuer
    private let revocations: SessionRevocations
    /// A session that was not used for so long has ended.
    private let idleLifetime: Duration

    package init(
        database: ConnectionPool, issuer: SessionIssuer, revocations: SessionRevocations, idleLifetime: Duration
    ) {
        self.database = database
        self.issuer = issuer
        self.revocations = revocations
        self.idleLifetime = idleLifetime
    }

    private var idleSince: Instant { Instant.now().advanced(by: .zero - idleLifetime) }

    /// What was decided about a refresh while its session was locked; thrown only after COMMIT, since a revocation stays.
    private enum Rotation: Sendable { case current(BegunSession), unknown, reused(TenantID) }

    /// Trades a refresh token for new tokens.
    ///
    /// The newest token rotates the session. Its predecessor stays good until the newest is used for the first time, so a
    /// reply that was lost on the way signs nobody out, and of many refreshes at once all get the same successor. Anything
    /// older ends the session.
    /// - Throws: `AccountError.refreshTokenInvalid`, `.refreshTokenReused`, `DatabaseError`.
    package func refresh(_ token: String, on device: Device) async throws -> SignedIn {
        guard let claims = issuer.refreshTokens.claims(of: token) else { throw AccountError.refreshTokenInvalid }
        let idleSince = idleSince
        let rotation: Rotation = try await database.withUser(claims.userID) { (tx: borrowing UserTransaction) in
            guard let session = try SessionQueries.lock(claims.sessionID, idleSince: idleSince, in: tx), session.isLive
            else { return .unknown }
            let generation: Int
            switch claims.generation {
            case session.generation:
                try SessionQueries.rotate(claims.sessionID, on: device, in: tx)
                generation = session.generation + 1
            case session.generation - 1: generation = session.generation
            default:
                try SessionQueries.revoke(claims.sessionID, in: tx)
                return .reused(session.tenantID)
            }
            guard let membership = try Self.membership(of: claims.sessionID, in: session.tenantID, tx) else {
                return .unknown
            }
            return .current(
                BegunSession(
                    person: Caller.Person(
                        userID: tx.userID, sessionID: claims.sessionID, tenantID: membership.tenantID,
                        standing: membership.standing),
                    generation: generation))
        }
        switch rotation {
        case .current(let session): return try await issuer.tokens(for: session)
        case .unknown: throw AccountError.refreshTokenInvalid
        case .reused(let tenant):
            revocations.note(claims.sessionID)
            try await database.withTenant(tenant) { (tx: borrowing TenantTransaction) in
                try AuditLog.record(.sessionReused, by: .person(claims.userID), claims.sessionID, in: tx)
            }
            throw AccountError.refreshTokenReused
        }
    }

    /// Where a session stands: in another of the person's businesses once they have left the one it stood in.
    /// - Returns: nil when they belong to none.
    private static func membership(
        of session: SessionID, in tenant: TenantID, _ tx: borrowing UserTransaction
    ) throws -> Membership? {
        let memberships = try AccountQueries.memberships(in: tx)
        if let membership = memberships.first(where: { $0.tenantID == tenant }) { return membership }
        guard let other = memberships.first else { return nil }
        try SessionQueries.move(session, to: other.tenantID, in: tx)
        return other
    }

    /// Ends the caller's session: its refresh token at once, its access tokens within seconds on every server.
    package func logOut(_ caller: Caller.Person) async throws {
        try await database.withMember(caller.userID, of: caller.tenantID) { (tx: borrowing MemberTransaction) in
            guard try SessionQueries.revoke(caller.sessionID, in: tx) else { return }
            try AuditLog.record(.sessionEnded, caller.sessionID, in: tx)
        }
        revocations.note(caller.sessionID)
    }

    /// The person's sessions that live, the one used last first.
    package func list(of caller: Caller.Person) async throws -> [Session] {
        let idleSince = idleSince
        return try await database.withUser(caller.userID, .read) { (tx: borrowing UserTransaction) in
            try SessionQueries.live(idleSince: idleSince, in: tx)
        }
    }

    /// Ends one of the person's sessions.
    /// - Throws: `AccountError.sessionUnknown`.
    package func end(_ session: SessionID, of caller: Caller.Person) async throws {
        let isEnded = try await database.withMember(caller.userID, of: caller.tenantID) {
            (tx: borrowing MemberTransaction) in
            guard try SessionQueries.revoke(session, in: tx) else { return false }
            try AuditLog.record(.sessionEnded, session, in: tx)
            return true
        }
        guard isEnded else { throw AccountError.sessionUnknown }
        revocations.note(session)
    }

    /// Ends all of the person's sessions but the caller's own.
    package func endOthers(of caller: Caller.Person) async throws {
        let ended = try await database.withMember(caller.userID, of: caller.tenantID) {
            (tx: borrowing MemberTransaction) in
            let ended = try SessionQueries.revokeAll(but: caller.sessionID, in: tx)
            for session in ended { try AuditLog.record(.sessionEnded, session, in: tx) }
            return ended
        }
        for session in ended { revocations.note(session) }
    }
}
