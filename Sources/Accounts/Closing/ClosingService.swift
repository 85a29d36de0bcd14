// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// Businesses and people that go, in two stages (Digital Personal Data Protection Act 2023, §8(7)): shut at once, and erased after
/// some weeks by `unnati privacy due`. Until then whoever has closed it takes it back.
package struct ClosingService: Sendable {
    /// From shutting to erasing.
    package static let grace = Duration.seconds(30 * 86_400)

    private let database: ConnectionPool
    private let revocations: SessionRevocations

    private let teams: TeamService
    private let keyRing: APIKeyRing

    init(database: ConnectionPool, revocations: SessionRevocations, teams: TeamService, keyRing: APIKeyRing) {
        self.database = database
        self.revocations = revocations
        self.teams = teams
        self.keyRing = keyRing
    }

    // MARK: - Businesses

    /// From now on nobody works there, no key opens it, and no invitation leads to it. Its owners get in to reopen it and to take
    /// its data along.
    /// - Returns: when it will be erased.
    /// - Throws: `AccountError.confirmationNeeded`, `TeamError.roleNotGoverned`.
    package func closeBusiness(_ caller: Caller.Person) async throws -> Instant {
        try await Confirmation.require(of: caller, database)
        let grace = Instant.now().advanced(by: Self.grace)
        let eraseAfter = try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            // Whoever joins, invites or makes a key at this moment has done so before, or finds the business closed.
            try BusinessQueries.lock(in: tx)
            try Self.checkOwner(caller, in: tx)
            let eraseAfter = try ClosingQueries.closeBusiness(eraseAfter: grace, in: tx)
            // Nobody comes in by what was given out before.
            try TeamQueries.outdateTokens(in: tx)
            try APIKeyQueries.revokeAll(by: nil, in: tx)
            try TeamQueries.closeInvitations(by: nil, in: tx)
            try AuditLog.record(.businessClosed, by: .person(caller.userID), caller.tenantID, in: tx)
            return eraseAfter
        }
        revocations.noteChange()
        keyRing.forgetAll(of: caller.tenantID)
        return eraseAfter
    }

    /// The same people work there again. Keys and invitations have to be made anew.
    /// - Throws: `AccountError.confirmationNeeded`, `TeamError.roleNotGoverned`.
    package func reopenBusiness(_ caller: Caller.Person) async throws {
        try await Confirmation.require(of: caller, database)
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try BusinessQueries.lock(in: tx)
            try Self.checkOwner(caller, in: tx)
            try ClosingQueries.reopenBusiness(in: tx)
            try TeamQueries.outdateTokens(in: tx)
            try AuditLog.record(.businessReopened, by: .person(caller.userID), caller.tenantID, in: tx)
        }
        revocations.noteChange()
    }

    /// What the caller is was read from a token, which may be a moment old; this is so now, and stays.
    private static func checkOwner(_ caller: Caller.Person, in tx: borrowing TenantTransaction) throws {
        guard try TeamQueries.lock([caller.userID], closed: true, in: tx)[caller.userID] == .owner else {
            throw TeamError.roleNotGoverned
        }
    }

    // MARK: - People

    /// The person leaves all their businesses and is signed out everywhere. Signing in again takes it back.
    /// - Returns: when they will be erased.
    /// - Throws: `AccountError.confirmationNeeded`; `TeamError.lastOwner` for whoever alone owns a business that is open.
    package func closeAccount(_ caller: Caller.Person) async throws -> Instant {
        try await Confirmation.require(of: caller, database)
        let memberships = try await database.withUser(caller.userID, .read) { (tx: borrowing UserTransaction) in
            try AccountQueries.memberships(in: tx)
        }
        // Each business is a transaction of its own. One in which they are needed is found before they have left any; a closed one
        // that they alone own goes before they do.
        var left: [TenantID] = []
        for membership in memberships {
            do {
                try await teams.checkMayLeave(caller.userID, membership.tenantID)
                left.append(membership.tenantID)
            } catch TeamError.lastOwner where membership.role == .closed {}
        }
        for tenant in left { try await teams.leave(caller.userID, tenant) }
        let grace = Instant.now().advanced(by: Self.grace)
        let (eraseAfter, ended) = try await database.withMember(caller.userID, of: caller.tenantID) {
            (tx: borrowing MemberTransaction) in
            let eraseAfter = try ClosingQueries.closeAccount(eraseAfter: grace, in: tx)
            try AuditLog.record(.accountClosed, caller.userID, in: tx)
            return (eraseAfter, try SessionQueries.revokeAll(but: nil, in: tx))
        }
        for session in ended { revocations.note(session) }
        return eraseAfter
    }
}
