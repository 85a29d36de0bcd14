// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Database
import Jobs
import Tokens

/// Sends codes and looks whether what comes back is right. What a right code leads to is its caller's.
package struct CodeService: Sendable {
    package static let lifetime = Duration.seconds(600)

    let database: ConnectionPool
    private let jobs: JobQueue
    private let seal: SecretSeal
    private let key: Secret<SymmetricKey>
    /// Kinds of identities that this server can send to.
    private let reachable: Set<String>

    package init(
        database: ConnectionPool, jobs: JobQueue, seal: SecretSeal, key: Secret<SymmetricKey>, reachable: Set<String>
    ) {
        self.database = database
        self.jobs = jobs
        self.seal = seal
        self.key = key
        self.reachable = reachable
    }

    /// - Parameters:
    ///   - content: what is to be done when the code is right; kept sealed.
    ///   - isWanted: false where nobody is there to get it. All is done but the sending.
    /// - Throws: `AccountError.cannotSend`, `DatabaseError`.
    func send(
        _ purpose: ChallengePurpose, to identity: LoginIdentity, of user: UserID? = nil, content: [UInt8]? = nil,
        isWanted: Bool = true
    ) async throws -> OpenedChallenge {
        guard reachable.contains(identity.kind) else { throw AccountError.cannotSend(kind: identity.kind) }
        let id = ChallengeID.next(), code = OneTimeCode.random(), expiresAt = Instant.now().advanced(by: Self.lifetime)
        let hash = code.hash(for: id.uuid, key: key)
        let sealed = content.map { seal.seal($0, for: Self.purpose(id)) }
        let delivery = CodeDelivery(
            CodeMessage(id: id, to: identity, code, purpose, expiresAt: expiresAt, isWanted: isWanted), seal: seal)
        // The job belongs to no business. Under an id of its own it takes its turn as one of a business's would.
        try await database.withTenant(TenantID(id.uuid)) { (tx: borrowing TenantTransaction) in
            try ChallengeQueries.open(
                id, purpose, identity, of: user, codeHash: hash, content: sealed, expiresAt: expiresAt, in: tx)
            try jobs.enqueue(delivery, in: tx)
        }
        return OpenedChallenge(id: id, kind: identity.kind, lifetime: Self.lifetime)
    }

    /// - Throws: `AccountError.challengeOver` when there is none such that could be answered.
    func find(_ id: ChallengeID) async throws -> StoredChallenge {
        let found = try await database.read(ChallengeQueries.find(id), in: .directory)
        guard let found, found.isOpen else { throw AccountError.challengeOver }
        return found
    }

    /// What was sealed with a challenge; nil when there was nothing.
    func content(of challenge: StoredChallenge, _ id: ChallengeID) -> [UInt8]? {
        challenge.content.flatMap { seal.open($0, for: Self.purpose(id)) }
    }

    /// One try, counted in the transaction that does what the code is for.
    func check<Scope: TransactionScope>(
        _ code: OneTimeCode, for id: ChallengeID, in tx: borrowing Transaction<Scope>
    ) throws -> ChallengeVerdict {
        try ChallengeQueries.answer(id, codeHash: code.hash(for: id.uuid, key: key), in: tx)
    }

    private static func purpose(_ id: ChallengeID) -> SecretSeal.Purpose { .init("challenge content", id.uuid) }
}

extension ChallengeVerdict {
    /// - Throws: `AccountError.codeWrong`, `.challengeOver`. Only behind COMMIT: a try that was counted stays so.
    func get() throws(AccountError) {
        switch self {
        case .right: return
        case .wrong(let left): throw .codeWrong(triesLeft: left)
        case .over: throw .challengeOver
        }
    }
}
