// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum FederationQueries {
    static func find(_ subject: String, at issuer: String) -> Query<UserID?> {
        .one("SELECT app.find_federated_identity(\(issuer), \(subject)) AS user_id") { row in
            try row.decodeIfPresent("user_id")
        }.quick
    }

    /// For the person of the transaction.
    /// - Returns: false when it signs somebody else in, or they have another one there.
    static func claim<Scope: TransactionScope & HasUser>(
        _ subject: String, at issuer: String, email: EmailAddress?, in tx: borrowing Transaction<Scope>
    ) throws -> Bool {
        try tx.one("SELECT app.claim_federated_identity(\(issuer), \(subject), \(email)) AS is_claimed") { row in
            try row.decodeIfPresent("is_claimed") ?? false
        }
    }

    /// - Parameter issuer: where; everywhere when nil.
    /// - Returns: whether there was one.
    static func release<Scope: TransactionScope & HasUser>(
        at issuer: String?, in tx: borrowing Transaction<Scope>
    ) throws -> Bool {
        try tx.one("SELECT app.release_federated_identities(\(issuer)) AS is_released") { row in
            try row.decodeIfPresent("is_released") ?? false
        }
    }

    static func all<Scope: TransactionScope & HasUser>(in tx: borrowing Transaction<Scope>) throws
        -> [FederatedIdentity]
    {
        try tx.all("SELECT issuer, email FROM app.federated_identities_of_current_user()") { row in
            try FederatedIdentity(issuer: row.decode("issuer"), email: row.decodeIfPresent("email"))
        }
    }

    /// Whether the person of the transaction could come in without any account elsewhere.
    static func hasAnotherWay<Scope: TransactionScope & HasUser>(in tx: borrowing Transaction<Scope>) throws -> Bool {
        try tx.one("SELECT app.has_login_identity() AS has") { row in try row.decode("has") }
    }

    /// - Returns: false when it has been used before.
    static func use<Scope: TransactionScope>(_ flow: SignInFlow, in tx: borrowing Transaction<Scope>) throws -> Bool {
        // Nobody comes back with those; so few stay that nobody has to come and sweep.
        try tx.execute("DELETE FROM app.used_sign_in_flows WHERE expires_at < now() - interval '1 hour'")
        return try tx.execute(
            """
            INSERT INTO app.used_sign_in_flows (id, expires_at) VALUES (\(flow.id), \(flow.expiresAt)) ON CONFLICT DO NOTHING
            """) > 0
    }
}

/// An account elsewhere that signs a person in.
package struct FederatedIdentity: Sendable {
    let issuer: String
    /// As it was called there when it was linked. It signs nobody in by itself.
    package let email: EmailAddress?
}
