// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Database
import Tokens

/// Slows down whoever guesses one person's password from many addresses, and nobody else.
///
/// After ten wrong passwords in a row for what was typed, each further try waits, a minute first and twice as long each time, up
/// to an hour. That would let strangers keep the owner out, so a device that has signed in before shows its mark and is not held
/// up; how often one address may try is limited besides.
package struct SignInThrottle: Sendable {
    private static let freeFailures = 10

    private let database: ConnectionPool
    private let key: Secret<SymmetricKey>

    /// - Parameter key: hides whose tries are counted.
    package init(database: ConnectionPool, key: Secret<SymmetricKey>) {
        self.database = database
        self.key = key
    }

    /// Counts a try before it is looked at: of many that come when a delay ends, one is let in. What turns out right is taken back
    /// by ``forget(_:in:)``. Old ones go with some that come: nobody has to come and sweep.
    /// - Parameters:
    ///   - subject: of ``subject(_:)``.
    ///   - isKnown: the device has signed in as this person before.
    /// - Throws: `AccountError.signInBlocked`, `DatabaseError`.
    private func admit(_ subject: [UInt8], isKnown: Bool = false) async throws {
        let counted = try await database.write(
            .count(
                """
                INSERT INTO app.sign_in_failures AS f (subject, failures) VALUES (\(subject), 1)
                ON CONFLICT (subject) DO UPDATE SET
                    failures = CASE WHEN f.failed_at < now() - interval '1 day' THEN 1 ELSE f.failures + 1 END, failed_at = now(),
                    blocked_until = CASE WHEN f.failures + 1 >= \(Self.freeFailures) AND f.failed_at >= now() - interval '1 day'
                        THEN now() + least(interval '1 hour', interval '1 minute' * 2 ^ least(f.failures + 1 - \(Self.freeFailures), 6)) END
                WHERE \(isKnown) OR f.blocked_until IS NULL OR f.blocked_until <= now()
                """), in: .directory)
        if Int.random(in: 0..<8) == 0 {
            _ = try await database.write(
                .count(
                    """
                    DELETE FROM app.sign_in_failures WHERE subject IN (
                        SELECT subject FROM app.sign_in_failures WHERE failed_at < now() - interval '2 days'
                        ORDER BY failed_at LIMIT 32 FOR UPDATE SKIP LOCKED)
                    """), in: .directory)
        }
        guard counted == 0 else { return }
        let until = try await database.read(
            .first("SELECT blocked_until FROM app.sign_in_failures WHERE subject = \(subject)") { row in
                try row.decodeIfPresent("blocked_until") as Instant?
            }.quick, in: .directory)
        throw AccountError.signInBlocked(until: (until ?? nil) ?? .now())
    }

    /// The try that was counted last was right.
    /// - Returns: how many before it were not.
    static func forget<Scope: TransactionScope>(
        _ subject: [UInt8], in tx: borrowing Transaction<Scope>
    ) throws -> Int {
        let tries: Int? = try tx.first(
            "DELETE FROM app.sign_in_failures WHERE subject = \(subject) RETURNING failures"
        ) { row in try row.decode("failures") }
        return max(0, (tries ?? 1) - 1)
    }

    /// The same outside a transaction.
    func forget(_ subject: [UInt8]) async throws {
        _ = try await database.write(
            .count("DELETE FROM app.sign_in_failures WHERE subject = \(subject)"), in: .directory)
    }

    /// Counts a try that `look` decides about. One that could not be looked at, since too many others are, does not count.
    /// - Parameter throttle: nil where nobody is slowed down.
    static func counting<Output: Sendable>(
        _ throttle: SignInThrottle?, _ subject: [UInt8]?, isKnown: Bool = false, _ look: () async throws -> Output
    ) async throws -> Output {
        guard let throttle, let subject else { return try await look() }
        try await throttle.admit(subject, isKnown: isKnown)
        do { return try await look() } catch {
            _ = try await throttle.database.write(
                .count(
                    """
                    WITH gone AS (DELETE FROM app.sign_in_failures WHERE subject = \(subject) AND failures = 1)
                    UPDATE app.sign_in_failures SET failures = failures - 1, blocked_until = NULL
                    WHERE subject = \(subject) AND failures > 1
                    """), in: .directory)
            throw error
        }
    }

    /// Those who try to sign in as somebody.
    func subject(_ identity: LoginIdentity) -> [UInt8] { subject("\(identity.kind) \(identity.value)") }

    /// Those who have signed in, and are asked for the password again.
    func subject(_ user: UserID) -> [UInt8] { subject(user.description) }

    private func subject(_ text: String) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(
                for: Array("unnati sign-in failures v1 \(text)".utf8), using: key.reveal()))
    }
}

/// The mark of a device on which somebody has signed in: `dt_` and base64url of the person and a code that only this deployment
/// can make. It opens nothing; it keeps strangers' wrong passwords from holding its owner up.
package struct DeviceMark: Sendable {
    package let text: Secret<String>

    init(of user: UserID, key: Secret<SymmetricKey>) {
        text = Secret("dt_" + Base64.url.encode(user.uuid.bytes + Self.code(user, key)))
    }

    static func isGood(_ text: String, for user: UserID, key: Secret<SymmetricKey>) -> Bool {
        guard text.utf8.count <= 128, text.hasPrefix("dt_"), let bytes = Base64.url.decode(text.utf8.dropFirst(3)),
            bytes.count == 32
        else { return false }
        return constantTimeEqual(bytes, user.uuid.bytes + code(user, key))
    }

    private static func code(_ user: UserID, _ key: Secret<SymmetricKey>) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(
                for: Array("unnati device mark v1".utf8) + user.uuid.bytes, using: key.reveal()
            )
            .prefix(16))
    }
}
