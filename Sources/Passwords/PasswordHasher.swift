// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution
import Foundation

package struct PasswordConfiguration: Sendable {
    /// `PASSWORD_COST`, 10...14: each step doubles the time of a guess and of a login.
    package var cost = 12
    /// `PASSWORD_LANES`, 1...64: passwords hashed at once. One core is left for everything else.
    package var lanes = max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
    /// `PASSWORD_WAITERS`, 0...1 000: passwords that may wait; above it the answer is 429.
    package var waiters = 32
    /// `PASSWORD_GUESS_DELAYS`: whether wrong passwords in a row make the next one wait.
    package var delaysGuesses = true

    package init() {}
}

/// Hashes and verifies passwords on a bounded pool of its own, since one of them keeps a core busy for a quarter second.
package struct PasswordHasher: Sendable {
    private let configuration: PasswordConfiguration
    private let pool: BlockingPool
    /// A hash of current cost that no password has: verifying against it takes as long as against a real one.
    private let decoy: String
    /// How long one round of bcrypt takes here.
    private let round: Duration

    package init(_ configuration: PasswordConfiguration) {
        precondition(Bcrypt.costs.contains(configuration.cost))
        self.configuration = configuration
        pool = BlockingPool(
            label: "unnati.passwords", lanes: configuration.lanes, waiting: configuration.waiters,
            // Where all cores are busy a hash gets next to nothing beside an answer: log-ins wait, the others do not.
            niceness: 19)
        let start = ContinuousClock.now
        decoy = BcryptSHA256(hashing: Array(UUIDv7.next().hex.utf8), cost: configuration.cost).text
        round = (ContinuousClock.now - start) / (1 << configuration.cost)
    }

    /// Whether a password could not be looked at in this moment, since so many others are.
    package var isBusy: Bool { pool.isFull }

    package enum Verdict: Sendable, Equatable {
        case wrong
        /// `rehash` when the stored hash is of another scheme or cost than new ones are.
        case right(rehash: Bool)
    }

    /// - Parameter password: up to 1 KiB; the bound is the caller's to check, nothing is cut off here.
    /// - Returns: `$bcrypt-sha256$v=2,t=2b,r=…`.
    /// - Throws: `PoolBusy`.
    package func hash(_ password: String) async throws -> String {
        let cost = configuration.cost
        return try await pool.run { BcryptSHA256(hashing: Array(password.utf8), cost: cost).text }
    }

    /// - Parameter stored: the hash in its text form; nil when there is no such person, which takes just as long.
    /// - Throws: `PoolBusy`.
    package func verify(_ password: String, against stored: String?) async throws -> Verdict {
        let cost = configuration.cost
        let text = stored ?? decoy
        let verdict = try await pool.run {
            let verdict = Self.verify(Array(password.utf8), against: text, currentCost: cost)
            Bcrypt.spend(rounds: Self.missingRounds(text, verdict.took, round: round, currentCost: cost))
            return verdict.verdict
        }
        return stored == nil ? .wrong : verdict
    }

    /// Verifies without the pool; a hash of unknown form matches nothing.
    static func verify(_ password: [UInt8], against text: String, currentCost: Int) -> (
        verdict: Verdict, took: Duration
    ) {
        let start = ContinuousClock.now
        let verdict: Verdict =
            if let hash = BcryptSHA256(text) {
                hash.verify(password) ? .right(rehash: hash.cost != currentCost) : .wrong
            } else if let hash = BcryptHash(text) {
                hash.verify(password) ? .right(rehash: true) : .wrong
            } else if let hash = Argon2id(text) {
                hash.verify(password) ? .right(rehash: true) : .wrong
            } else {
                .wrong
            }
        return (verdict, ContinuousClock.now - start)
    }

    // MARK: - Hashes that are cheaper than ours

    /// How many rounds of bcrypt a hash from elsewhere took fewer than one of ours: what is left out would tell that this
    /// person exists and came with an import.
    static func missingRounds(_ text: String, _ took: Duration, round: Duration, currentCost: Int) -> Int {
        let rounds: Int =
            if let hash = BcryptSHA256(text) { 1 << hash.cost } else if let hash = BcryptHash(text) {
                1 << hash.cost
            } else { round > .zero ? Int(min(took / round, 1e9)) : 0 }
        return max(0, (1 << currentCost) - rounds)
    }

    /// Whether a hash from elsewhere is of a form that can be verified, and costs no more than it may.
    package static func canVerify(_ text: String) -> Bool {
        BcryptSHA256(text) != nil || BcryptHash(text) != nil || Argon2id(text) != nil
    }
}
