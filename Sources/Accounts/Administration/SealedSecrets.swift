// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Tokens

/// Everything that lies sealed for longer than an hour: secrets of authenticator apps. It runs as `unnati_owner`, since they are
/// many people's.
package struct SealedSecrets: ~Copyable {
    private let connection: AdminConnection
    private let seal: SecretSeal

    /// - Throws: `AdminError`.
    package init(url: Secret<String>, seal: SecretSeal) throws {
        connection = try AdminConnection(url: url)
        self.seal = seal
    }

    package struct Outcome: Sendable, Equatable {
        /// Sealed anew.
        package var renewed = 0
        /// None of the keys opens them: their people have to set up the app again.
        package var lost = 0

        package init(renewed: Int = 0, lost: Int = 0) {
            self.renewed = renewed
            self.lost = lost
        }
    }

    /// Seals what another key has sealed with the one that seals now. What is changed meanwhile stays as it is.
    /// - Throws: `AdminError`.
    package borrowing func renew() throws -> Outcome {
        var outcome = Outcome(), last = UUIDv7.least.hex
        while true {
            let rows = try connection.run(
                """
                SELECT replace(user_id::text, '-', ''), encode(secret, 'hex') FROM app.second_factors
                WHERE user_id > $1::uuid ORDER BY user_id LIMIT 500
                """, [last])
            guard let end = rows.last?[0] else { return outcome }
            last = end
            for row in rows {
                guard let user = row[0].flatMap({ UUIDv7(hex: $0) }), let text = row[1], let old = Hex.bytes(of: text)
                else {
                    continue
                }
                guard !seal.isCurrent(old) else { continue }
                let purpose = SecondFactorService.purpose(UserID(user))
                guard let secret = seal.open(old, for: purpose) else {
                    outcome.lost += 1
                    continue
                }
                let new = Hex.encode(seal.seal(secret, for: purpose))
                let changed = try connection.run(
                    """
                    UPDATE app.second_factors SET secret = decode($2, 'hex')
                    WHERE user_id = $1::uuid AND secret = decode($3, 'hex') RETURNING 1
                    """, [user.hex, new, text])
                outcome.renewed += changed.count
            }
        }
    }
}
