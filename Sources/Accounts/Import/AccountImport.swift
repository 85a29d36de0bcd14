// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// Founds businesses that come from another system, with the passwords that their owners have there.
package struct AccountImport: Sendable {
    private let database: ConnectionPool
    /// Whether numbers and addresses were proved where they come from. Where they were not, whoever proves one first enters
    /// the account, and the password is void.
    private let isVerified: Bool

    package init(database: ConnectionPool, isVerified: Bool) {
        self.database = database
        self.isVerified = isVerified
    }

    /// All of it or nothing.
    /// - Throws: `AccountError.identityTaken`, `DatabaseError`.
    package func add(_ account: ImportedAccount) async throws -> (UserID, TenantID) {
        let user = UserID.next(), tenant = TenantID.next()
        try await database.withMember(user, of: tenant) { (tx: borrowing MemberTransaction) in
            try AccountQueries.insertTenant(account.businessName.value, in: tx)
            try AccountQueries.insertUser(account.name.value, phone: account.phone, email: account.email, in: tx)
            if let hash = account.passwordHash { try AccountQueries.setPasswordHash(hash, in: tx) }
            _ = try AccountQueries.join(as: .owner, in: tx)
            let identities = [account.phone.map { LoginIdentity.phone($0) }, account.email.map { .email($0) }]
            for identity in identities.compactMap({ $0 }) { try claim(identity, in: tx) }
        }
        return (user, tenant)
    }

    private func claim(_ identity: LoginIdentity, in tx: borrowing MemberTransaction) throws {
        guard isVerified else {
            do { try AccountQueries.claimUnverified(identity, in: tx) } catch let error as DatabaseError
                where error.violates("login_identities_pkey")
            {
                throw AccountError.identityTaken
            }
            return
        }
        guard try ChallengeQueries.claim(identity, in: tx) else { throw AccountError.identityTaken }
    }
}
