// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Leaves a provider alone that has failed again and again: whoever asks is told so at once, and it gets time to recover. After a
/// while one call is let through; when that succeeds, all are. A value with its own clock.
package struct CircuitBreaker: Sendable {
    package enum Admission: Equatable {
        case admitted
        case refused(for: Duration)
    }

    private enum State {
        case closed(failures: Int)
        case open(until: ContinuousClock.Instant, pause: Duration)
        /// One call is out to see how things stand; given up for lost after a while.
        case probing(until: ContinuousClock.Instant, pause: Duration)
    }

    package static let threshold = 5
    private static let firstPause = Duration.seconds(5), longestPause = Duration.seconds(60)
    private static let probePatience = Duration.seconds(60)

    private var state = State.closed(failures: 0)

    package init() {}

    var isClosed: Bool {
        if case .closed = state { true } else { false }
    }

    package mutating func admit(_ now: ContinuousClock.Instant) -> Admission {
        switch state {
        case .closed: return .admitted
        case .open(let until, let pause), .probing(let until, let pause):
            guard until <= now else { return .refused(for: now.duration(to: until)) }
            state = .probing(until: now + Self.probePatience, pause: pause)
            return .admitted
        }
    }

    /// What a call has told of the provider.
    package enum Verdict: Sendable {
        case answered, failed
        /// Nothing: it was cancelled, or never made.
        case silent
    }

    package mutating func note(_ verdict: Verdict, _ now: ContinuousClock.Instant) {
        switch (verdict, state) {
        // An answer to what was asked before it was left alone says nothing about now.
        case (.answered, .open), (.failed, .open): break
        case (.answered, _): state = .closed(failures: 0)
        case (.failed, .closed(let failures)) where failures + 1 < Self.threshold:
            state = .closed(failures: failures + 1)
        case (.failed, .closed): state = .open(until: now + Self.firstPause, pause: Self.firstPause)
        case (.failed, .probing(_, let pause)):
            let longer = min(pause * 2, Self.longestPause)
            state = .open(until: now + longer, pause: longer)
        // The next one may try.
        case (.silent, .probing(_, let pause)): state = .open(until: now, pause: pause)
        case (.silent, _): break
        }
    }
}
