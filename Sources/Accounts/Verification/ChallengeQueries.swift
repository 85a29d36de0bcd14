// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum ChallengeQueries {
    static func open<Scope: TransactionScope>(
        _ id: ChallengeID, _ purpose: ChallengePurpose, _ identity: LoginIdentity, of user: UserID?, codeHash: [UInt8],
        content: [UInt8]?, expiresAt: Instant, in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute(
            """
            SELECT app.open_challenge(\(id), \(purpose.rawValue), \(identity.kind), \(identity.value), \(user), \(codeHash),
                                      \(content), \(expiresAt))
            """)
    }

    static func find(_ id: ChallengeID) -> Query<StoredChallenge?> {
        .first("SELECT purpose, kind, value, user_id, content, is_open FROM app.find_challenge(\(id))") { row in
            let purpose: String = try row.decode("purpose"), kind: String = try row.decode("kind"),
                value: String = try row.decode("value")
            guard let purpose = ChallengePurpose(rawValue: purpose),
                let identity = LoginIdentity(kind: kind, value: value)
            else {
                throw DatabaseError.decoding(column: "purpose")
            }
            return try StoredChallenge(
                purpose: purpose, identity: identity, userID: row.decodeIfPresent("user_id"),
                content: row.decodeIfPresent("content"), isOpen: row.decode("is_open"))
        }.quick
    }

    static func answer<Scope: TransactionScope>(
        _ id: ChallengeID, codeHash: [UInt8], in tx: borrowing Transaction<Scope>
    ) throws -> ChallengeVerdict {
        try tx.first("SELECT is_right, tries_left FROM app.answer_challenge(\(id), \(codeHash))") { row in
            let isRight: Bool = try row.decode("is_right"), left: Int = try row.decode("tries_left")
            return isRight ? .right : .wrong(triesLeft: left)
        } ?? .over
    }

    /// Ends what others have begun in the name of an identity that was proved.
    static func void<Scope: TransactionScope>(_ identity: LoginIdentity, in tx: borrowing Transaction<Scope>) throws {
        try tx.execute("SELECT app.void_challenges(\(identity.kind), \(identity.value))")
    }

    /// - Returns: false when somebody else has proved it before.
    static func claim<Scope: TransactionScope & HasUser>(
        _ identity: LoginIdentity, in tx: borrowing Transaction<Scope>
    ) throws -> Bool {
        try tx.one("SELECT app.claim_verified_identity(\(identity.kind), \(identity.value)) AS is_claimed") { row in
            try row.decodeIfPresent("is_claimed") ?? false
        }
    }

    /// - Returns: whether it was proved for the first time.
    static func confirm<Scope: TransactionScope & HasUser>(
        _ identity: LoginIdentity, in tx: borrowing Transaction<Scope>
    ) throws -> Bool {
        try tx.one("SELECT app.confirm_login_identity(\(identity.kind), \(identity.value)) AS is_first") { row in
            try row.decode("is_first")
        }
    }

    static func release<Scope: TransactionScope & HasUser>(
        allBut identity: LoginIdentity, in tx: borrowing Transaction<Scope>
    ) throws {
        try tx.execute("SELECT app.release_login_identities(\(identity.kind), \(identity.value))")
    }
}
