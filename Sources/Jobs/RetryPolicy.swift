// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// How long a job that has failed waits: twice as long each time, give or take a fifth, so that many that failed together do not
/// come back together.
package struct RetryPolicy: Sendable {
    package var first: Duration = .seconds(15)
    package var longest: Duration = .seconds(6 * 3_600)

    package init() {}

    /// - Parameters:
    ///   - attempt: the one that failed, 1 for the first.
    ///   - chance: 0 for the shortest wait, 1 for the longest.
    package func delay(after attempt: Int, chance: Double = .random(in: 0...1)) -> Duration {
        let doublings = min(max(attempt, 1) - 1, 30)
        return min(first * (1 << doublings), longest) * (0.8 + 0.4 * min(max(chance, 0), 1))
    }
}
