// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound
import HTTPTypes
import Testing

@Suite struct RetryRulesTests {
    private func rules(isRepeatable: Bool) -> CallRules {
        CallRules(limits: OutboundLimits(), isRepeatable: isRepeatable, isUserGiven: false)
    }

    private func delay(_ error: OutboundError, wasUnsent: Bool, isRepeatable: Bool, attempt: Int = 1) -> Duration? {
        RetryRules.delay(
            after: AttemptFailure(error: error, wasUnsent: wasUnsent), attempt: attempt,
            rules(isRepeatable: isRepeatable),
            chance: 1)
    }

    private func delay(_ status: Int, _ retryAfter: String? = nil, isRepeatable: Bool = true) -> Duration? {
        var fields = HTTPFields()
        if let retryAfter { fields[.retryAfter] = retryAfter }
        return RetryRules.delay(
            after: OutboundHead(status: status, fields: fields), attempt: 1, rules(isRepeatable: isRepeatable),
            chance: 1)
    }

    @Test func whatMayHaveBeenHeardIsNotSaidTwice() {
        #expect(delay(.brokenOff, wasUnsent: false, isRepeatable: false) == nil)
        #expect(delay(.timedOut(.waiting), wasUnsent: false, isRepeatable: false) == nil)
        #expect(delay(503, isRepeatable: false) == nil)
    }

    @Test func whatWasNotSentIsSaidAgain() {
        #expect(delay(.unreachable, wasUnsent: true, isRepeatable: false) == .milliseconds(200))
        #expect(delay(.timedOut(.connecting), wasUnsent: true, isRepeatable: false) == .milliseconds(200))
        #expect(delay(.handshakeFailed(reason: ""), wasUnsent: true, isRepeatable: false) == .milliseconds(200))
    }

    @Test func whatDoesNoHarmIsSaidAgainButNotForEver() {
        #expect(delay(.brokenOff, wasUnsent: false, isRepeatable: true, attempt: 2) == .milliseconds(400))
        #expect(delay(.brokenOff, wasUnsent: false, isRepeatable: true, attempt: 3) == nil)
    }

    @Test func whatWillNotPassIsLeft() {
        #expect(delay(.untrusted(reason: ""), wasUnsent: true, isRepeatable: true) == nil)
        #expect(delay(.addressRefused, wasUnsent: true, isRepeatable: true) == nil)
        #expect(delay(.tooLarge, wasUnsent: false, isRepeatable: true) == nil)
        #expect(delay(404) == nil)
        #expect(delay(500) == nil)
    }

    @Test func aProviderThatSaysWhenIsAskedThen() {
        #expect(delay(429, "3") == .seconds(3))
        #expect(delay(503, "0") == .zero)
        #expect(delay(503) == .milliseconds(200))
    }

    /// A quota that is gone does not come back for being asked about.
    @Test func aLongWaitIsLeftToWhoeverAsked() {
        #expect(delay(429, "60") == nil)
        #expect(delay(429) == nil)
    }

    @Test(arguments: [
        ("0", Duration.zero), ("120", .seconds(120)), ("99999999999999999999", .seconds(86_400)),
        ("Thu, 01 Jan 1970 00:01:40 GMT", .seconds(90)), ("Thu, 01 Jan 1970 00:00:00 GMT", .zero),
        ("-1", nil), ("1.5", nil), ("soon", nil), ("", nil),
    ])
    func retryAfterIsSecondsOrADate(_ text: String, _ expected: Duration?) {
        #expect(RetryAfter.parse(text, now: Instant(microseconds: 10_000_000)) == expected)
    }
}

@Suite struct CircuitBreakerTests {
    private let start = ContinuousClock.now

    @Test func aProviderThatFailsIsLeftAlone() {
        var breaker = CircuitBreaker()
        for _ in 1..<CircuitBreaker.threshold { breaker.note(.failed, start) }
        #expect(breaker.admit(start) == .admitted)
        breaker.note(.failed, start)
        #expect(breaker.admit(start + .seconds(1)) == .refused(for: .seconds(4)))
    }

    @Test func oneSuccessBetweenKeepsItOpen() {
        var breaker = CircuitBreaker()
        for _ in 0..<20 {
            breaker.note(.failed, start)
            breaker.note(.answered, start)
        }
        #expect(breaker.admit(start) == .admitted)
    }

    @Test func afterAPauseOneCallIsLetThrough() {
        var breaker = CircuitBreaker()
        for _ in 0..<CircuitBreaker.threshold { breaker.note(.failed, start) }
        let later = start + .seconds(5)
        #expect(breaker.admit(later) == .admitted)
        #expect(breaker.admit(later) != .admitted)
        breaker.note(.answered, later)
        #expect(breaker.admit(later) == .admitted)
        #expect(breaker.admit(later) == .admitted)
    }

    @Test func eachFailureOfTheOneMakesThePauseLonger() {
        var breaker = CircuitBreaker()
        for _ in 0..<CircuitBreaker.threshold { breaker.note(.failed, start) }
        var now = start, pauses: [Duration] = []
        for _ in 0..<5 {
            guard case .refused(let pause) = breaker.admit(now) else { break }
            pauses.append(pause)
            now += pause
            #expect(breaker.admit(now) == .admitted)
            breaker.note(.failed, now)
        }
        #expect(pauses == [.seconds(5), .seconds(10), .seconds(20), .seconds(40), .seconds(60)])
    }

    /// The process that asked may have been cancelled.
    @Test func aProbeThatNeverEndsIsGivenUp() {
        var breaker = CircuitBreaker()
        for _ in 0..<CircuitBreaker.threshold { breaker.note(.failed, start) }
        #expect(breaker.admit(start + .seconds(5)) == .admitted)
        #expect(breaker.admit(start + .seconds(66)) == .admitted)
    }

    /// What was cancelled, or had no room, says nothing of the provider: the next call tries.
    @Test func aProbeThatSaysNothingIsFollowedByAnother() {
        var breaker = CircuitBreaker()
        for _ in 0..<CircuitBreaker.threshold {
            breaker.note(.failed, start)
            breaker.note(.silent, start)
        }
        let later = start + .seconds(5)
        #expect(breaker.admit(start + .seconds(4)) != .admitted)
        #expect(breaker.admit(later) == .admitted)
        breaker.note(.silent, later)
        #expect(breaker.admit(later) == .admitted)
        #expect(breaker.admit(later) != .admitted)
    }

    @Test func aLateAnswerDoesNotOpenTheWay() {
        var breaker = CircuitBreaker()
        for _ in 0..<CircuitBreaker.threshold { breaker.note(.failed, start) }
        breaker.note(.answered, start)
        #expect(breaker.admit(start + .seconds(1)) != .admitted)
    }
}
