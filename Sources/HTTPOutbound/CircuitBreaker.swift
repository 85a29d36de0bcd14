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

    package mutating func note(succeeded: Bool, _ now: ContinuousClock.Instant) {
        guard !succeeded else {
            // An answer to what was asked before it was left alone says nothing about now.
            if case .open = state { return }
            state = .closed(failures: 0)
            return
        }
        switch state {
        case .closed(let failures) where failures + 1 < Self.threshold: state = .closed(failures: failures + 1)
        case .closed: state = .open(until: now + Self.firstPause, pause: Self.firstPause)
        case .open: break
        case .probing(_, let pause):
            let longer = min(pause * 2, Self.longestPause)
            state = .open(until: now + longer, pause: longer)
        }
    }
}
