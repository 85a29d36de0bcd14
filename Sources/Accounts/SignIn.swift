// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database
import Tokens

/// The one door behind every way of signing in: whoever has shown who they are joins or founds what they came for, and a session
/// begins.
struct SignIn: Sendable {
    let database: ConnectionPool
    let issuer: SessionIssuer
    let revocations: SessionRevocations
    let teams: TeamService
    let seal: SecretSeal

    /// What was decided in the transaction; thrown only after COMMIT, since a try that was counted stays.
    enum Entry: Sendable {
        case refused(ChallengeVerdict)
        case unproved(SecondFactorService.Verdict)
        /// One of two things has been shown.
        case halfway(SignInTicket)
        /// They are who they say, and work nowhere.
        case nowhere
        case begun(BegunSession, [Membership], ended: [SessionID])
    }

    // MARK: - Before the transaction

    /// - Throws: `TeamError.invitationUnknown`.
    func preview(_ invitation: String?) async throws -> InvitationPreview? {
        guard let invitation else { return nil }
        return try await teams.preview(invitation)
    }

    func memberships(of user: UserID) async throws -> [Membership] {
        try await database.withUser(user, .read) { (tx: borrowing UserTransaction) in
            try AccountQueries.memberships(in: tx)
        }
    }

    /// Where a transaction that lets somebody in takes place, and what they come for.
    struct Place: Sendable {
        /// The business in which the session will begin; a new one where there is none.
        let business: TenantID
        /// Whether they may come in there at all.
        let isOpen: Bool
        /// Whether they work there already.
        let isTheirs: Bool
        let invitation: InvitationPreview?
    }

    /// Whether there is such a business is told to nobody who has not proved who they are.
    /// - Parameters:
    ///   - tenant: the one they want; their first one when nil.
    ///   - token: of an invitation that they follow.
    /// - Throws: `TeamError.invitationUnknown`, `DatabaseError`.
    func place(for user: UserID, in tenant: TenantID?, invitation token: String? = nil) async throws -> Place {
        let invitation = try await preview(token)
        let standing = try await memberships(of: user).first { tenant == nil || $0.tenantID == tenant }
        return Place(
            business: invitation?.tenantID ?? standing?.tenantID ?? .next(),
            isOpen: tenant == nil || standing != nil || invitation?.tenantID == tenant,
            isTheirs: invitation == nil && standing != nil, invitation: invitation)
    }

    /// - Throws: `AccountError.ticketInvalid`.
    func open(_ ticket: String) throws(AccountError) -> SignInTicket {
        guard let ticket = SignInTicket(ticket, seal) else { throw .ticketInvalid }
        return ticket
    }

    // MARK: - Within it

    /// Begins a session in the transaction's business.
    /// - Parameters:
    ///   - invitation: to that business, which the person joins.
    ///   - name: of a business that is founded where they belong to none.
    ///   - failures: wrong passwords that came before.
    ///   - ended: sessions that end in the same transaction.
    /// - Throws: `AccountError.credentialsWrong` for somebody who is erased at this moment; `TeamError`.
    func admit(
        by way: SignInWay, on device: Device, joining invitation: InvitationPreview? = nil,
        founding name: String? = nil, failures: Int = 0, ended: [SessionID] = [], in tx: borrowing MemberTransaction
    ) throws -> Entry {
        // Of closing or erasing the account and coming in one is first, and the other sees what it has done.
        try AccountQueries.lockUser(in: tx)
        guard try AccountQueries.isKnown(in: tx) else { throw AccountError.credentialsWrong }
        // Whoever has closed their account and comes back in time has not closed it, even if they work nowhere now.
        let isReopened = try ClosingQueries.reopenAccount(in: tx)
        var memberships = try AccountQueries.memberships(in: tx)
        if let invitation, !memberships.contains(where: { $0.tenantID == tx.tenantID }) {
            memberships.append(try TeamService.accept(invitation, in: tx))
        } else if memberships.isEmpty, let name {
            memberships.append(try Self.found(tenant: name, in: tx))
        }
        guard let membership = memberships.first(where: { $0.tenantID == tx.tenantID }) else { return .nowhere }
        if isReopened { try AuditLog.record(.accountReopened, tx.userID, in: tx) }
        if failures > 0 { try AuditLog.record(.signInFailed, tx.userID, detail: "\(failures)", in: tx) }
        return .begun(try issuer.begin(in: membership, by: way, on: device, in: tx), memberships, ended: ended)
    }

    /// A business of the transaction's person.
    static func found(tenant name: String, in tx: borrowing MemberTransaction) throws -> Membership {
        try AccountQueries.insertTenant(name, in: tx)
        try AuditLog.record(.businessFounded, tx.tenantID, in: tx)
        return try AccountQueries.join(as: .owner, in: tx)
    }

    // MARK: - After it

    /// - Throws: `AccountError`.
    func outcome(of entry: Entry) async throws -> SignInOutcome {
        switch entry {
        case .refused(let verdict):
            try verdict.get()
            throw AccountError.challengeOver
        case .unproved(let verdict):
            try verdict.get()
            throw AccountError.secondFactorWrong
        case .nowhere: throw AccountError.tenantUnknown
        case .halfway(let ticket):
            return .secondFactorNeeded(ticket: ticket.text(seal), lifetime: SignInTicket.lifetime)
        case .begun(let session, let memberships, let ended):
            for session in ended { revocations.note(session) }
            return .signedIn(try await issuer.tokens(for: session), memberships)
        }
    }
}
