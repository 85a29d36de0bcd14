// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// A point in monotonic time by which something must have happened. Setting the wall clock does not move it.
package struct Deadline: Sendable, Comparable {
    package let instant: ContinuousClock.Instant

    package init(_ instant: ContinuousClock.Instant) { self.instant = instant }

    package static func after(_ duration: Duration) -> Deadline { Deadline(.now + duration) }

    /// Never negative.
    package var remaining: Duration { max(.zero, ContinuousClock.now.duration(to: instant)) }

    package var hasPassed: Bool { ContinuousClock.now >= instant }

    /// What is left in milliseconds, rounded up, as poll(2) wants it; never negative, at most one hour.
    package var pollMilliseconds: Int32 {
        let (seconds, attoseconds) = remaining.components
        guard seconds < 3_600 else { return 3_600_000 }
        return Int32(seconds) * 1_000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    package static func < (left: Deadline, right: Deadline) -> Bool { left.instant < right.instant }
}
