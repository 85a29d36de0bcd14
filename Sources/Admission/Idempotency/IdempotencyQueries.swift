// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum IdempotencyQueries {
    /// Until the transaction ends; false when another has it. What that one keeps is seen by the statements behind.
    static func lock(_ key: IdempotencyKey, in tx: borrowing TenantTransaction) throws -> Bool {
        try tx.one("SELECT pg_try_advisory_xact_lock(\(key.lock)) AS is_taken") { row in try row.decode("is_taken") }
    }

    /// What is older than a day, some at a time.
    static func deleteExpired(in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            DELETE FROM app.idempotency_keys
            WHERE tenant_id = \(tx.tenantID) AND (user_id, operation, key_hash) IN (
                SELECT user_id, operation, key_hash FROM app.idempotency_keys
                WHERE tenant_id = \(tx.tenantID) AND created_at < now() - interval '24 hours' LIMIT 20 FOR UPDATE SKIP LOCKED)
            """)
    }

    static func find(_ key: IdempotencyKey, in tx: borrowing TenantTransaction) throws -> (
        fingerprint: [UInt8], reply: KeptReply
    )? {
        try tx.first(
            """
            SELECT fingerprint, status, location, etag, body FROM app.idempotency_keys
            WHERE tenant_id = \(tx.tenantID) AND user_id = \(key.userID) AND operation = \(key.operation)
              AND key_hash = \(key.hash) AND created_at >= now() - interval '24 hours'
            """
        ) { row in
            let reply = KeptReply(
                status: try row.decode("status"), location: try row.decodeIfPresent("location"),
                etag: try row.decodeIfPresent("etag"), body: try row.decode("body"))
            return (try row.decode("fingerprint"), reply)
        }
    }

    /// In place of one that has expired, if there is one.
    static func insert(_ key: IdempotencyKey, _ reply: KeptReply, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            INSERT INTO app.idempotency_keys (tenant_id, user_id, operation, key_hash, fingerprint, status, location, etag, body)
            VALUES (\(tx.tenantID), \(key.userID), \(key.operation), \(key.hash), \(key.fingerprint), \(reply.status),
                    \(reply.location), \(reply.etag), \(reply.body))
            ON CONFLICT (tenant_id, user_id, operation, key_hash) DO UPDATE
            SET fingerprint = excluded.fingerprint, status = excluded.status, location = excluded.location,
                etag = excluded.etag, body = excluded.body, created_at = now()
            """)
    }
}
