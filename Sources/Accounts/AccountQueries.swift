// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum AccountQueries {
    // MARK: - Directory

    static func findUser(_ identity: LoginIdentity) -> Query<UserID?> {
        .one("SELECT app.find_login_identity(\(identity.kind), \(identity.value)) AS user_id") { row in
            try row.decodeIfPresent("user_id")
        }.quick
    }

    /// Claims for the person of this transaction what nobody has proved.
    /// - Throws: `DatabaseError` naming `login_identities_pkey` when it is taken.
    static func claimUnverified(_ identity: LoginIdentity, in tx: borrowing MemberTransaction) throws {
        try tx.execute("SELECT app.claim_login_identity(\(identity.kind), \(identity.value))")
    }

    static func memberships<Scope: TransactionScope & HasUser>(in tx: borrowing Transaction<Scope>) throws
        -> [Membership]
    {
        try tx.all(
            "SELECT tenant_id, name, role, sees_own_customers, changed_at FROM app.standings_of_current_user()",
            membership)
    }

    // MARK: - People and businesses

    static func insertTenant(_ name: String, in tx: borrowing MemberTransaction) throws {
        try tx.execute("INSERT INTO app.tenants (tenant_id, name) VALUES (\(tx.tenantID), \(name))")
    }

    /// The person of this transaction joins its business, for the first time or again.
    static func join(as role: Role, in tx: borrowing MemberTransaction) throws -> Membership {
        try tx.execute(
            """
            INSERT INTO app.memberships AS m (tenant_id, user_id, role) VALUES (\(tx.tenantID), \(tx.userID), \(role.rawValue))
            ON CONFLICT (tenant_id, user_id)
                DO UPDATE SET role = excluded.role, ended_at = NULL,
                              changed_at = greatest(clock_timestamp(), m.changed_at + interval '1 microsecond')
            """)
        // What else a role means there, the business says. In one that was closed at this moment nobody is anything.
        guard let membership = try memberships(in: tx).first(where: { $0.tenantID == tx.tenantID }) else {
            throw TeamError.invitationUnknown
        }
        return membership
    }

    static func insertUser(
        _ name: String, phone: PhoneNumber?, email: EmailAddress?, in tx: borrowing MemberTransaction
    ) throws {
        try tx.execute(
            "INSERT INTO app.users (user_id, name, phone, email) VALUES (\(tx.userID), \(name), \(phone), \(email))")
    }

    /// How the person is reached from now on, in one way of the two.
    static func updateReach<Scope: TransactionScope & HasUser>(
        _ identity: LoginIdentity, in tx: borrowing Transaction<Scope>
    ) throws {
        switch identity {
        case .phone(let phone):
            try tx.execute("UPDATE app.users SET phone = \(phone) WHERE user_id = \(tx.userID)")
        case .email(let email):
            try tx.execute("UPDATE app.users SET email = \(email) WHERE user_id = \(tx.userID)")
        }
    }

    static func user<Scope: TransactionScope & HasUser>(in tx: borrowing Transaction<Scope>) throws -> User? {
        try tx.first("SELECT name, phone, email FROM app.users WHERE user_id = \(tx.userID)") { [id = tx.userID] row in
            try User(
                id: id, name: row.decode("name"), phone: row.decodeIfPresent("phone"),
                email: row.decodeIfPresent("email"))
        }
    }

    /// Keeps the transaction's person as they are until it ends.
    static func lockUser<Scope: TransactionScope & HasUser>(in tx: borrowing Transaction<Scope>) throws {
        try tx.execute("SELECT user_id FROM app.users WHERE user_id = \(tx.userID) FOR NO KEY UPDATE")
    }

    /// Whether anything leads to the transaction's person: nothing does to one who was erased.
    static func isKnown<Scope: TransactionScope & HasUser>(in tx: borrowing Transaction<Scope>) throws -> Bool {
        try tx.one("SELECT app.has_way_in() AS has") { row in try row.decode("has") }
    }

    static func rename<Scope: TransactionScope & HasUser>(_ name: Text, in tx: borrowing Transaction<Scope>) throws {
        try tx.execute("UPDATE app.users SET name = \(name.value) WHERE user_id = \(tx.userID)")
    }

    // MARK: - Passwords

    static func setPasswordHash<Scope: TransactionScope & HasUser>(
        _ hash: String, in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute(
            """
            INSERT INTO app.user_passwords (user_id, hash) VALUES (\(tx.userID), \(hash))
            ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = now()
            """)
    }

    static func deletePassword<Scope: TransactionScope & HasUser>(in tx: borrowing Transaction<Scope>) throws {
        try tx.execute("DELETE FROM app.user_passwords WHERE user_id = \(tx.userID)")
    }

    static func passwordHash(of user: UserID) -> Query<String?> {
        .first("SELECT hash FROM app.user_passwords WHERE user_id = \(user)") { row in try row.decode("hash") }
            .quick
    }

    /// The same password, hashed anew. One that was changed meanwhile stays.
    static func replacePasswordHash<Scope: TransactionScope & HasUser>(
        _ old: String, by hash: String, in tx: borrowing Transaction<Scope>
    ) throws -> Bool {
        try tx.execute(
            "UPDATE app.user_passwords SET hash = \(hash) WHERE user_id = \(tx.userID) AND hash = \(old)") > 0
    }

    /// Somebody is reached by this from now on, and by nothing that they have not proved.
    static func keepOnly<Scope: TransactionScope & HasUser>(
        _ identity: LoginIdentity, in tx: borrowing Transaction<Scope>
    ) throws {
        let (phone, email) = (identity.phone, identity.email)
        try tx.execute("UPDATE app.users SET phone = \(phone), email = \(email) WHERE user_id = \(tx.userID)")
    }

    private static func membership(_ row: inout Row) throws -> Membership {
        let tenantID: TenantID = try row.decode("tenant_id"), name: String = try row.decode("name"),
            role: String = try row.decode("role")
        guard let role = Role(rawValue: role) else { throw DatabaseError.decoding(column: "role") }
        return Membership(
            tenantID: tenantID, businessName: name,
            standing: try Standing(
                role: role, seesOwnCustomersOnly: row.decode("sees_own_customers"), changedAt: row.decode("changed_at")
            ))
    }
}
