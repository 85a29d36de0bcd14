// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Crypto
import Database
import Tokens

/// Authenticator apps: taken into use, asked, and given up.
package struct SecondFactorService: Sendable {
    /// After so many wrong codes in a row each further one waits twice as long as the one before.
    private static let freeFailures = 5

    private let database: ConnectionPool
    private let seal: SecretSeal
    private let key: Secret<SymmetricKey>

    /// - Parameter key: computes what is kept of recovery codes.
    package init(database: ConnectionPool, seal: SecretSeal, key: Secret<SymmetricKey>) {
        self.database = database
        self.seal = seal
        self.key = key
    }

    /// What an app is set up with.
    package struct Offer: Sendable {
        package let secret: Secret<String>
        package let uri: Secret<String>
    }

    // MARK: - Taking one into use

    /// A secret for an app. It is in force once a code of it has come back.
    /// - Throws: `AccountError.secondFactorInForce`, `.confirmationNeeded`.
    package func offer(_ caller: Caller.Person) async throws -> Offer {
        let totp = TOTP.random()
        let sealed = seal.seal(totp.bytes.reveal(), for: Self.purpose(caller.userID))
        let user = try await database.withMember(caller.userID, of: caller.tenantID) {
            (tx: borrowing MemberTransaction) in
            try Confirmation.require(of: caller.sessionID, in: tx)
            guard try !SecondFactorQueries.isInForce(in: tx) else { throw AccountError.secondFactorInForce }
            try SecondFactorQueries.put(sealed, in: tx)
            return try AccountQueries.user(in: tx)
        }
        let account = user?.phone?.e164 ?? user?.email?.address ?? "Unnati"
        return Offer(secret: totp.text, uri: totp.uri(account: account))
    }

    /// - Returns: recovery codes, which are shown this once.
    /// - Throws: `AccountError.secondFactorWrong`, `.secondFactorBlocked`, `.secondFactorInForce`, `.secondFactorUnknown`.
    package func confirm(_ code: OneTimeCode, _ caller: Caller.Person) async throws -> [Secret<String>] {
        let codes = Self.newCodes()
        let verdict = try await database.withMember(caller.userID, of: caller.tenantID) {
            (tx: borrowing MemberTransaction) -> Verdict in
            guard try !SecondFactorQueries.isInForce(in: tx) else { throw AccountError.secondFactorInForce }
            let verdict = try check(.app(code), in: tx)
            guard case .right = verdict else { return verdict }
            try SecondFactorQueries.replaceRecoveryCodes(codes.map { $0.hash(of: tx.userID, key: key) }, in: tx)
            try AuditLog.record(.secondFactorOn, tx.userID, in: tx)
            return verdict
        }
        try verdict.get()
        return codes.map(\.text)
    }

    /// New recovery codes; the old ones are void.
    /// - Throws: `AccountError.secondFactorUnknown`, `.confirmationNeeded`.
    package func renewRecoveryCodes(_ caller: Caller.Person) async throws -> [Secret<String>] {
        let codes = Self.newCodes()
        try await database.withMember(caller.userID, of: caller.tenantID) { (tx: borrowing MemberTransaction) in
            try Confirmation.require(of: caller.sessionID, in: tx)
            guard try SecondFactorQueries.isInForce(in: tx) else { throw AccountError.secondFactorUnknown }
            try SecondFactorQueries.replaceRecoveryCodes(codes.map { $0.hash(of: tx.userID, key: key) }, in: tx)
            try AuditLog.record(.recoveryCodesRenewed, tx.userID, in: tx)
        }
        return codes.map(\.text)
    }

    /// - Throws: `AccountError.secondFactorUnknown`, `.confirmationNeeded`.
    package func remove(_ caller: Caller.Person) async throws {
        try await database.withMember(caller.userID, of: caller.tenantID) { (tx: borrowing MemberTransaction) in
            try Confirmation.require(of: caller.sessionID, in: tx)
            guard try SecondFactorQueries.delete(in: tx) else { throw AccountError.secondFactorUnknown }
            try AuditLog.record(.secondFactorOff, tx.userID, in: tx)
        }
    }

    private static func newCodes() -> [RecoveryCode] { (0..<10).map { _ in .random() } }

    // MARK: - Asking

    /// What somebody types who is asked for a code.
    package enum Answer: Sendable {
        case app(OneTimeCode)
        case recovery(RecoveryCode)

        /// Nil for what can be neither.
        package init?(_ typed: String) {
            if let code = OneTimeCode(typed) {
                self = .app(code)
            } else if let code = RecoveryCode(typed) {
                self = .recovery(code)
            } else {
                return nil
            }
        }
    }

    enum Verdict: Sendable {
        case right, wrong
        case blocked(until: Instant)
        /// There is no app.
        case unknown

        /// - Throws: `AccountError`. Only behind COMMIT: a try that was counted stays so.
        func get() throws(AccountError) {
            switch self {
            case .right: return
            case .wrong: throw .secondFactorWrong
            case .blocked(let instant): throw .secondFactorBlocked(until: instant)
            case .unknown: throw .secondFactorUnknown
            }
        }
    }

    /// One try, counted in the transaction that does what it is for.
    func check<Scope: TransactionScope & HasUser>(
        _ answer: Answer, in tx: borrowing Transaction<Scope>
    ) throws -> Verdict {
        guard let stored = try SecondFactorQueries.lock(in: tx) else { return .unknown }
        let now = Instant.now()
        if let until = stored.blockedUntil, until > now { return .blocked(until: until) }
        switch answer {
        case .app(let code):
            guard let secret = seal.open(stored.secret, for: Self.purpose(tx.userID)) else { return .unknown }
            let totp = TOTP(secret: Secret(secret))
            if let step = totp.step(of: code, now: now, after: Int64(stored.lastStep)) {
                try SecondFactorQueries.succeed(step: Int(step), in: tx)
                return .right
            }
        case .recovery(let code):
            if stored.isInForce, try SecondFactorQueries.use(recoveryCode: code.hash(of: tx.userID, key: key), in: tx) {
                try SecondFactorQueries.succeed(step: 0, in: tx)
                return .right
            }
        }
        try SecondFactorQueries.fail(blockedUntil: Self.blocked(after: stored.failures + 1, now), in: tx)
        return .wrong
    }

    /// A minute after the fifth wrong code in a row, then twice as long each time, up to an hour.
    private static func blocked(after failures: Int, _ now: Instant) -> Instant? {
        guard failures >= freeFailures else { return nil }
        let doublings = min(failures - freeFailures, 6)
        return now.advanced(by: min(.seconds(60) * (1 << doublings), .seconds(3_600)))
    }

    static func purpose(_ user: UserID) -> SecretSeal.Purpose { .init("totp secret", user.uuid) }
}
