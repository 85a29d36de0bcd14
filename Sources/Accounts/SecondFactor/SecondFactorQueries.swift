// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A person's authenticator app as it is stored.
struct StoredSecondFactor: Sendable {
    let secret: [UInt8]
    let isInForce: Bool
    let lastStep: Int
    let failures: Int
    let blockedUntil: Instant?
}

enum SecondFactorQueries {
    /// Locked, so that of many tries at once each sees what the one before it did.
    static func lock<Scope: TransactionScope & HasUser>(in tx: borrowing Transaction<Scope>) throws
        -> StoredSecondFactor?
    {
        try tx.first(
            """
            SELECT secret, confirmed_at IS NOT NULL AS is_in_force, last_step, failures, blocked_until
            FROM app.second_factors WHERE user_id = \(tx.userID) FOR UPDATE
            """
        ) { row in
            try StoredSecondFactor(
                secret: row.decode("secret"), isInForce: row.decode("is_in_force"), lastStep: row.decode("last_step"),
                failures: row.decode("failures"), blockedUntil: row.decodeIfPresent("blocked_until"))
        }
    }

    static func isInForce<Scope: TransactionScope & HasUser>(in tx: borrowing Transaction<Scope>) throws -> Bool {
        try tx.one(
            """
            SELECT EXISTS (SELECT FROM app.second_factors WHERE user_id = \(tx.userID) AND confirmed_at IS NOT NULL) AS is_on
            """
        ) { row in try row.decode("is_on") }
    }

    /// One that is shown and not in force yet takes the place of another such.
    static func put(_ secret: [UInt8], in tx: borrowing MemberTransaction) throws {
        try tx.execute(
            """
            INSERT INTO app.second_factors (user_id, secret) VALUES (\(tx.userID), \(secret))
            ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0, failures = 0, created_at = now()
            WHERE second_factors.confirmed_at IS NULL
            """)
    }

    /// A code of `step` was right.
    static func succeed<Scope: TransactionScope & HasUser>(step: Int, in tx: borrowing Transaction<Scope>) throws {
        try tx.execute(
            """
            UPDATE app.second_factors
            SET last_step = greatest(last_step, \(step)), failures = 0, blocked_until = NULL,
                confirmed_at = coalesce(confirmed_at, now())
            WHERE user_id = \(tx.userID)
            """)
    }

    static func fail<Scope: TransactionScope & HasUser>(
        blockedUntil: Instant?, in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute(
            """
            UPDATE app.second_factors SET failures = failures + 1, blocked_until = \(blockedUntil)
            WHERE user_id = \(tx.userID)
            """)
    }

    static func delete(in tx: borrowing MemberTransaction) throws -> Bool {
        try tx.execute("DELETE FROM app.recovery_codes WHERE user_id = \(tx.userID)")
        return try tx.execute("DELETE FROM app.second_factors WHERE user_id = \(tx.userID)") > 0
    }

    static func replaceRecoveryCodes(_ hashes: [[UInt8]], in tx: borrowing MemberTransaction) throws {
        try tx.execute("DELETE FROM app.recovery_codes WHERE user_id = \(tx.userID)")
        for hash in hashes {
            try tx.execute("INSERT INTO app.recovery_codes (user_id, code_hash) VALUES (\(tx.userID), \(hash))")
        }
    }

    /// - Returns: false when there is no such code, or none any more.
    static func use<Scope: TransactionScope & HasUser>(
        recoveryCode hash: [UInt8], in tx: borrowing Transaction<Scope>
    ) throws -> Bool {
        try tx.execute("DELETE FROM app.recovery_codes WHERE user_id = \(tx.userID) AND code_hash = \(hash)") > 0
    }
}
