// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution
import HTTPTypes
import Metrics

/// Calls other people's servers: bounded in time, size and number, over TLS, without following anybody elsewhere
/// (docs/decisions/0021).
package final class OutboundClient: Sendable {
    let driver: CurlDriver
    private let breakers = Lock<[String: CircuitBreaker]>([:])
    private let inFlight = Lock(0)
    private let maximumInFlight: Int
    private let metrics: OutboundMetrics

    /// - Parameter names: looks up hosts.
    /// - Throws: ``OutboundConfiguration/Unreadable``.
    package init(
        _ configuration: OutboundConfiguration = OutboundConfiguration(), names: any NameLookup = SystemNames(),
        metrics: any MetricsFactory
    ) throws(OutboundConfiguration.Unreadable) {
        let settings = CurlSettings(
            trust: try Trust(file: configuration.authorities), guardian: configuration.guardian)
        driver = CurlDriver(settings, names: names)
        maximumInFlight = configuration.callsInFlight
        self.metrics = OutboundMetrics(factory: metrics)
    }

    deinit { driver.stop() }

    /// Ends what is under way; nothing can be called after it.
    package func close() { driver.stop() }

    /// Asks and waits for the whole answer, asking again where that is harmless.
    /// - Returns: whatever the other side has answered, 500 included.
    /// - Throws: `OutboundError`, `CancellationError`.
    package func send(_ request: OutboundRequest, to peer: OutboundPeer) async throws -> OutboundResponse {
        try await repeating(request.rules, peer) { deadline in
            let exchange = try self.begin(request, peer, deadline)
            let head = try await exchange.waitForHead()
            var body: [UInt8] = []
            while let piece = try await exchange.nextPiece() { body += piece }
            return (OutboundResponse(head: head, body: body), head)
        }
    }

    /// Asks and returns with the answer's head, as soon as that has come.
    /// - Throws: `OutboundError`, `CancellationError`.
    package func open(_ request: OutboundRequest, to peer: OutboundPeer) async throws -> OutboundStream {
        try await repeating(request.rules, peer) { deadline in
            let exchange = try self.begin(request, peer, deadline)
            let head = try await exchange.waitForHead()
            return (OutboundStream(head: head, exchange: exchange), head)
        }
    }

    private func begin(_ request: OutboundRequest, _ peer: OutboundPeer, _ deadline: Deadline) throws -> Exchange {
        var lines = request.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        // A user's server has no part in our traces.
        if let trace = TraceContext.current, !request.url.isUserGiven {
            lines.append("traceparent: \(trace.child().header)")
        }
        var length: Int?
        var outgoing: [UInt8]? = []
        switch request.body {
        case .none: break
        case .bytes(let bytes): (length, outgoing) = (bytes.count, bytes)
        case .stream(let known, _): (length, outgoing) = (known ?? -1, nil)
        }
        let exchange = try enter(outgoing)
        driver.start(
            CurlOrder(
                kind: .http(method: request.method.rawValue, lines: lines), url: request.url,
                pool: request.url.isUserGiven ? "" : "\(peer.provider)/\(peer.account)", bodyLength: length,
                limits: request.limits, deadline: deadline,
                // What is sent with a body is not sent again by libcurl, which cannot rewind it.
                mayReuse: request.isRepeatable || (length ?? 0) != 0), exchange)
        if case .stream(_, let next) = request.body { exchange.bring(next) }
        return exchange
    }

    /// A place among those under way, held until the exchange ends.
    func enter(_ outgoing: [UInt8]?) throws(OutboundError) -> Exchange {
        let isAdmitted = inFlight.with { count in
            guard count < maximumInFlight else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw .busy }
        return Exchange(outgoing: outgoing) { [inFlight] in inFlight.with { $0 -= 1 } }
    }

    // MARK: - Attempts

    func repeating<Output: Sendable>(
        _ rules: CallRules, _ peer: OutboundPeer,
        _ attempt: (Deadline) async throws -> (Output, OutboundHead)
    ) async throws -> Output {
        let deadline = Deadline.after(rules.limits.total)
        var number = 1, last: Result<Output, any Error>?
        while true {
            do { try admit(peer, rules) } catch {
                // Why there is no second attempt is less than what came of the first.
                return try (last ?? .failure(error)).get()
            }
            let start = ContinuousClock.now
            let (result, pause) = try await attempted(rules, peer, number) { try await attempt(deadline) }
            metrics.noteDuration(peer.provider, start.duration(to: .now))
            guard let pause, pause < deadline.remaining else { return try result.get() }
            metrics.noteRetry(peer.provider)
            try await Task.sleep(for: pause)
            last = result
            number += 1
        }
    }

    /// One attempt, what it tells of the provider, and how long to wait before another.
    private func attempted<Output: Sendable>(
        _ rules: CallRules, _ peer: OutboundPeer, _ number: Int, _ attempt: () async throws -> (Output, OutboundHead)
    ) async throws -> (Result<Output, any Error>, pause: Duration?) {
        do {
            let (output, head) = try await attempt()
            note(peer, rules, head.status < 500 ? .answered : .failed, "\(head.status / 100)xx")
            return (.success(output), RetryRules.delay(after: head, attempt: number, rules))
        } catch let failure as AttemptFailure {
            note(peer, rules, failure.error.verdict, failure.error.outcome)
            return (.failure(failure.error), RetryRules.delay(after: failure, attempt: number, rules))
        } catch let refusal as MailRefusal {
            note(peer, rules, refusal.status == 421 ? .failed : .answered, "\(refusal.status / 100)xx")
            throw refusal
        } catch {
            note(peer, rules, .silent, (error as? OutboundError)?.outcome ?? "cancelled")
            throw error
        }
    }

    /// A user's server fails for itself alone.
    private func admit(_ peer: OutboundPeer, _ rules: CallRules) throws(OutboundError) {
        guard !rules.isUserGiven else { return }
        let admission = breakers.with { $0[peer.provider, default: CircuitBreaker()].admit(.now) }
        guard case .refused(let pause) = admission else { return }
        metrics.note(peer.provider, "resting")
        throw .resting(for: pause)
    }

    private func note(
        _ peer: OutboundPeer, _ rules: CallRules, _ verdict: CircuitBreaker.Verdict, _ outcome: String
    ) {
        metrics.note(peer.provider, outcome)
        guard !rules.isUserGiven else { return }
        let isClosed = breakers.with { breakers in
            breakers[peer.provider, default: CircuitBreaker()].note(verdict, .now)
            return breakers[peer.provider]?.isClosed ?? true
        }
        metrics.noteCircuit(peer.provider, isClosed: isClosed)
    }
}

/// What of the configuration this room needs.
package struct OutboundConfiguration: Sendable {
    /// `OUTBOUND_CA_FILE`: certificates (PEM) of the authorities that are trusted, in place of the machine's own.
    package var authorities: String?
    package var guardian = AddressGuard()
    /// `OUTBOUND_CALLS`: under way at once; more are refused.
    package var callsInFlight = 2_000

    package init() {}

    package struct Unreadable: Error, Sendable, Equatable, CustomStringConvertible {
        let file: String

        package var description: String {
            file.isEmpty
                ? "This machine has no list of authorities to trust. Install the package ca-certificates, or set OUTBOUND_CA_FILE."
                : "OUTBOUND_CA_FILE names \(file), in which there are no certificates that can be read."
        }
    }
}
