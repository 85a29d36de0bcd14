// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// How much of something each subject has going on at this moment, and a bound on it.
package final class InFlight: Sendable {
    private let counts = Lock<[RateSubject: Int]>([:])
    private let maximum: Int

    /// - Parameter maximum: of one subject at once.
    package init(maximum: Int) { self.maximum = maximum }

    /// Begins one more; false when the subject has as many as it may have. Each that was begun must ``end(_:)``.
    package func begin(_ subject: RateSubject) -> Bool {
        counts.with { counts in
            let count = counts[subject, default: 0]
            guard count < maximum else { return false }
            counts[subject] = count + 1
            return true
        }
    }

    package func end(_ subject: RateSubject) {
        counts.with { counts in
            guard let count = counts[subject] else { return }
            counts[subject] = count > 1 ? count - 1 : nil
        }
    }

    /// Subjects that have something going on.
    package var subjectCount: Int { counts.with { $0.count } }
}
