// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// Who works in a business, and who is invited.
package struct TeamService: Sendable {
    private static let invitationLifetime = Duration.seconds(7 * 86_400)
    private static let maximumInvitations = 100

    private let database: ConnectionPool
    private let revocations: SessionRevocations

    package init(database: ConnectionPool, revocations: SessionRevocations) {
        self.database = database
        self.revocations = revocations
    }

    // MARK: - Members

    /// In the order in which they came.
    package func members(for caller: Caller) async throws -> [Member] {
        try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            try TeamQueries.members(in: tx)
        }
    }

    /// Gives somebody another role, from now on, on every server within seconds.
    /// - Throws: `TeamError.memberUnknown`, `.roleNotGoverned`, `.lastOwner`; `AccountError.confirmationNeeded` where an owner is
    ///   made or ended.
    package func change(_ member: UserID, to role: Role, by caller: Caller.Person) async throws -> Member {
        try await alter(member, to: role, by: caller)
        let members = try await members(for: .person(caller))
        guard let member = members.first(where: { $0.id == member }) else { throw TeamError.memberUnknown }
        return member
    }

    /// Takes somebody out of the business.
    /// - Throws: as ``change(_:to:by:)``.
    package func remove(_ member: UserID, by caller: Caller.Person) async throws {
        try await alter(member, to: nil, by: caller)
    }

    private func alter(_ member: UserID, to role: Role?, by caller: Caller.Person) async throws {
        let isConfirmed = try await Confirmation.holds(for: caller, database)
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            let roles = try TeamQueries.lock([member, caller.userID], in: tx)
            guard let old = roles[member] else { throw TeamError.memberUnknown }
            try Self.check(roles[caller.userID], governs: [old, role].compactMap { $0 })
            // Whoever makes an owner, or ends one, decides whose the business is.
            guard isConfirmed || ![old, role].contains(.owner) else { throw AccountError.confirmationNeeded }
            try Self.checkOwnerStays(roles, without: role == .owner ? nil : member)
            try TeamQueries.change(member, to: role, in: tx)
            try AuditLog.record(
                role == nil ? .memberRemoved : .memberChanged, by: .person(caller.userID), member,
                detail: role?.rawValue,
                in: tx)
        }
        revocations.noteChange()
    }

    /// What the caller is was read from a token, which may be a moment old; this was read just now, and stays.
    private static func check(_ role: Role?, governs others: [Role]) throws(TeamError) {
        guard let role, others.allSatisfy({ role.governs($0) }) else { throw .roleNotGoverned }
    }

    private static func checkOwnerStays(_ roles: [UserID: Role], without member: UserID?) throws {
        guard roles.contains(where: { $0.value == .owner && $0.key != member }) else { throw TeamError.lastOwner }
    }

    /// The caller leaves the business.
    /// - Throws: `TeamError.lastOwner`, `.memberUnknown`.
    package func leave(_ caller: Caller.Person) async throws { try await leave(caller.userID, caller.tenantID) }

    func leave(_ user: UserID, _ tenant: TenantID) async throws {
        try await database.withTenant(tenant) { (tx: borrowing TenantTransaction) in
            try Self.checkMayLeave(user, in: tx)
            try TeamQueries.change(user, to: nil, in: tx)
            try AuditLog.record(.memberLeft, by: .person(user), user, in: tx)
        }
        revocations.noteChange()
    }

    /// - Throws: as ``leave(_:)``.
    func checkMayLeave(_ user: UserID, _ tenant: TenantID) async throws {
        try await database.withTenant(tenant) { (tx: borrowing TenantTransaction) in
            try Self.checkMayLeave(user, in: tx)
        }
    }

    private static func checkMayLeave(_ user: UserID, in tx: borrowing TenantTransaction) throws {
        let roles = try TeamQueries.lock([user], closed: true, in: tx)
        guard roles[user] != nil else { throw TeamError.memberUnknown }
        try checkOwnerStays(roles, without: user)
    }

    /// Makes somebody else the owner; the caller stays as a manager.
    /// - Throws: `TeamError.memberUnknown`, `.roleNotGoverned`, `AccountError.confirmationNeeded`.
    package func transfer(to member: UserID, by caller: Caller.Person) async throws {
        try await Confirmation.require(of: caller, database)
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            let roles = try TeamQueries.lock([member], in: tx)
            guard roles[caller.userID] == .owner else { throw TeamError.roleNotGoverned }
            guard roles[member] != nil, member != caller.userID else { throw TeamError.memberUnknown }
            try TeamQueries.change(member, to: .owner, in: tx)
            try TeamQueries.change(caller.userID, to: .manager, in: tx)
            try AuditLog.record(.businessTransferred, by: .person(caller.userID), member, in: tx)
        }
        revocations.noteChange()
    }

    // MARK: - Invitations

    /// - Parameter identity: who alone may accept; anybody who has the token, when nil.
    /// - Returns: the invitation and its token, which is shown this once.
    /// - Throws: `TeamError.roleNotGoverned`, `.tooManyInvitations`, `AccountError.confirmationNeeded` for an owner.
    package func invite(
        as role: Role, _ identity: LoginIdentity?, by caller: Caller.Person
    ) async throws -> (Invitation, token: Secret<String>) {
        if role == .owner { try await Confirmation.require(of: caller, database) }
        let now = Instant.now(), token = InvitationToken(to: caller.tenantID)
        let invitation = Invitation(
            id: token.id, role: role, identity: identity, invitedBy: caller.userID, createdAt: now,
            expiresAt: now.advanced(by: Self.invitationLifetime))
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try Self.check(TeamQueries.standing(of: caller.userID, in: tx), governs: [role])
            try TeamQueries.closeExpired(in: tx)
            guard try TeamQueries.openInvitations(in: tx).count < Self.maximumInvitations else {
                throw TeamError.tooManyInvitations
            }
            try TeamQueries.insert(invitation, tokenHash: token.hash, in: tx)
            try AuditLog.record(
                .invitationMade, by: .person(caller.userID), invitation.id, detail: role.rawValue, in: tx)
        }
        return (invitation, token.text)
    }

    /// Those that can still be accepted, the newest first.
    package func invitations(for caller: Caller) async throws -> [Invitation] {
        try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            try TeamQueries.openInvitations(in: tx)
        }
    }

    /// - Throws: `TeamError.invitationUnknown`, `.roleNotGoverned`.
    package func takeBack(_ id: Invitation.ID, by caller: Caller.Person) async throws {
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let role = try TeamQueries.role(of: id, in: tx) else { throw TeamError.invitationUnknown }
            try Self.check(TeamQueries.standing(of: caller.userID, in: tx), governs: [role])
            guard try TeamQueries.close(id, acceptedBy: nil, in: tx) else { throw TeamError.invitationUnknown }
            try AuditLog.record(.invitationTakenBack, by: .person(caller.userID), id, in: tx)
        }
    }

    /// What a token invites to.
    /// - Throws: `TeamError.invitationUnknown`.
    package func preview(_ token: String) async throws -> InvitationPreview {
        guard let token = InvitationToken(token) else { throw TeamError.invitationUnknown }
        let found = try await database.read(TeamQueries.find(token), in: .directory)
        guard let found else { throw TeamError.invitationUnknown }
        return found
    }

    /// The caller joins the business that a token invites to.
    /// - Throws: `TeamError.invitationUnknown`, `.invitationForAnother`, `.alreadyMember`.
    package func accept(_ token: String, by user: UserID) async throws -> Membership {
        let invitation = try await preview(token)
        return try await database.withMember(user, of: invitation.tenantID) { (tx: borrowing MemberTransaction) in
            try Self.accept(invitation, in: tx)
        }
    }

    /// The same, in the transaction of somebody who has just come in.
    static func accept(_ invitation: InvitationPreview, in tx: borrowing MemberTransaction) throws -> Membership {
        if let identity = invitation.identity, try !TeamQueries.hasProved(identity, in: tx) {
            throw TeamError.invitationForAnother
        }
        guard try !AccountQueries.memberships(in: tx).contains(where: { $0.tenantID == tx.tenantID }) else {
            throw TeamError.alreadyMember
        }
        // The row is locked by this: of two who hold one token, the second finds it closed.
        guard try TeamQueries.close(invitation.id, acceptedBy: tx.userID, in: tx) else {
            throw TeamError.invitationUnknown
        }
        try AuditLog.record(.memberJoined, invitation.id, detail: invitation.role.rawValue, in: tx)
        let membership = try AccountQueries.join(as: invitation.role, in: tx)
        // The new row refers to the business, and has waited for whoever was closing it.
        guard try TeamQueries.isOpen(in: tx) else { throw TeamError.invitationUnknown }
        return membership
    }
}
