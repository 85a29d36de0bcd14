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

    /// - Parameters:
    ///   - subject: of ``subject(_:)``.
    ///   - isKnown: the device has signed in as this person before.
    /// - Throws: `AccountError.signInBlocked`, `DatabaseError`.
    func admit(_ subject: [UInt8], isKnown: Bool = false) async throws {
        let until = try await database.read(
            .first("SELECT blocked_until FROM app.sign_in_failures WHERE subject = \(subject)") { row in
                try row.decodeIfPresent("blocked_until") as Instant?
            }.quick, in: .directory)
        guard let until = until ?? nil, until > .now(), !isKnown else { return }
        throw AccountError.signInBlocked(until: until)
    }

    /// A password was wrong. Old failures go with each that comes: nobody has to come and sweep.
    func noteFailure(_ subject: [UInt8]) async throws {
        _ = try await database.write(
            .count(
                """
                INSERT INTO app.sign_in_failures AS f (subject, failures) VALUES (\(subject), 1)
                ON CONFLICT (subject) DO UPDATE SET
                    failures = CASE WHEN f.failed_at < now() - interval '1 day' THEN 1 ELSE f.failures + 1 END, failed_at = now(),
                    blocked_until = CASE WHEN f.failures + 1 >= \(Self.freeFailures) AND f.failed_at >= now() - interval '1 day'
                        THEN now() + least(interval '1 hour', interval '1 minute' * 2 ^ least(f.failures + 1 - \(Self.freeFailures), 6)) END
                """), in: .directory)
        _ = try await database.write(
            .count(
                """
                DELETE FROM app.sign_in_failures WHERE subject IN (
                    SELECT subject FROM app.sign_in_failures WHERE failed_at < now() - interval '2 days'
                    ORDER BY failed_at LIMIT 4 FOR UPDATE SKIP LOCKED)
                """), in: .directory)
    }

    static func forget<Scope: TransactionScope>(_ subject: [UInt8], in tx: borrowing Transaction<Scope>) throws {
        try tx.execute("DELETE FROM app.sign_in_failures WHERE subject = \(subject)")
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
