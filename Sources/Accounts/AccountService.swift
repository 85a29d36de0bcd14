// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Passwords
import Tokens

/// Signing up, signing in and moving between businesses.
package struct AccountService: Sendable {
    private let database: ConnectionPool
    private let passwords: PasswordHasher
    private let accessTokens: AccessTokens
    private let refreshTokens: RefreshTokens
    private let revocations: SessionRevocations
    private let sessionLifetime: Duration

    package init(
        database: ConnectionPool, passwords: PasswordHasher, accessTokens: AccessTokens, refreshTokens: RefreshTokens,
        revocations: SessionRevocations, sessionLifetime: Duration
    ) {
        self.database = database
        self.passwords = passwords
        self.accessTokens = accessTokens
        self.refreshTokens = refreshTokens
        self.revocations = revocations
        self.sessionLifetime = sessionLifetime
    }

    /// How long an access token lives.
    package var accessLifetime: Duration { accessTokens.lifetime }

    // MARK: - Signing up

    /// Founds a business with its owner and signs the owner in: all of it or nothing.
    /// - Throws: `AccountError.phoneTaken`, `.emailTaken`, `PoolBusy`, `DatabaseError`.
    package func register(_ registration: Registration) async throws -> SignedIn {
        let hash = try await passwords.hash(registration.password.secret.reveal())
        let user = UserID.next(), tenant = TenantID.next(), session = SessionID.next()
        let expiresAt = Instant.now().advanced(by: sessionLifetime)
        try await database.withMember(user, of: tenant) { (tx: borrowing MemberTransaction) in
            try AccountQueries.insertTenant(registration.businessName, in: tx)
            try AccountQueries.insertUser(registration, in: tx)
            try AccountQueries.insertPasswordHash(hash, in: tx)
            try AccountQueries.insertMembership(.owner, in: tx)
            if let phone = registration.phone { try Self.claim(.phone(phone), or: .phoneTaken, in: tx) }
            if let email = registration.email { try Self.claim(.email(email), or: .emailTaken, in: tx) }
            try SessionQueries.insert(session, tenant: tenant, expiresAt: expiresAt, in: tx)
        }
        return try await signedIn(user, session, generation: 1, in: tenant)
    }

    private static func claim(_ identity: LoginIdentity, or taken: AccountError, in tx: borrowing MemberTransaction)
        throws
    {
        do {
            try AccountQueries.claim(identity, in: tx)
        } catch let error as DatabaseError where error.violates("login_identities_pkey") {
            throw taken
        }
    }

    /// Founds one more business for a person.
    /// - Parameter around: is given what founds it, to be called once at most; works in the same transaction.
    package func createTenant<Output: Sendable>(
        _ name: Text, owner: UserID,
        around: @escaping @Sendable (borrowing MemberTransaction, () throws -> Membership) throws -> Output
    ) async throws -> Output {
        let tenant = TenantID.next()
        return try await database.withMember(owner, of: tenant) { (tx: borrowing MemberTransaction) in
            try around(tx) {
                try AccountQueries.insertTenant(name, in: tx)
                try AccountQueries.insertMembership(.owner, in: tx)
                return Membership(tenantID: tenant, businessName: name.value, role: .owner)
            }
        }
    }

    // MARK: - Signing in

    /// - Parameter tenant: the business to enter; the person's first one when nil.
    /// - Throws: `AccountError.credentialsWrong`, `.tenantUnknown`, `PoolBusy`, `DatabaseError`.
    package func logIn(_ identity: LoginIdentity, password: Secret<String>, tenant: TenantID?) async throws -> (
        SignedIn, [Membership]
    ) {
        let found = try await database.read(AccountQueries.findUser(identity), in: .directory)
        // An unknown person takes the same steps as a known one, down to the hash that matches nothing.
        let user = found ?? .next()
        let stored = try await database.read(AccountQueries.passwordHash(of: user), in: .user(user))
        let verdict = try await passwords.verify(password.reveal(), against: stored)
        guard case .right(let needsRehash) = verdict else { throw AccountError.credentialsWrong }
        let rehashed = needsRehash ? try await passwords.hash(password.reveal()) : nil

        let session = SessionID.next(), expiresAt = Instant.now().advanced(by: sessionLifetime)
        let (membership, memberships) = try await database.withUser(user) { (tx: borrowing UserTransaction) in
            if let rehashed { try AccountQueries.updatePasswordHash(rehashed, in: tx) }
            let memberships = try AccountQueries.memberships(in: tx)
            guard let membership = memberships.first(where: { tenant == nil || $0.tenantID == tenant }) else {
                throw AccountError.tenantUnknown
            }
            try SessionQueries.insert(session, tenant: membership.tenantID, expiresAt: expiresAt, in: tx)
            return (membership, memberships)
        }
        return (try await signedIn(user, session, generation: 1, in: membership.tenantID), memberships)
    }

    /// What was decided about a refresh while its session was locked; thrown only after COMMIT, since a revocation stays.
    private enum Rotation: Sendable { case current(Int, TenantID), unknown, reused }

    /// Trades a refresh token for new tokens.
    ///
    /// The newest token rotates the session. Its predecessor stays good until the newest is used for the first time, so a
    /// reply that was lost on the way signs nobody out, and of many refreshes at once all get the same successor. Anything
    /// older ends the session.
    /// - Throws: `AccountError.refreshTokenInvalid`, `.refreshTokenReused`, `DatabaseError`.
    package func refresh(_ token: String) async throws -> SignedIn {
        guard let claims = refreshTokens.claims(of: token) else { throw AccountError.refreshTokenInvalid }
        let rotation: Rotation = try await database.withUser(claims.userID) { (tx: borrowing UserTransaction) in
            guard let session = try SessionQueries.lock(claims.sessionID, in: tx), session.isLive else {
                return .unknown
            }
            switch claims.generation {
            case session.generation:
                try SessionQueries.rotate(claims.sessionID, in: tx)
                return .current(session.generation + 1, session.tenantID)
            case session.generation - 1: return .current(session.generation, session.tenantID)
            default:
                try SessionQueries.revoke(claims.sessionID, in: tx)
                return .reused
            }
        }
        switch rotation {
        case .current(let generation, let tenant):
            return try await signedIn(claims.userID, claims.sessionID, generation: generation, in: tenant)
        case .unknown: throw AccountError.refreshTokenInvalid
        case .reused:
            revocations.note(claims.sessionID)
            throw AccountError.refreshTokenReused
        }
    }

    /// Ends the caller's session: its refresh token at once, its access tokens within seconds on every server.
    package func logOut(_ caller: Caller.Person) async throws {
        try await database.withUser(caller.userID) { (tx: borrowing UserTransaction) in
            try SessionQueries.revoke(caller.sessionID, in: tx)
        }
        revocations.note(caller.sessionID)
    }

    // MARK: - Moving about

    /// Enters another of the person's businesses with the same session.
    /// - Throws: `AccountError.tenantUnknown`, `DatabaseError`.
    package func enter(_ tenant: TenantID, _ caller: Caller.Person) async throws -> (
        Membership, accessToken: Secret<String>
    ) {
        let membership = try await database.withUser(caller.userID) { (tx: borrowing UserTransaction) in
            guard let membership = try AccountQueries.memberships(in: tx).first(where: { $0.tenantID == tenant }) else {
                throw AccountError.tenantUnknown
            }
            try SessionQueries.move(caller.sessionID, to: tenant, in: tx)
            return membership
        }
        return (
            membership,
            Secret(try await accessTokens.sign(user: caller.userID, session: caller.sessionID, tenant: tenant))
        )
    }

    /// The person and all their businesses.
    package func me(_ caller: Caller.Person) async throws -> (User, [Membership]) {
        try await database.withUser(caller.userID, .read) { (tx: borrowing UserTransaction) in
            guard let person = try AccountQueries.user(in: tx) else { throw AccountError.credentialsWrong }
            return (person, try AccountQueries.memberships(in: tx))
        }
    }

    /// Gives the person another name.
    package func rename(_ name: Text, _ caller: Caller.Person) async throws -> (User, [Membership]) {
        try await database.withUser(caller.userID) { (tx: borrowing UserTransaction) in
            try AccountQueries.rename(name, in: tx)
            guard let person = try AccountQueries.user(in: tx) else { throw AccountError.credentialsWrong }
            return (person, try AccountQueries.memberships(in: tx))
        }
    }

    private func signedIn(_ user: UserID, _ session: SessionID, generation: Int, in tenant: TenantID) async throws
        -> SignedIn
    {
        SignedIn(
            userID: user, tenantID: tenant,
            accessToken: Secret(try await accessTokens.sign(user: user, session: session, tenant: tenant)),
            accessLifetime: accessTokens.lifetime,
            refreshToken: Secret(
                refreshTokens.token(for: RefreshClaims(user: user, session: session, generation: generation))))
    }
}
