// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CCurl
import Core
import Dispatch
import Execution

/// Runs transfers on a loop of its own. A call that waits holds a little memory and a socket; no thread.
final class CurlDriver: @unchecked Sendable {
    // Guard: `pools`, `resolving`, `mails` and `isStopped` are touched on `loop` alone.
    private let loop = EventLoop(label: "unnati.outbound")
    /// What users name is looked up apart: names that are never answered must not keep providers waiting.
    private let names: NameTable, givenNames: NameTable
    /// libcurl waits for mail servers on the thread that calls it, so mail has lanes of its own.
    private let mailLanes = LaneExecutor(label: "unnati.mail", lanes: 4)
    private var mails: [ObjectIdentifier: Exchange] = [:]
    private let settings: CurlSettings
    private var pools: [String: CurlPool] = [:]
    /// Those who wait for a name.
    private var resolving: [ObjectIdentifier: (exchange: Exchange, deadline: Deadline)] = [:]
    private var isStopped = false

    private static let maximumPools = 512, idlePool = Duration.seconds(60)

    init(_ settings: CurlSettings, names: any NameLookup) {
        self.settings = settings
        self.names = NameTable(names)
        givenNames = NameTable(names)
        CurlLibrary.start()
        loop.everyTick { [weak self] in self?.sweep() }
    }

    /// Ends what is under way.
    func stop() {
        loop.post { [self] in
            isStopped = true
            for (exchange, _) in resolving.values { Self.fail(exchange, .stopped) }
            resolving = [:]
            for exchange in mails.values { exchange.cancel(AttemptFailure(error: .stopped, wasUnsent: false)) }
            for pool in pools.values { pool.close() }
            pools = [:]
        }
        loop.stop()
    }

    private static func fail(_ exchange: Exchange, _ error: OutboundError) {
        exchange.finish(.failure(AttemptFailure(error: error, wasUnsent: true)))
    }

    /// - Parameter exchange: hears of all that happens.
    func start(_ order: CurlOrder, _ exchange: Exchange) {
        loop.post { [self] in
            guard !isStopped else { return Self.fail(exchange, .stopped) }
            let isWanted = exchange.begin(
                resume: {}, stop: { [weak self] in self?.loop.post { [weak self] in self?.forget(exchange) } })
            guard isWanted else { return Self.fail(exchange, .stopped) }
            if let address = order.url.address { return connect(order, [address], exchange) }
            let patience = min(order.deadline, .after(order.limits.connecting))
            resolving[ObjectIdentifier(exchange)] = (exchange, patience)
            (order.url.isUserGiven ? givenNames : names).addresses(of: order.url.host) { [weak self] answer in
                self?.loop.post { [weak self] in self?.connect(order, answer, exchange) }
            }
        }
    }

    private func connect(_ order: CurlOrder, _ answer: NameTable.Answer, _ exchange: Exchange) {
        // Its time may be over, or its caller gone.
        guard resolving.removeValue(forKey: ObjectIdentifier(exchange)) != nil else { return }
        switch answer {
        case .success(let addresses): connect(order, addresses, exchange)
        case .failure(let error): Self.fail(exchange, error)
        }
    }

    private func connect(_ order: CurlOrder, _ addresses: [NetworkAddress], _ exchange: Exchange) {
        // One address of ours among others' is one too many.
        guard !order.url.isUserGiven || addresses.allSatisfy(settings.guardian.admits) else {
            return Self.fail(exchange, .addressRefused)
        }
        let addresses = order.url.address == nil ? addresses : []
        if case .smtp = order.kind { return deliver(order, addresses, exchange) }
        guard let pool = pool(order.pool) else { return Self.fail(exchange, .busy) }
        guard let transfer = CurlTransfer(order, addresses: addresses, exchange, settings) else {
            return Self.fail(exchange, .busy)
        }
        let held = Held(transfer: transfer)
        let isWanted = exchange.begin(
            resume: { [loop] in loop.post { pool.resume(held.transfer) } },
            stop: { [loop] in loop.post { pool.remove(held.transfer, CURLE_ABORTED_BY_CALLBACK) } })
        guard isWanted, pool.add(transfer) else { return Self.fail(exchange, .busy) }
    }

    private func deliver(_ order: CurlOrder, _ addresses: [NetworkAddress], _ exchange: Exchange) {
        // Whoever cancels goes at once; libcurl hears of it within a second.
        let isWanted = exchange.begin(
            resume: {}, stop: { Self.fail(exchange, .stopped) })
        guard isWanted else { return Self.fail(exchange, .stopped) }
        mails[ObjectIdentifier(exchange)] = exchange
        // It ends by its deadline, or when its exchange is cancelled.
        Task(executorPreference: mailLanes) { [self] in
            if order.deadline.hasPassed || exchange.isUnwanted {
                Self.fail(exchange, .timedOut(.connecting))
            } else if let transfer = CurlTransfer(order, addresses: addresses, exchange, settings) {
                transfer.perform()
                transfer.close()
            } else {
                Self.fail(exchange, .busy)
            }
            loop.post { self.mails[ObjectIdentifier(exchange)] = nil }
        }
    }

    /// Carries a transfer to the loop it lives on.
    private struct Held: @unchecked Sendable {  // Guard: `transfer` is used on the loop alone.
        let transfer: CurlTransfer
    }

    private func forget(_ exchange: Exchange) {
        guard resolving.removeValue(forKey: ObjectIdentifier(exchange)) != nil else { return }
        Self.fail(exchange, .stopped)
    }

    private func pool(_ key: String) -> CurlPool? {
        if let pool = pools[key] { return pool }
        if pools.count >= Self.maximumPools { closePools { $0.isIdle } }
        guard pools.count < Self.maximumPools else { return nil }
        let pool = CurlPool(on: loop)
        pools[key] = pool
        return pool
    }

    private func closePools(_ mayGo: (CurlPool) -> Bool) {
        for (key, pool) in pools where mayGo(pool) {
            pool.close()
            pools[key] = nil
        }
    }

    private func sweep() {
        for (key, waiting) in resolving where waiting.deadline.hasPassed {
            resolving[key] = nil
            Self.fail(waiting.exchange, .timedOut(.resolving))
        }
        let now = ContinuousClock.now
        closePools { $0.isIdle && $0.lastUse.duration(to: now) > Self.idlePool }
    }
}

/// libcurl wants to be started once, before anything else of it is used.
private enum CurlLibrary {
    private static let isStarted: Bool = unnati_curl_start() == CURLE_OK

    static func start() { precondition(isStarted, "libcurl does not start") }
}
