// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum TeamQueries {
    // MARK: - Members

    static func members(in tx: borrowing TenantTransaction) throws -> [Member] {
        try tx.all("SELECT user_id, name, phone, email, role, created_at FROM app.members_of_current_tenant()") { row in
            let id: UserID = try row.decode("user_id"), name: String = try row.decode("name"),
                phone: PhoneNumber? = try row.decodeIfPresent("phone"),
                email: EmailAddress? = try row.decodeIfPresent("email"), role: String = try row.decode("role")
            guard let role = Role(rawValue: role) else { throw DatabaseError.decoding(column: "role") }
            return Member(
                id: id, name: name, phone: phone, email: email, role: role, since: try row.decode("created_at"))
        }
    }

    /// Locks the memberships of all owners and of some more people, always in the same order: of two who would leave a business
    /// without an owner, the second sees what the first has done.
    /// - Parameter closed: also in a business that is closed, in which nobody is anything otherwise.
    /// - Returns: who is what.
    static func lock(
        _ users: [UserID], closed: Bool = false, in tx: borrowing TenantTransaction
    ) throws -> [UserID: Role] {
        let rows: [(UserID, Role)] = try tx.all(
            """
            SELECT user_id, role FROM app.memberships
            WHERE tenant_id = \(tx.tenantID) AND ended_at IS NULL AND (role = 'owner' OR user_id = \(users[0]) OR user_id = \(users[users.count - 1]))
            ORDER BY user_id FOR UPDATE
            """
        ) { row in
            let id: UserID = try row.decode("user_id"), role: String = try row.decode("role")
            guard let role = Role(rawValue: role) else { throw DatabaseError.decoding(column: "role") }
            return (id, role)
        }
        guard try closed || isOpen(in: tx) else { return [:] }
        return Dictionary(rows) { first, _ in first }
    }

    /// Gives a role, or ends the membership, and tells every server.
    /// - Parameter role: nil for the end.
    static func change(_ user: UserID, to role: Role?, in tx: borrowing TenantTransaction) throws {
        let changedAt: Instant = try tx.one(
            """
            UPDATE app.memberships
            SET role = coalesce(\(role?.rawValue), role), ended_at = CASE WHEN \(role == nil) THEN now() END,
                changed_at = greatest(clock_timestamp(), changed_at + interval '1 microsecond')
            WHERE tenant_id = \(tx.tenantID) AND user_id = \(user)
            RETURNING changed_at
            """
        ) { row in try row.decode("changed_at") }
        try noteChange(of: user, at: changedAt, in: tx)
        // What was made in a role that is no longer theirs: open invitations, and keys, which only an owner makes.
        try closeInvitations(by: user, unless: Role.allCases.filter { role?.governs($0) ?? false }, in: tx)
        if role != .owner { try APIKeyQueries.revokeAll(by: user, in: tx) }
    }

    /// Tells every server that tokens which say what somebody was before are no longer good.
    static func noteChange(of user: UserID, at changedAt: Instant, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            INSERT INTO app.membership_changes (tenant_id, user_id, changed_at)
            VALUES (\(tx.tenantID), \(user), \(changedAt))
            ON CONFLICT (tenant_id, user_id) DO UPDATE SET changed_at = excluded.changed_at, noted_at = now()
            """)
    }

    /// What access tokens say of the business is no longer so: of all its members, or those of one role.
    static func outdateTokens(of role: Role? = nil, in tx: borrowing TenantTransaction) throws {
        let members: [(user: UserID, changedAt: Instant)] = try tx.all(
            """
            UPDATE app.memberships SET changed_at = greatest(clock_timestamp(), changed_at + interval '1 microsecond')
            WHERE tenant_id = \(tx.tenantID) AND ended_at IS NULL AND role = coalesce(\(role?.rawValue), role)
            RETURNING user_id, changed_at
            """
        ) { row in try (row.decode("user_id"), row.decode("changed_at")) }
        for member in members { try noteChange(of: member.user, at: member.changedAt, in: tx) }
    }

    // MARK: - Invitations

    static func openInvitations(in tx: borrowing TenantTransaction) throws -> [Invitation] {
        try tx.all(
            """
            SELECT id, role, kind, value, invited_by, created_at, expires_at FROM app.invitations
            WHERE tenant_id = \(tx.tenantID) AND closed_at IS NULL AND expires_at > now()
            ORDER BY expires_at DESC LIMIT 200
            """
        ) { row in
            let id: Invitation.ID = try row.decode("id")
            let (role, identity) = try whom(&row)
            return try Invitation(
                id: id, role: role, identity: identity, invitedBy: row.decode("invited_by"),
                createdAt: row.decode("created_at"), expiresAt: row.decode("expires_at"))
        }
    }

    /// Whoever was invited and has not come is forgotten.
    static func closeExpired(in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            UPDATE app.invitations SET closed_at = now(), kind = NULL, value = NULL
            WHERE tenant_id = \(tx.tenantID) AND closed_at IS NULL AND expires_at <= now()
            """)
    }

    static func insert(_ invitation: Invitation, tokenHash: [UInt8], in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            INSERT INTO app.invitations (tenant_id, id, role, kind, value, token_hash, invited_by, expires_at)
            VALUES (\(tx.tenantID), \(invitation.id), \(invitation.role.rawValue), \(invitation.identity?.kind),
                    \(invitation.identity?.value), \(tokenHash), \(invitation.invitedBy), \(invitation.expiresAt))
            """)
    }

    /// - Returns: the invitation's role; nil when there is no open one.
    static func role(of id: Invitation.ID, in tx: borrowing TenantTransaction) throws -> Role? {
        try tx.first(
            "SELECT role FROM app.invitations WHERE tenant_id = \(tx.tenantID) AND id = \(id) AND closed_at IS NULL"
        ) { row in try Role(rawValue: row.decode("role")) } ?? nil
    }

    /// Each closes once, accepted or taken back.
    /// - Returns: false when it was not open any more.
    static func close<Scope: TransactionScope & HasTenant>(
        _ id: Invitation.ID, acceptedBy user: UserID?, in tx: borrowing Transaction<Scope>
    ) throws -> Bool {
        try tx.execute(
            """
            UPDATE app.invitations SET closed_at = now(), accepted_by = \(user), kind = NULL, value = NULL
            WHERE tenant_id = \(tx.tenantID) AND id = \(id) AND closed_at IS NULL AND expires_at > now()
            """) > 0
    }

    static func find(_ token: InvitationToken) -> Query<InvitationPreview?> {
        .first(
            """
            SELECT tenant_id, id, business_name, role, kind, value
            FROM app.find_invitation(\(token.tenantID), \(token.id), \(token.hash))
            """
        ) { row in
            let tenantID: TenantID = try row.decode("tenant_id"), id: Invitation.ID = try row.decode("id"),
                name: String = try row.decode("business_name")
            let (role, identity) = try whom(&row)
            return InvitationPreview(tenantID: tenantID, id: id, businessName: name, role: role, identity: identity)
        }.quick
    }

    /// Whether the person of the transaction has proved an identity.
    static func hasProved(_ identity: LoginIdentity, in tx: borrowing MemberTransaction) throws -> Bool {
        try tx.one("SELECT app.has_proved(\(identity.kind), \(identity.value)) AS is_theirs") { row in
            try row.decode("is_theirs")
        }
    }

    /// What a person is in the business at this moment, locked so that it stays so until the transaction ends.
    static func standing(of user: UserID, in tx: borrowing TenantTransaction) throws -> Role? {
        let role: Role? =
            try tx.first(
                """
                SELECT role FROM app.memberships
                WHERE tenant_id = \(tx.tenantID) AND user_id = \(user) AND ended_at IS NULL FOR UPDATE
                """
            ) { row in try Role(rawValue: row.decode("role")) } ?? nil
        return try isOpen(in: tx) ? role : nil
    }

    /// Asked behind the lock on a membership, and by a statement of its own: it then sees a closing that has held it.
    static func isOpen<Scope: TransactionScope & HasTenant>(in tx: borrowing Transaction<Scope>) throws -> Bool {
        try tx.one("SELECT closed_at IS NULL AS is_open FROM app.tenants WHERE tenant_id = \(tx.tenantID)") { row in
            try row.decode("is_open")
        }
    }

    /// Takes back open invitations that a person has made; everybody's when nil.
    /// - Parameter roles: invitations to these stay open.
    static func closeInvitations<Scope: TransactionScope & HasTenant>(
        by user: UserID?, unless roles: [Role] = [], in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute(
            """
            UPDATE app.invitations SET closed_at = now(), kind = NULL, value = NULL
            WHERE tenant_id = \(tx.tenantID) AND invited_by = coalesce(\(user), invited_by) AND closed_at IS NULL
              AND NOT role = ANY (\(TextArray(roles.map(\.rawValue))))
            """)
    }

    private static func whom(_ row: inout Row) throws -> (Role, LoginIdentity?) {
        let role: String = try row.decode("role"), kind: String? = try row.decodeIfPresent("kind"),
            value: String? = try row.decodeIfPresent("value")
        guard let role = Role(rawValue: role) else { throw DatabaseError.decoding(column: "role") }
        guard let kind, let value else { return (role, nil) }
        // One that cannot be read must not become one for anybody.
        guard let identity = LoginIdentity(kind: kind, value: value) else {
            throw DatabaseError.decoding(column: "value")
        }
        return (role, identity)
    }
}
