// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound
import HTTPTypes
import Metrics
import TestSupport
import Testing

/// Names that mean what a test says, a different thing each time if it wants.
final class ScriptedNames: NameLookup {
    private let answers: Lock<[[NetworkAddress]]>
    private let count = Lock(0)

    init(_ answers: [String]...) { self.answers = Lock(answers.map { $0.compactMap { NetworkAddress($0) } }) }

    var lookups: Int { count.with { $0 } }

    func addresses(of host: String) throws -> [NetworkAddress] {
        count.with { $0 += 1 }
        return answers.with { $0.count > 1 ? $0.removeFirst() : $0.first ?? [] }
    }
}

/// A client that trusts the simulator's authority, and short limits.
struct Caller {
    let client: OutboundClient
    let simulator = Simulator.shared

    static func run(
        names: any NameLookup = SystemNames(), _ change: (inout OutboundConfiguration) -> Void = { _ in },
        _ body: (Caller) async throws -> Void
    ) async throws {
        var configuration = OutboundConfiguration()
        configuration.authorities = Simulator.shared.authority
        change(&configuration)
        let caller = Caller(
            client: try OutboundClient(configuration, names: names, metrics: NOOPMetricsHandler.instance))
        defer { caller.client.close() }
        try await body(caller)
    }

    func request(
        _ path: String, method: HTTPRequest.Method = .get, over server: String = "http",
        _ change: (inout OutboundRequest) -> Void = { _ in }
    ) throws -> OutboundRequest {
        var request = OutboundRequest(method, try .configured(simulator.url(path, over: server)))
        request.limits.total = .seconds(10)
        request.limits.connecting = .seconds(5)
        change(&request)
        return request
    }

    @discardableResult
    func send(_ request: OutboundRequest, account: String = "") async throws -> OutboundResponse {
        try await client.send(request, to: OutboundPeer("simulator", account: account))
    }

    func failure(_ request: OutboundRequest) async -> OutboundError? {
        do { try await send(request) } catch { return error as? OutboundError }
        return nil
    }
}

/// A pattern by which a lost or doubled piece shows.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) } }
