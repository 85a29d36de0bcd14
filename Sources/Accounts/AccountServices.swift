// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Database
import Passwords
import Tokens

/// What this room does for the API.
package struct AccountServices: Sendable {
    package let accounts: AccountService
    package let federation: FederationService
    package let persons: PersonService
    package let sessions: SessionService
    package let factors: SecondFactorService
    package let teams: TeamService
    package let keys: APIKeyService
    package let keyRing: APIKeyRing
    package let businesses: BusinessService
    package let closing: ClosingService
    package let exports: DataExportService

    /// - Parameters:
    ///   - provider: an account with which lets people in; nil where none does.
    ///   - idleLifetime: a session that was not used for so long has ended.
    ///   - codeKey: computes what is kept of codes.
    ///   - throttle: nil where nobody is slowed down.
    package init(
        database: ConnectionPool, passwords: PasswordHasher, codes: CodeService, issuer: SessionIssuer,
        revocations: SessionRevocations, provider: OpenIDProvider?, idleLifetime: Duration, seal: SecretSeal,
        codeKey: Secret<SymmetricKey>, throttle: SignInThrottle?
    ) {
        teams = TeamService(database: database, revocations: revocations)
        factors = SecondFactorService(database: database, seal: seal, key: codeKey)
        let signIn = SignIn(
            database: database, issuer: issuer, revocations: revocations, teams: teams, seal: seal)
        accounts = AccountService(
            database: database, passwords: passwords, codes: codes, signIn: signIn, factors: factors,
            throttle: throttle)
        federation = FederationService(database: database, signIn: signIn, provider: provider)
        persons = PersonService(
            database: database, passwords: passwords, codes: codes, issuer: issuer, revocations: revocations,
            factors: factors, throttle: throttle)
        sessions = SessionService(
            database: database, issuer: issuer, revocations: revocations, idleLifetime: idleLifetime)
        keyRing = APIKeyRing(database: database)
        keys = APIKeyService(database: database, ring: keyRing)
        businesses = BusinessService(database: database, revocations: revocations)
        closing = ClosingService(database: database, revocations: revocations, teams: teams, keyRing: keyRing)
        exports = DataExportService(database: database)
    }
}
