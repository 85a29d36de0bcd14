// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database
import Tokens

/// Signing in by an account at Google. Who somebody is there is told by issuer and subject; an address never leads to an account
/// of ours, since it may have passed to somebody else.
package struct FederationService: Sendable {
    private let database: ConnectionPool
    private let signIn: SignIn
    private let provider: OpenIDProvider?

    /// - Parameter provider: nil where this deployment has none.
    init(database: ConnectionPool, signIn: SignIn, provider: OpenIDProvider?) {
        self.database = database
        self.signIn = signIn
        self.provider = provider
    }

    /// Where to send the browser, and what it must keep until it is back.
    package struct Departure: Sendable {
        package let url: String
        package let flow: Secret<String>
        package let lifetime: Duration
    }

    /// What the browser comes back with.
    package struct Return: Sendable {
        let flow: String, state: String, code: Secret<String>, issuer: String?

        package init(flow: String, state: String, code: String, issuer: String?) {
            self.flow = flow
            self.state = state
            self.code = Secret(code)
            self.issuer = issuer
        }
    }

    // MARK: - Signing in

    /// - Parameter aim: what somebody comes for who is not known yet; nil where nothing is to be founded.
    /// - Throws: `AccountError.providerNotSet`, `.providerUnavailable`.
    package func begin(_ aim: Registration.Aim?) async throws -> Departure {
        switch aim {
        case .found(let name): try await depart(.signIn(businessName: name.value, invitation: nil))
        case .join(let token): try await depart(.signIn(businessName: nil, invitation: token))
        case nil: try await depart(.signIn(businessName: nil, invitation: nil))
        }
    }

    private func depart(_ aim: SignInFlow.Aim) async throws -> Departure {
        guard let provider else { throw AccountError.providerNotSet }
        let flow = SignInFlow(aim)
        return Departure(
            url: try await provider.authorizationURL(for: flow), flow: flow.text(signIn.seal),
            lifetime: SignInFlow.lifetime)
    }

    /// Lets in whoever the provider says it is.
    /// - Parameter tenant: the business to enter; the person's first one when nil.
    /// - Throws: `AccountError.flowInvalid`, `.providerNotSet`, `.providerUnavailable`, `.providerAnswerInvalid`,
    ///   `.accountUnknown`, `.providerEmailUnverified`, `.tenantUnknown`; `TeamError`, `DatabaseError`.
    package func finish(_ arrival: Return, tenant: TenantID?, on device: Device) async throws -> SignInOutcome {
        let (provider, flow) = try open(arrival)
        guard case .signIn(let businessName, let token) = flow.aim else { throw AccountError.flowInvalid }
        let person = try await person(arrival, flow, provider)
        let issuer = provider.settings.issuer
        let known = try await database.read(FederationQueries.find(person.subject, at: issuer), in: .directory)
        guard known != nil || token != nil || businessName != nil else { throw AccountError.accountUnknown }
        let user = known ?? .next()
        let place = try await signIn.place(for: user, in: tenant, invitation: token)

        let entry = try await database.withMember(user, of: place.business) {
            (tx: borrowing MemberTransaction) -> SignIn.Entry in
            guard place.isOpen else { throw AccountError.tenantUnknown }
            if known == nil {
                try Self.found(person, at: issuer, in: tx)
            } else if try SecondFactorQueries.isInForce(in: tx) {
                return .halfway(
                    SignInTicket(
                        tx.userID, in: tx.tenantID, by: .google, invitation: token, businessName: businessName))
            }
            return try signIn.admit(
                by: .google, on: device, joining: place.invitation, founding: tenant == nil ? businessName : nil, in: tx
            )
        }
        return try await signIn.outcome(of: entry)
    }

    private static func found(
        _ person: OpenIDProvider.Person, at issuer: String, in tx: borrowing MemberTransaction
    ) throws {
        // Codes and news go there, so it must be theirs. Nobody signs in by it before they have shown that to us, too.
        guard let email = person.email, person.isEmailVerified else { throw AccountError.providerEmailUnverified }
        let name = person.name.flatMap { try? Text($0, at: "", maximumBytes: 200) }?.value
        try AccountQueries.insertUser(
            name ?? String(email.address.prefix { $0 != "@" }), phone: nil, email: email, in: tx)
        guard try FederationQueries.claim(person.subject, at: issuer, email: email, in: tx) else {
            throw AccountError.identityTaken
        }
    }

    // MARK: - Of somebody who is signed in

    /// - Throws: `AccountError.confirmationNeeded`, `.providerNotSet`, `.providerUnavailable`.
    package func beginLink(_ caller: Caller.Person) async throws -> Departure {
        try await Confirmation.require(of: caller, database)
        return try await depart(.link(caller.userID, caller.sessionID))
    }

    /// From now on the person signs in by this account too.
    /// - Throws: `AccountError.flowInvalid`, `.providerUnavailable`, `.providerAnswerInvalid`, `.identityTaken`,
    ///   `.providerLinked`.
    package func finishLink(_ arrival: Return, _ caller: Caller.Person) async throws {
        let (provider, flow) = try open(arrival)
        guard case .link(caller.userID, caller.sessionID) = flow.aim else { throw AccountError.flowInvalid }
        let person = try await person(arrival, flow, provider), issuer = provider.settings.issuer
        let holder = try await database.read(FederationQueries.find(person.subject, at: issuer), in: .directory)
        guard holder != caller.userID else { return }
        guard holder == nil else { throw AccountError.identityTaken }
        try await database.withMember(caller.userID, of: caller.tenantID) { (tx: borrowing MemberTransaction) in
            guard try !FederationQueries.all(in: tx).contains(where: { $0.issuer == issuer }) else {
                throw AccountError.providerLinked
            }
            guard try FederationQueries.claim(person.subject, at: issuer, email: person.email, in: tx) else {
                throw AccountError.identityTaken
            }
            try AuditLog.record(.identityChanged, caller.userID, detail: "google", in: tx)
        }
    }

    /// The account elsewhere no longer signs the person in.
    /// - Throws: `AccountError.confirmationNeeded`, `.providerNotLinked`, `.lastWayIn`.
    package func unlink(_ caller: Caller.Person) async throws {
        try await database.withMember(caller.userID, of: caller.tenantID) { (tx: borrowing MemberTransaction) in
            try Confirmation.require(of: caller.sessionID, in: tx)
            guard try FederationQueries.hasAnotherWay(in: tx) else { throw AccountError.lastWayIn }
            guard try FederationQueries.release(at: nil, in: tx) else { throw AccountError.providerNotLinked }
            try AuditLog.record(.identityChanged, caller.userID, detail: "google unlinked", in: tx)
        }
    }

    // MARK: - The way back

    /// The flow that the browser holds, where it is the one it comes back from.
    private func open(_ arrival: Return) throws(AccountError) -> (OpenIDProvider, SignInFlow) {
        guard let provider else { throw .providerNotSet }
        guard let flow = SignInFlow(arrival.flow, signIn.seal),
            constantTimeEqual(Array(arrival.state.utf8), Array(flow.state.reveal().utf8))
        else { throw .flowInvalid }
        return (provider, flow)
    }

    /// Used up before the provider is asked: of two who bring the same, one gets no further.
    private func person(
        _ arrival: Return, _ flow: SignInFlow, _ provider: OpenIDProvider
    ) async throws -> OpenIDProvider.Person {
        let isFirst = try await database.withTenant(TenantID(flow.id.uuid)) { (tx: borrowing TenantTransaction) in
            try FederationQueries.use(flow, in: tx)
        }
        guard isFirst else { throw AccountError.flowInvalid }
        return try await provider.person(for: arrival.code, flow, issuer: arrival.issuer)
    }
}
