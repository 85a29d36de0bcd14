// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database
import Execution
import Testing

@Suite struct PoolStateTests {
    @Test func waitersAreServedInOrderAndConnectionsReused() {
        var state = PoolState<Named, Int>(size: 1, maximumWaiting: 2)
        let c = Named()
        let later = Deadline.after(.seconds(9))
        #expect(state.lanesToConnect() == [0])
        for work in 1...2 {
            if case .waits = state.place(work, deadline: later) {} else { Issue.record("\(work) should wait") }
        }
        if case .busy = state.place(3, deadline: later) {} else { Issue.record("the line is full") }

        state.connected()
        #expect(state.next(on: c).work == 1)
        #expect(state.next(on: c).work == 2)
        #expect(state.next(on: c).work == nil)
        if case .run(let taken) = state.place(4, deadline: later), taken === c {
        } else {
            Issue.record("the idle connection should be taken")
        }
    }

    @Test func whileTheDatabaseIsAwayOneAttemptFeelsForIt() {
        var state = PoolState<Named, Int>(size: 3, maximumWaiting: 9)
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

    @Test func aConnectionServesItsOwnLineUnlessSomebodyElseHasWaitedForLong() {
        var state = PoolState<Named, Int>(size: 1, maximumWaiting: 99, lines: 2)
        let c = Named(), later = Deadline.after(.seconds(9))
        _ = state.lanesToConnect()
        state.connected()
        _ = state.place(100, line: 1, deadline: later)
        for work in 1...30 { _ = state.place(work, line: 0, deadline: later) }

        let order = (0..<31).map { _ in state.next(on: c, line: 0).work ?? 0 }
        #expect(order.firstIndex(of: 100) == 16)
        #expect(order.filter { $0 != 100 } == Array(1...30))
        #expect(state.waiting == 0)
    }

    @Test func quickReadsAreSentBehindOthersAndBehindNothingElse() {
        var state = PoolState<Named, Int>(size: 1, maximumWaiting: 99, lines: 2)
        let c = Named(), later = Deadline.after(.seconds(9))
        func shares(_ placement: PoolState<Named, Int>.Placement) -> Bool {
            if case .share(let taken) = placement { taken === c } else { false }
        }
        _ = state.lanesToConnect()
        state.connected()
        // Some are under way on line 0 and nobody waits: there is room for two more of that line.
        #expect(state.share(c, line: 0, room: 2) == nil)
        #expect(!shares(state.place(1, line: 1, .sharing, deadline: later)))
        #expect(state.waiting == 1)
        #expect(state.share(c, line: 0, room: 2) == 1)
        #expect(state.share(c, line: 0, room: 2) == nil)
        #expect(shares(state.place(2, line: 0, .sharing, deadline: later)))
        #expect(shares(state.place(3, line: 0, .sharing, deadline: later)))
        #expect(!shares(state.place(4, line: 0, .sharing, deadline: later)))
        #expect(state.share(c, line: 0, room: 0) == nil)
        #expect(state.waiting == 1)

        // What is no quick read waits for the connection to be free, and nobody overtakes it.
        #expect(state.next(on: c, line: 0).work == 4)
        #expect(state.share(c, line: 0, room: 2) == nil)
        #expect(!shares(state.place(5, line: 0, deadline: later)))
        #expect(!shares(state.place(6, line: 0, .sharing, deadline: later)))
        #expect(state.share(c, line: 0, room: 2) == nil)
        #expect(state.next(on: c, line: 0).work == 5)
        #expect(state.next(on: c, line: 0).work == 6)
    }

    @Test func longWorkLeavesOneConnectionForQuickReads() {
        var state = PoolState<Named, Int>(size: 3, maximumWaiting: 2)
        let connections = (0..<3).map { _ in Named() }, later = Deadline.after(.seconds(9))
        state.rest(connections)
        var taken: [Named] = []
        func place(_ work: Int, _ kind: PoolState<Named, Int>.Kind) -> String {
            switch state.place(work, kind, deadline: later) {
            case .run(let connection):
                taken.append(connection)
                return "runs"
            case .share: return "shares"
            case .waits: return "waits"
            case .busy: return "busy"
            case .unavailable: return "unavailable"
            }
        }

        #expect((1...5).map { place($0, .long) } == ["runs", "runs", "waits", "waits", "busy"])
        #expect(place(6, .sharing) == "runs")
        // The line of long work is full, and nobody who reads stands in it.
        #expect(state.share(taken[2], line: 0, room: 1) == nil)
        #expect(place(7, .sharing) == "shares")
        #expect((8...10).map { place($0, .sharing) } == ["waits", "waits", "busy"])
        #expect(state.next(on: taken[2]).work == 8)
        #expect(state.next(on: taken[2]).work == 9)
        #expect(state.next(on: taken[2]).work == nil)
        // What has waited goes on where long work has ended, on whatever connection, and a broken one counts no more.
        #expect(state.next(on: taken[0]).work == 3)
        state.discarded(taken[1], lane: 1)
        _ = state.lanesToConnect()
        state.connected()
        #expect(state.next(on: taken[1]).work == 4)
    }

    @Test func longWorkThatWaitsBeginsOnARestingConnectionWhenAnotherBreaks() {
        var state = PoolState<Named, Int>(size: 2, maximumWaiting: 9)
        let broken = Named(), resting = Named()
        state.rest([resting, broken])
        _ = state.place(1, .long, deadline: .after(.seconds(9)))
        _ = state.place(2, .long, deadline: .after(.seconds(9)))
        #expect(state.wakeLong()?.work == nil)

        state.discarded(broken, lane: 0)
        let woken = state.wakeLong()
        #expect(woken?.work == 2 && woken?.connection === resting)
        #expect(state.waiting == 0)
    }

    @Test func theOnlyConnectionServesAllWork() {
        var state = PoolState<Named, Int>(size: 1, maximumWaiting: 9)
        let c = Named()
        _ = state.lanesToConnect()
        _ = state.place(1, .long, deadline: .after(.seconds(9)))
        _ = state.place(2, .quick, deadline: .after(.seconds(9)))
        _ = state.place(3, .long, deadline: .after(.seconds(9)))
        state.connected()

        #expect((0..<3).map { _ in state.next(on: c).work } == [1, 2, 3])
    }

    @Test func aQuickReadGoesWhereTheFewestAreUnderWay() {
        var state = PoolState<Named, Int>(size: 2, maximumWaiting: 9)
        let busy = Named(), other = Named(), later = Deadline.after(.seconds(9))
        _ = state.lanesToConnect()
        for connection in [busy, other] {
            state.connected()
            #expect(state.share(connection, line: 0, room: connection === busy ? 1 : 3) == nil)
        }
        let taken = (0..<4).map { work in
            if case .share(let taken) = state.place(work, .sharing, deadline: later) {
                taken === other
            } else {
                false
            }
        }

        #expect(taken.filter { $0 }.count == 3)
        #expect(taken[0] && taken[1])
    }

    @Test func whoHasWaitedTooLongIsToldAndMakesRoom() {
        var state = PoolState<Named, Int>(size: 1, maximumWaiting: 2, lines: 2)
        let now = ContinuousClock.now
        _ = state.place(1, line: 0, deadline: Deadline(now + .seconds(1)))
        _ = state.place(2, line: 1, deadline: Deadline(now + .seconds(3)))

        #expect(state.expire(now: now + .seconds(2)).late == [1])
        #expect(state.waiting == 1)
        if case .waits = state.place(3, line: 1, deadline: Deadline(now + .seconds(9))) {
        } else {
            Issue.record("there is room again")
        }
        #expect(state.close().refused == [2, 3])
    }

    @Test func whatNobodyWantsAnyMoreLeavesTheLine() {
        var state = PoolState<Named, Int>(size: 1, maximumWaiting: 9)
        for work in 1...4 { _ = state.place(work, deadline: .after(.seconds(9))) }

        let expired = state.expire(now: .now) { $0 % 2 == 0 }

        #expect(expired.unwanted == [2, 4])
        #expect(expired.late == [])
        #expect(state.waiting == 2)
    }

    @Test func connectionsThatRestForLongGoButOneAndComeBackWhenWorkWaits() {
        var state = PoolState<Named, Int>(size: 3, maximumWaiting: 9)
        let connections = (0..<3).map { _ in Named() }, now = ContinuousClock.now
        #expect(state.lanesToConnect().count == 3)
        for (index, connection) in connections.enumerated() {
            state.connected()
            _ = state.next(on: connection, now: now + .seconds(index))
        }

        #expect(state.trim(now: now + .seconds(9), rest: .seconds(10)) { _ in true }.isEmpty)
        let trimmed = state.trim(now: now + .seconds(60), rest: .seconds(10)) { _ in true }
        #expect(trimmed.map { $0 === connections[0] } == [true, false])
        for (lane, connection) in trimmed.enumerated() { state.discarded(connection, lane: lane) }
        #expect(state.lanesToConnect().isEmpty)

        if case .run(let last) = state.place(1, deadline: .after(.seconds(9))) { #expect(last === connections[2]) }
        if case .waits(let isShort) = state.place(2, deadline: .after(.seconds(9))) { #expect(isShort) }
        #expect(state.lanesToConnect().count == 1)
    }

    @Test func connectionsThatAreNoLongerFitAreReplaced() {
        var state = PoolState<Named, Int>(size: 2, maximumWaiting: 9)
        let old = Named(), young = Named()
        state.rest([old, young])

        let trimmed = state.trim(now: .now, rest: .seconds(10)) { $0 === young }
        #expect(trimmed.count == 1 && trimmed[0] === old)
        state.discarded(old, lane: 0)
        #expect(state.lanesToConnect() == [0])
    }
}

extension PoolState.Next {
    fileprivate var work: Work? {
        if case .work(let work) = self { work } else { nil }
    }
}

extension PoolState where Work == Int {
    /// Connects, and finds nothing to do.
    fileprivate mutating func rest(_ connections: [Connection]) {
        _ = lanesToConnect()
        for connection in connections {
            connected()
            _ = next(on: connection)
        }
    }
}

private final class Named {}
