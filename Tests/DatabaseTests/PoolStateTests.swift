// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database
import Execution
import Testing

@Suite struct PoolStateTests {
    @Test func waitersAreServedInOrderAndConnectionsReused() {
        var state = PoolState<String, Int>(size: 1, maximumWaiting: 2)
        let later = Deadline.after(.seconds(9))
        #expect(state.lanesToConnect() == [0])
        for work in 1...2 {
            if case .waits = state.place(work, deadline: later) {} else { Issue.record("\(work) should wait") }
        }
        if case .busy = state.place(3, deadline: later) {} else { Issue.record("the line is full") }

        state.connected()
        #expect(state.next(on: "c").work == 1)
        #expect(state.next(on: "c").work == 2)
        #expect(state.next(on: "c").work == nil)
        if case .run("c") = state.place(4, deadline: later) {
        } else {
            Issue.record("the idle connection should be taken")
        }
    }

    @Test func whileTheDatabaseIsAwayOneAttemptFeelsForIt() {
        var state = PoolState<String, Int>(size: 3, maximumWaiting: 9)
        #expect(state.lanesToConnect().count == 3)
        _ = state.place(1, deadline: .after(.seconds(9)))

        #expect(state.connectingFailed(lane: 0).refused == [1])
        #expect(state.connectingFailed(lane: 1).retryAfter > .zero)
        #expect(state.lanesToConnect().isEmpty)
        _ = state.connectingFailed(lane: 2)
        #expect(state.lanesToConnect().count == 1)
        if case .unavailable = state.place(2, deadline: .after(.seconds(9))) {
        } else {
            Issue.record("there is no connection to wait for")
        }
        state.connected()
        #expect(state.lanesToConnect().count == 2)
    }

    @Test func linesTakeTurnsSoThatABurstDoesNotStandBeforeEverybody() {
        var state = PoolState<String, Int>(size: 1, maximumWaiting: 9, lines: 3)
        _ = state.lanesToConnect()
        state.connected()
        for work in [10, 11, 12] { _ = state.place(work, line: 0, deadline: .after(.seconds(9))) }
        _ = state.place(20, line: 1, deadline: .after(.seconds(9)))

        let order = (0..<4).map { _ in state.next(on: "c").work }
        #expect(order == [10, 20, 11, 12])
        #expect(state.waiting == 0)
    }

    @Test func whoHasWaitedTooLongIsToldAndMakesRoom() {
        var state = PoolState<String, Int>(size: 1, maximumWaiting: 2, lines: 2)
        let now = ContinuousClock.now
        _ = state.place(1, line: 0, deadline: Deadline(now + .seconds(1)))
        _ = state.place(2, line: 1, deadline: Deadline(now + .seconds(3)))

        #expect(state.expire(now: now + .seconds(2)) == [1])
        #expect(state.waiting == 1)
        if case .waits = state.place(3, line: 1, deadline: Deadline(now + .seconds(9))) {
        } else {
            Issue.record("there is room again")
        }
        #expect(state.close().refused == [2, 3])
    }
}

extension PoolState.Next {
    fileprivate var work: Work? {
        if case .work(let work) = self { work } else { nil }
    }
}
