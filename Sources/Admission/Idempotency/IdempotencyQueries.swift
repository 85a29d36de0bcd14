// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum IdempotencyQueries {
    /// Until the transaction ends; false when another has it. What that one keeps is seen by the statements behind.
    static func lock(_ number: Int) -> Query<Bool> {
        .one("SELECT pg_try_advisory_xact_lock(\(number)) AS is_taken") { row in try row.decode("is_taken") }
    }

    static func findOfTenant(_ key: IdempotencyKey) -> Query<(fingerprint: [UInt8], reply: KeptReply)?> {
        .first(
            """
            SELECT fingerprint, status, location, etag, body FROM app.idempotency_keys
            WHERE tenant_id = \(key.tenantID) AND user_id = \(key.userID) AND operation = \(key.operation)
              AND key_hash = \(key.hash) AND created_at >= now() - interval '24 hours'
            """, reply)
    }

    static func findOfPerson(_ key: IdempotencyKey) -> Query<(fingerprint: [UInt8], reply: KeptReply)?> {
        .first(
            """
            SELECT fingerprint, status, location, etag, body FROM app.person_idempotency_keys
            WHERE user_id = \(key.userID) AND operation = \(key.operation) AND key_hash = \(key.hash)
              AND created_at >= now() - interval '24 hours'
            """, reply)
    }

    @Sendable private static func reply(_ row: inout Row) throws -> (fingerprint: [UInt8], reply: KeptReply) {
        let reply = KeptReply(
            status: try row.decode("status"), location: try row.decodeIfPresent("location"),
            etag: try row.decodeIfPresent("etag"), body: try row.decode("body"))
        return (try row.decode("fingerprint"), reply)
    }

    /// In place of one that has expired, if there is one; never of one that counts.
    static func insertForTenant(_ key: IdempotencyKey, _ fingerprint: [UInt8], _ reply: KeptReply) -> Statement {
        """
        INSERT INTO app.idempotency_keys (tenant_id, user_id, operation, key_hash, fingerprint, status, location, etag, body)
        VALUES (\(key.tenantID), \(key.userID), \(key.operation), \(key.hash), \(fingerprint), \(reply.status),
                \(reply.location), \(reply.etag), \(reply.body))
        ON CONFLICT (tenant_id, user_id, operation, key_hash) DO UPDATE
        SET fingerprint = excluded.fingerprint, status = excluded.status, location = excluded.location,
            etag = excluded.etag, body = excluded.body, created_at = now()
        WHERE idempotency_keys.created_at < now() - interval '24 hours'
        """
    }

    /// The same, for a person who has founded or entered this business.
    static func insertForPerson(
        _ key: IdempotencyKey, _ fingerprint: [UInt8], _ reply: KeptReply, founding tenant: TenantID
    ) -> Statement {
        """
        INSERT INTO app.person_idempotency_keys (user_id, operation, key_hash, tenant_id, fingerprint, status, location, etag, body)
        VALUES (\(key.userID), \(key.operation), \(key.hash), \(tenant), \(fingerprint), \(reply.status),
                \(reply.location), \(reply.etag), \(reply.body))
        ON CONFLICT (user_id, operation, key_hash) DO UPDATE
        SET tenant_id = excluded.tenant_id, fingerprint = excluded.fingerprint, status = excluded.status,
            location = excluded.location, etag = excluded.etag, body = excluded.body, created_at = now()
        WHERE person_idempotency_keys.created_at < now() - interval '24 hours'
        """
    }

    /// Some of what is older than a day.
    /// - Returns: how many.
    static func deleteExpired(of tenant: TenantID) -> Query<Int> {
        .count(
            """
            DELETE FROM app.idempotency_keys
            WHERE tenant_id = \(tenant) AND (user_id, operation, key_hash) IN (
                SELECT user_id, operation, key_hash FROM app.idempotency_keys
                WHERE tenant_id = \(tenant) AND created_at < now() - interval '24 hours' LIMIT 1000 FOR UPDATE SKIP LOCKED)
            """)
    }

    /// The same of a person, who has few.
    static func deleteExpired(of user: UserID) -> Query<Int> {
        .count(
            """
            DELETE FROM app.person_idempotency_keys
            WHERE user_id = \(user) AND created_at < now() - interval '24 hours'
            """)
    }
}
