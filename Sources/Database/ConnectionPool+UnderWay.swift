// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Execution

/// What the pool keeps an eye on: work whose time is up, or that nobody waits for any more.
extension ConnectionPool {
    func watch(_ exchange: Exchange, on connection: Connection, _ loop: EventLoop) {
        let entry = UnderWay(
            exchange: exchange, connection: connection, loop: loop,
            deadline: .after(max(configuration.transactionTimeout, exchange.timeout ?? .zero)))
        underWay.with { places in
            let first = connection.lane * Self.depth
            exchange.place = (first..<first + Self.depth).first { places[$0] == nil } ?? first
            places[exchange.place] = entry
        }
    }

    func unwatch(_ exchange: Exchange) { underWay.with { $0[exchange.place] = nil } }

    /// Refuses work whose time in the line is up, gives up exchanges that take too long, has PostgreSQL end what nobody waits
    /// for any more, and closes connections that have rested for long.
    func expire() {
        let now = ContinuousClock.now
        let (late, unwanted) = state.with { $0.expire(now: now) { $0.isUnwanted } }
        if !late.isEmpty { counts.with { $0.timeouts += late.count } }
        for work in late { work.refuse(.busy) }
        for work in unwanted { work.refuse(.interrupted) }
        for case let entry? in underWay.with({ $0 }) where entry.deadline.instant <= now && entry.exchange.isUnderWay {
            entry.loop.post { self.giveUp(entry) }
        }
        for connection in unwantedConnections() { cancel(connection) }
        let rest = configuration.idleTimeout
        for connection in state.with({ $0.trim(now: now, rest: rest, isFit: { !$0.isRetired }) }) {
            discard(connection)
        }
    }

    /// Those at work on what nobody waits for any more, each told once. They are retired while they are known to be so: a
    /// cancel request can never reach whoever comes next.
    private func unwantedConnections() -> [Connection] {
        let exchanging = underWay.with { entries in
            entries.compactMap { $0 }.filter {
                $0.exchange.isUnderWay && $0.exchange.cancellation?.isCancelled ?? false
                    && $0.connection.beginCancelling()
            }.map(\.connection)
        }
        let blocked = blocking.with { entries in
            entries.compactMap { $0 }.filter { $0.cancellation.isCancelled && $0.connection.beginCancelling() }
                .map(\.connection)
        }
        return exchanging + blocked
    }

    private func cancel(_ connection: Connection) {
        let isRoom = cancelling.with { count in
            guard count < Self.maximumCancelling else { return false }
            count += 1
            return true
        }
        guard isRoom else { return }
        canceller.async {
            connection.cancel()
            self.cancelling.with { $0 -= 1 }
        }
    }

    private func giveUp(_ entry: UnderWay) {
        // It may have ended meanwhile, and may even be under way again.
        let isCurrent = underWay.with { places in
            places.contains { $0?.exchange === entry.exchange && $0?.deadline == entry.deadline }
        }
        guard isCurrent else { return }
        entry.exchange.giveUp()
        giveUp(entry.connection)
    }

    /// The connection is of no use any more. Whoever was told so is told; the reads that were sent behind have done nothing
    /// yet that could not be done again.
    func giveUp(_ connection: Connection) {
        let left = connection.exchanges
        discard(connection)
        for exchange in left {
            unwatch(exchange)
            if exchange.isAnswered { continue }
            beginAgain(exchange)
        }
    }

    func beginAgain(_ exchange: Exchange) {
        guard exchange.reset() else { return exchange.fail(DatabaseError.interrupted) }
        place(.exchange(exchange), deadline: .after(configuration.leaseTimeout))
    }
}
