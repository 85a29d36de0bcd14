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

    /// Claims for the person of this transaction.
    /// - Throws: `DatabaseError` naming `login_identities_pkey` when it is taken.
    static func claim(_ identity: LoginIdentity, in tx: borrowing MemberTransaction) throws {
        try tx.execute("SELECT app.claim_login_identity(\(identity.kind), \(identity.value))")
    }

    static func memberships(in tx: borrowing UserTransaction) throws -> [Membership] {
        try tx.all("SELECT tenant_id, name, role FROM app.memberships_of_current_user()", membership)
    }

    // MARK: - People and businesses

    static func insertTenant(_ name: Text, in tx: borrowing MemberTransaction) throws {
        try tx.execute("INSERT INTO app.tenants (tenant_id, name) VALUES (\(tx.tenantID), \(name.value))")
    }

    static func insertMembership(_ role: Role, in tx: borrowing MemberTransaction) throws {
        try tx.execute(
            "INSERT INTO app.memberships (tenant_id, user_id, role) VALUES (\(tx.tenantID), \(tx.userID), \(role.rawValue))"
        )
    }

    static func insertUser(_ registration: Registration, in tx: borrowing MemberTransaction) throws {
        try tx.execute(
            """
            INSERT INTO app.users (user_id, name, phone, email)
            VALUES (\(tx.userID), \(registration.name.value), \(registration.phone), \(registration.email))
            """)
    }

    static func user(in tx: borrowing UserTransaction) throws -> User? {
        try tx.first("SELECT name, phone, email FROM app.users WHERE user_id = \(tx.userID)") { [id = tx.userID] row in
            try User(
                id: id, name: row.decode("name"), phone: row.decodeIfPresent("phone"),
                email: row.decodeIfPresent("email"))
        }
    }

    static func rename(_ name: Text, in tx: borrowing UserTransaction) throws {
        try tx.execute("UPDATE app.users SET name = \(name.value) WHERE user_id = \(tx.userID)")
    }

    // MARK: - Passwords

    static func insertPasswordHash(_ hash: String, in tx: borrowing MemberTransaction) throws {
        try tx.execute("INSERT INTO app.user_passwords (user_id, hash) VALUES (\(tx.userID), \(hash))")
    }

    static func passwordHash(of user: UserID) -> Query<String?> {
        .first("SELECT hash FROM app.user_passwords WHERE user_id = \(user)") { row in try row.decode("hash") }
            .quick
    }

    static func updatePasswordHash(_ hash: String, in tx: borrowing UserTransaction) throws {
        try tx.execute("UPDATE app.user_passwords SET hash = \(hash) WHERE user_id = \(tx.userID)")
    }

    private static func membership(_ row: inout Row) throws -> Membership {
        let tenantID: TenantID = try row.decode("tenant_id"), name: String = try row.decode("name"),
            role: String = try row.decode("role")
        guard let role = Role(rawValue: role) else { throw DatabaseError.decoding(column: "role") }
        return Membership(tenantID: tenantID, businessName: name, role: role)
    }
}
