// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Whether a standby may answer for a business, as a value. What somebody has written they must read: a business that has
/// written lately asks the primary until the standby is known to have all that was written before some later moment.
package struct ReplicaState: Sendable {
    /// Longer than that nobody takes the standby's word for anything.
    private let maximumAge: Duration
    /// When each business wrote last, unless the standby has it.
    private var writes: [TenantID: ContinuousClock.Instant] = [:]
    /// The standby has all that was written before.
    private var caughtUp: ContinuousClock.Instant?
    /// Nothing can be written, so what the standby has grows no older.
    private var isPrimaryAway = false
    /// More than so many businesses writing means that the standby has stood still: then nobody asks it.
    private static let maximumWrites = 100_000

    package init(maximumAge: Duration) { self.maximumAge = maximumAge }

    package mutating func wrote(_ tenant: TenantID, now: ContinuousClock.Instant) {
        if writes.count >= Self.maximumWrites { caughtUp = nil } else { writes[tenant] = now }
    }

    /// - Parameter moment: before the primary was asked how far it was.
    package mutating func caughtUp(to moment: ContinuousClock.Instant) {
        isPrimaryAway = false
        caughtUp = moment
        writes = writes.filter { $0.value >= moment }
    }

    package mutating func primaryIsAway() { isPrimaryAway = true }

    package func mayAnswer(for tenant: TenantID, now: ContinuousClock.Instant) -> Bool {
        guard let caughtUp, isPrimaryAway || now - caughtUp <= maximumAge else { return false }
        return writes[tenant] == nil
    }
}
