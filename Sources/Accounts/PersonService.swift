// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database
import Passwords
import Tokens

/// What a person who is signed in does with their own account, and the businesses they move between.
package struct PersonService: Sendable {
    private let database: ConnectionPool
    private let passwords: PasswordHasher
    private let codes: CodeService
    private let issuer: SessionIssuer
    private let revocations: SessionRevocations
    private let factors: SecondFactorService
    private let throttle: SignInThrottle?

    init(
        database: ConnectionPool, passwords: PasswordHasher, codes: CodeService, issuer: SessionIssuer,
        revocations: SessionRevocations, factors: SecondFactorService, throttle: SignInThrottle?
    ) {
        self.database = database
        self.passwords = passwords
        self.codes = codes
        self.issuer = issuer
        self.revocations = revocations
        self.factors = factors
        self.throttle = throttle
    }

    /// How long an access token lives.
    package var accessLifetime: Duration { issuer.accessTokens.lifetime }

    /// The person and all their businesses.
    package func me(_ caller: Caller.Person) async throws -> Profile {
        try await database.withUser(caller.userID, .read) { (tx: borrowing UserTransaction) in
            try Self.profile(in: tx)
        }
    }

    /// Gives the person another name.
    package func rename(_ name: Text, _ caller: Caller.Person) async throws -> Profile {
        try await database.withUser(caller.userID) { (tx: borrowing UserTransaction) in
            try AccountQueries.rename(name, in: tx)
            return try Self.profile(in: tx)
        }
    }

    private static func profile(in tx: borrowing UserTransaction) throws -> Profile {
        guard let user = try AccountQueries.user(in: tx) else { throw AccountError.credentialsWrong }
        return Profile(
            user: user, memberships: try AccountQueries.memberships(in: tx),
            google: try FederationQueries.all(in: tx).first)
    }

    // MARK: - Businesses

    /// Founds one more business for a person.
    /// - Parameter around: is given what founds it, to be called once at most; works in the same transaction.
    package func createTenant<Output: Sendable>(
        _ name: Text, owner: UserID,
        around: @escaping @Sendable (borrowing MemberTransaction, () throws -> Membership) throws -> Output
    ) async throws -> Output {
        let tenant = TenantID.next()
        return try await database.withMember(owner, of: tenant) { (tx: borrowing MemberTransaction) in
            try around(tx) {
                try SignIn.found(tenant: name.value, in: tx)
            }
        }
    }

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
        let person = Caller.Person(
            userID: caller.userID, sessionID: caller.sessionID, tenantID: tenant, standing: membership.standing)
        return (membership, try await issuer.accessToken(for: person))
    }

    // MARK: - Showing that it is still them

    /// Where the person can be reached.
    /// - Throws: `AccountError.cannotSend`, `DatabaseError`.
    package func ownIdentity(_ caller: Caller.Person) async throws -> LoginIdentity {
        let person = try await me(caller).user
        if let phone = person.phone { return .phone(phone) }
        if let email = person.email { return .email(email) }
        throw AccountError.cannotSend(kind: "phone")
    }

    /// Sends a code to a number or address of the person's own, to be brought to ``confirm(code:for:_:)``.
    /// - Throws: `AccountError.cannotSend`, `DatabaseError`.
    package func sendConfirmation(to identity: LoginIdentity, _ caller: Caller.Person) async throws -> OpenedChallenge {
        try await codes.send(.confirm, to: identity, of: caller.userID)
    }

    /// - Throws: `AccountError.passwordWrong`, `.secondFactorRequired`, `PoolBusy`, `DatabaseError`.
    package func confirm(password: Secret<String>, _ caller: Caller.Person) async throws {
        _ = try await check(password, of: caller)
        try await database.withMember(caller.userID, of: caller.tenantID) { (tx: borrowing MemberTransaction) in
            guard try !SecondFactorQueries.isInForce(in: tx) else { throw AccountError.secondFactorRequired }
            try SessionQueries.noteAuthentication(caller.sessionID, in: tx)
            try AuditLog.record(.confirmed, caller.sessionID, detail: "password", in: tx)
        }
    }

    /// - Throws: `AccountError.codeWrong`, `.challengeOver`, `DatabaseError`.
    package func confirm(code: OneTimeCode, for id: ChallengeID, _ caller: Caller.Person) async throws {
        let challenge = try await codes.find(id)
        guard challenge.purpose == .confirm, challenge.userID == caller.userID else { throw AccountError.challengeOver }
        let verdict = try await database.withMember(caller.userID, of: caller.tenantID) {
            (tx: borrowing MemberTransaction) in
            let verdict = try codes.check(code, for: id, in: tx)
            guard case .right = verdict else { return verdict }
            guard try !SecondFactorQueries.isInForce(in: tx) else { throw AccountError.secondFactorRequired }
            try SessionQueries.noteAuthentication(caller.sessionID, in: tx)
            try AuditLog.record(.confirmed, caller.sessionID, detail: "code", in: tx)
            return verdict
        }
        try verdict.get()
    }

    /// Of somebody with an authenticator app.
    /// - Throws: `AccountError.secondFactorWrong`, `.secondFactorBlocked`, `.secondFactorUnknown`.
    package func confirm(_ answer: SecondFactorService.Answer, _ caller: Caller.Person) async throws {
        let verdict = try await database.withMember(caller.userID, of: caller.tenantID) {
            (tx: borrowing MemberTransaction) -> SecondFactorService.Verdict in
            guard try SecondFactorQueries.isInForce(in: tx) else { return .unknown }
            let verdict = try factors.check(answer, in: tx)
            guard case .right = verdict else { return verdict }
            try SessionQueries.noteAuthentication(caller.sessionID, in: tx)
            try AuditLog.record(.confirmed, caller.sessionID, detail: "app", in: tx)
            return verdict
        }
        try verdict.get()
    }

    /// Somebody who guesses inside a session is slowed down as one who guesses before it.
    /// - Returns: the hash that matched; nil for somebody without a password, whose every guess is wrong.
    private func check(_ password: Secret<String>, of caller: Caller.Person) async throws -> String? {
        let subject = throttle?.subject(caller.userID)
        let (verdict, stored) = try await SignInThrottle.counting(throttle, subject) {
            let hash = AccountQueries.passwordHash(of: caller.userID)
            let stored = try await database.read(hash, in: .user(caller.userID))
            return (try await passwords.verify(password.reveal(), against: stored), stored)
        }
        guard case .right = verdict else { throw AccountError.passwordWrong }
        if let subject { try await throttle?.forget(subject) }
        return stored
    }

    // MARK: - Numbers, addresses and passwords

    /// Sends a code to the number or address that the person wants to sign in with from now on.
    /// - Throws: `AccountError.confirmationNeeded`, `.cannotSend`, `DatabaseError`.
    package func addIdentity(_ identity: LoginIdentity, _ caller: Caller.Person) async throws -> OpenedChallenge {
        try await Confirmation.require(of: caller, database)
        return try await codes.send(.addIdentity, to: identity, of: caller.userID)
    }

    /// The number or address takes the place of the one of its kind.
    /// - Throws: `AccountError.codeWrong`, `.challengeOver`, `.identityTaken`, `DatabaseError`.
    package func verifyIdentity(
        _ id: ChallengeID, code: OneTimeCode, _ caller: Caller.Person
    ) async throws -> Profile {
        let challenge = try await codes.find(id)
        guard challenge.purpose == .addIdentity, challenge.userID == caller.userID else {
            throw AccountError.challengeOver
        }
        let verdict = try await database.withMember(caller.userID, of: caller.tenantID) {
            (tx: borrowing MemberTransaction) in
            let verdict = try codes.check(code, for: id, in: tx)
            guard case .right = verdict else { return verdict }
            guard try ChallengeQueries.claim(challenge.identity, in: tx) else { throw AccountError.identityTaken }
            try ChallengeQueries.release(allBut: challenge.identity, in: tx)
            try ChallengeQueries.void(challenge.identity, in: tx)
            try AccountQueries.updateReach(challenge.identity, in: tx)
            try AuditLog.record(.identityChanged, caller.userID, detail: challenge.identity.kind, in: tx)
            return verdict
        }
        try verdict.get()
        return try await me(caller)
    }

    /// Sets a new password and ends all other sessions.
    /// - Parameter current: the old one; nil for a person without one, who must have shown lately that it is them.
    /// - Throws: `AccountError.passwordWrong`, `.confirmationNeeded`, `PoolBusy`, `DatabaseError`.
    package func changePassword(
        to password: Password, current: Secret<String>?, _ caller: Caller.Person
    ) async throws {
        let stored = try await database.read(AccountQueries.passwordHash(of: caller.userID), in: .user(caller.userID))
        if stored != nil {
            guard let current, try await check(current, of: caller) == stored else {
                throw AccountError.passwordWrong
            }
        }
        let hash = try await passwords.hash(password.secret.reveal())
        let ended = try await database.withMember(caller.userID, of: caller.tenantID) {
            (tx: borrowing MemberTransaction) in
            if stored == nil { try Confirmation.require(of: caller.sessionID, in: tx) }
            if let stored {
                // Of a reset that came in between, nothing is undone.
                guard try AccountQueries.replacePasswordHash(stored, by: hash, in: tx) else {
                    throw AccountError.passwordWrong
                }
            } else {
                try AccountQueries.setPasswordHash(hash, in: tx)
            }
            try AuditLog.record(.passwordChanged, in: tx)
            return try SessionQueries.revokeAll(but: caller.sessionID, in: tx)
        }
        for session in ended { revocations.note(session) }
    }
}
