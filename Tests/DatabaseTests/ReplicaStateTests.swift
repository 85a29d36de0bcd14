// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Testing

@Suite struct ReplicaStateTests {
    private let tenant = TenantID.next(), other = TenantID.next(), start = ContinuousClock.now

    @Test func nobodyIsAnsweredBeforeItIsKnownHowFarTheStandbyIs() {
        let state = ReplicaState(maximumAge: .seconds(2))
        #expect(!state.mayAnswer(for: tenant, now: start))
    }

    @Test func whoHasWrittenAsksThePrimaryUntilTheStandbyHasIt() {
        var state = ReplicaState(maximumAge: .seconds(2))
        state.caughtUp(to: start)
        state.wrote(tenant, now: start + .milliseconds(10))
        #expect(!state.mayAnswer(for: tenant, now: start + .milliseconds(20)))
        #expect(state.mayAnswer(for: other, now: start + .milliseconds(20)))

        // The primary was asked before the write: what the standby has says nothing of it.
        state.caughtUp(to: start + .milliseconds(5))
        #expect(!state.mayAnswer(for: tenant, now: start + .milliseconds(20)))

        state.caughtUp(to: start + .milliseconds(15))
        #expect(state.mayAnswer(for: tenant, now: start + .milliseconds(20)))
    }

    @Test func aStandbyThatFallsBehindIsNotAskedUnlessNothingCanBeWritten() {
        var state = ReplicaState(maximumAge: .seconds(2))
        state.caughtUp(to: start)
        #expect(state.mayAnswer(for: other, now: start + .seconds(2)))
        #expect(!state.mayAnswer(for: other, now: start + .seconds(3)))

        state.wrote(tenant, now: start + .seconds(1))
        state.primaryIsAway()
        #expect(state.mayAnswer(for: other, now: start + .seconds(60)))
        #expect(!state.mayAnswer(for: tenant, now: start + .seconds(60)))
    }

    @Test func howManyHaveWrittenIsBounded() {
        var state = ReplicaState(maximumAge: .seconds(2))
        state.caughtUp(to: start)
        for _ in 0..<100_001 { state.wrote(.next(), now: start + .milliseconds(1)) }
        #expect(!state.mayAnswer(for: other, now: start + .milliseconds(2)))
        state.caughtUp(to: start + .milliseconds(3))
        #expect(state.mayAnswer(for: other, now: start + .milliseconds(4)))
    }
}
