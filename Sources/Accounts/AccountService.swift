// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database
import Execution
import JSON
import Passwords
import Tokens

/// Signing up and signing in.
package struct AccountService: Sendable {
    private let database: ConnectionPool
    private let passwords: PasswordHasher
    private let codes: CodeService
    private let signIn: SignIn
    private let factors: SecondFactorService
    /// Nil where nobody is slowed down.
    private let throttle: SignInThrottle?

    init(
        database: ConnectionPool, passwords: PasswordHasher, codes: CodeService, signIn: SignIn,
        factors: SecondFactorService, throttle: SignInThrottle?
    ) {
        self.database = database
        self.passwords = passwords
        self.codes = codes
        self.signIn = signIn
        self.factors = factors
        self.throttle = throttle
    }

    // MARK: - Signing up

    /// Sends a code to whoever signs up. Nothing is founded before it comes back, and the reply is the same whether or not
    /// somebody has this number or address.
    /// - Throws: `AccountError.cannotSend`, `PoolBusy`, `DatabaseError`.
    package func register(_ registration: Registration) async throws -> OpenedChallenge {
        let hash: String? =
            if let password = registration.password { try await passwords.hash(password.secret.reveal()) } else { nil }
        let pending = PendingRegistration(registration, passwordHash: hash)
        return try await codes.send(.register, to: registration.identity, content: pending.jsonBytes)
    }

    /// Sends a code to somebody who wants to come in, or to choose a new password.
    /// - Parameter purpose: `.logIn` or `.resetPassword`.
    /// - Throws: `AccountError.cannotSend`, `DatabaseError`.
    package func sendCode(_ purpose: ChallengePurpose, to identity: LoginIdentity) async throws -> OpenedChallenge {
        let person = try await database.read(AccountQueries.findUser(identity), in: .directory)
        return try await codes.send(purpose, to: identity, isWanted: person != nil)
    }

    /// Lets in whoever brings the code that was sent.
    /// - Parameters:
    ///   - newPassword: with a reset, and only then.
    ///   - tenant: the business to enter; the person's first one when nil.
    /// - Throws: `AccountError.codeWrong`, `.challengeOver`, `.newPasswordMissing`, `.newPasswordUnasked`, `.tenantUnknown`,
    ///   `TeamError`, `PoolBusy`, `DatabaseError`.
    package func verify(
        _ id: ChallengeID, code: OneTimeCode, newPassword: Password?, tenant: TenantID?, on device: Device
    ) async throws -> SignInOutcome {
        let challenge = try await codes.find(id)
        guard challenge.userID == nil else { throw AccountError.challengeOver }
        let isReset = challenge.purpose == .resetPassword
        guard isReset || newPassword == nil else { throw AccountError.newPasswordUnasked }
        guard !isReset || newPassword != nil else { throw AccountError.newPasswordMissing }
        let hash: String? =
            if let newPassword { try await passwords.hash(newPassword.secret.reveal()) } else { nil }
        let pending = codes.content(of: challenge, id).flatMap {
            try? JSONDecoding.decode(PendingRegistration.self, from: $0)
        }
        let known = try await database.read(AccountQueries.findUser(challenge.identity), in: .directory)
        let user = known ?? .next()
        let place = try await signIn.place(for: user, in: tenant, invitation: pending?.invitation)

        let entry = try await database.withMember(user, of: place.business) {
            (tx: borrowing MemberTransaction) -> SignIn.Entry in
            let verdict = try codes.check(code, for: id, in: tx)
            guard case .right = verdict else { return .refused(verdict) }
            // The code stays good for another one.
            guard place.isOpen else { throw AccountError.tenantUnknown }
            var ended: [SessionID] = []
            if known == nil {
                guard let pending else { return .refused(.over) }
                try Self.found(user: challenge.identity, pending, in: tx)
            } else if try ChallengeQueries.confirm(challenge.identity, in: tx) {
                // Whoever has set things up in this name before may have been anybody.
                try AccountQueries.deletePassword(in: tx)
                _ = try SecondFactorQueries.delete(in: tx)
                try AccountQueries.keepOnly(challenge.identity, in: tx)
                try APIKeyQueries.revokeAll(by: tx.userID, in: tx)
                try TeamQueries.closeInvitations(by: tx.userID, in: tx)
                _ = try FederationQueries.release(at: nil, in: tx)
                ended += try SessionQueries.revokeAll(but: nil, in: tx)
            } else if try SecondFactorQueries.isInForce(in: tx) {
                // Nothing happens by half: a new password, or a business, waits for the second thing too.
                return .halfway(
                    SignInTicket(
                        tx.userID, in: tx.tenantID, by: .code, passwordHash: hash, invitation: pending?.invitation,
                        businessName: pending?.businessName))
            }
            if let hash { ended += try Self.reset(hash, in: tx) }
            try ChallengeQueries.void(challenge.identity, in: tx)
            return try signIn.admit(
                by: .code, on: device, joining: place.invitation, founding: tenant == nil ? pending?.businessName : nil,
                ended: ended, in: tx)
        }
        return try await signIn.outcome(of: entry)
    }

    private static func reset(_ hash: String, in tx: borrowing MemberTransaction) throws -> [SessionID] {
        try AccountQueries.setPasswordHash(hash, in: tx)
        try AuditLog.record(.passwordChanged, detail: "reset", in: tx)
        return try SessionQueries.revokeAll(but: nil, in: tx)
    }

    /// Lets in whoever has shown one thing before, and now a code of their app or a recovery code.
    /// - Throws: `AccountError.ticketInvalid`, `.secondFactorWrong`, `.secondFactorBlocked`, `.tenantUnknown`.
    package func complete(
        _ ticket: String, _ answer: SecondFactorService.Answer, on device: Device
    ) async throws -> SignInOutcome {
        let ticket = try signIn.open(ticket)
        let invitation = try await signIn.preview(ticket.invitation)
        let entry = try await database.withMember(ticket.userID, of: ticket.tenantID) {
            (tx: borrowing MemberTransaction) -> SignIn.Entry in
            guard ticket.holds(with: try tx.run(AccountQueries.passwordHash(of: tx.userID))) else {
                throw AccountError.ticketInvalid
            }
            guard try SecondFactorQueries.isInForce(in: tx) else { return .unproved(.unknown) }
            let verdict = try factors.check(answer, in: tx)
            guard case .right = verdict else { return .unproved(verdict) }
            let ended = if let hash = ticket.passwordHash { try Self.reset(hash, in: tx) } else { [SessionID]() }
            return try signIn.admit(
                by: ticket.way.with(answer), on: device, joining: invitation, founding: ticket.businessName,
                ended: ended, in: tx)
        }
        return try await signIn.outcome(of: entry)
    }

    private static func found(
        user identity: LoginIdentity, _ pending: PendingRegistration, in tx: borrowing MemberTransaction
    ) throws {
        try AccountQueries.insertUser(pending.name, phone: identity.phone, email: identity.email, in: tx)
        if let hash = pending.passwordHash { try AccountQueries.setPasswordHash(hash, in: tx) }
        // Of two who bring a right code at the same moment the second finds the first one's person next time.
        guard try ChallengeQueries.claim(identity, in: tx) else { throw AccountError.identityTaken }
    }

    // MARK: - Signing in with a password

    /// - Parameters:
    ///   - tenant: the business to enter; the person's first one when nil.
    ///   - mark: of a device that has signed in before.
    /// - Throws: `AccountError.credentialsWrong`, `.signInBlocked`, `.tenantUnknown`, `PoolBusy`, `DatabaseError`.
    package func logIn(
        _ identity: LoginIdentity, password: Secret<String>, tenant: TenantID?, mark: String?, on device: Device
    ) async throws -> SignInOutcome {
        let found = try await database.read(AccountQueries.findUser(identity), in: .directory)
        // An unknown person takes the same steps as a known one, down to the hash that matches nothing.
        let user = found ?? .next()
        // Nothing is written for whoever would be sent away anyway.
        guard !passwords.isBusy else { throw PoolBusy() }
        let subject = throttle?.subject(identity)
        let (verdict, stored) = try await SignInThrottle.counting(
            throttle, subject, isKnown: signIn.issuer.isKnown(mark, user)
        ) {
            let stored = try await database.read(AccountQueries.passwordHash(of: user), in: .user(user))
            return (try await passwords.verify(password.reveal(), against: stored), stored)
        }
        guard case .right(let needsRehash) = verdict, let stored else { throw AccountError.credentialsWrong }
        let rehashed = needsRehash ? try await passwords.hash(password.reveal()) : nil

        let place = try await signIn.place(for: user, in: tenant)
        let entry = try await database.withMember(user, of: place.business) {
            (tx: borrowing MemberTransaction) -> SignIn.Entry in
            let failures = if let subject { try SignInThrottle.forget(subject, in: tx) } else { 0 }
            if let rehashed { _ = try AccountQueries.replacePasswordHash(stored, by: rehashed, in: tx) }
            if try SecondFactorQueries.isInForce(in: tx) {
                if failures > 0, place.isTheirs {
                    try AuditLog.record(.signInFailed, tx.userID, detail: "\(failures)", in: tx)
                }
                return .halfway(
                    SignInTicket(tx.userID, in: tx.tenantID, by: .password, shown: rehashed ?? stored))
            }
            return try signIn.admit(by: .password, on: device, failures: failures, in: tx)
        }
        return try await signIn.outcome(of: entry)
    }
}
