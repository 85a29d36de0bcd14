// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Glibc
import HTTPOutbound
import Metrics
import TestSupport
import Testing

@Suite struct OutboundTrustTests {
    @Test func whoIsWhoTheySayIsTrusted() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["status": 200])
            #expect(try await caller.send(caller.request(path, over: "https")).status == 200)
            #expect(try caller.simulator.log(path).map(\.encrypted) == [true])
        }
    }

    @Test(arguments: ["https_elsewhere", "https_alone"])
    func aWrongCertificateEndsTheCallBeforeAnythingIsSaid(_ server: String) async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["status": 200])
            guard case .untrusted? = await caller.failure(try caller.request(path, over: server)) else {
                Issue.record("it was trusted")
                return
            }
            #expect(try caller.simulator.log(path).isEmpty)
        }
    }

    @Test func theMachinesAuthoritiesAreNotTheSimulators() async throws {
        try await Caller.run {
            $0.authorities = nil
        } _: { caller in
            guard case .untrusted? = await caller.failure(try caller.request("/", over: "https")) else {
                Issue.record("it was trusted")
                return
            }
        }
    }

    @Test func aFileWithoutCertificatesIsNoticedAtOnce() {
        var configuration = OutboundConfiguration()
        for file in ["/nonexistent", "/etc/hostname"] {
            configuration.authorities = file
            #expect(throws: OutboundConfiguration.Unreadable.self) {
                try OutboundClient(configuration, metrics: NOOPMetricsHandler.instance)
            }
        }
    }

    /// Whoever starts the server may have a proxy for themselves: it would see all that is said.
    @Test func aProxyOfTheEnvironmentIsNotUsed() async throws {
        let names = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        for name in names { unsafe setenv(name, "http://127.0.0.1:1", 1) }
        defer { for name in names { unsafe unsetenv(name) } }
        try await Caller.run { caller in
            let path = try caller.simulator.script(["status": 200])
            for server in ["http", "https"] {
                #expect(try await caller.send(caller.request(path, over: server)).status == 200)
            }
        }
    }

    // MARK: - What users name

    private func given(_ caller: Caller, _ configuration: AddressGuard, host: String = "hooks.example.in") throws
        -> OutboundRequest
    {
        let port = caller.simulator.ports["https_elsewhere"] ?? 0
        return OutboundRequest(.post, try .given("https://\(host):\(port)/hook", configuration))
    }

    private func guardian(allowing networks: String...) -> AddressGuard {
        var guardian = AddressGuard()
        guardian.ports.formUnion(Simulator.shared.ports.values)
        guardian.allowed = networks.compactMap { NetworkRange($0) }
        return guardian
    }

    @Test(arguments: [["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1", "1.1.1.1"], ["1.1.1.1", "::1"], ["fd00::1"]])
    func aNameThatLeadsIntoAPrivateNetworkIsNotCalled(_ addresses: [String]) async throws {
        let guardian = guardian()
        try await Caller.run(names: ScriptedNames(addresses)) {
            $0.guardian = guardian
        } _: { caller in
            let request = try given(caller, guardian)
            #expect(await caller.failure(request) == .addressRefused)
        }
    }

    /// The operator's own receiver may be called; its certificate is for another name, which shows that it was reached.
    @Test func anAllowedNetworkIsCalled() async throws {
        let guardian = guardian(allowing: "127.0.0.0/8")
        try await Caller.run(names: ScriptedNames(["127.0.0.1"])) {
            $0.guardian = guardian
        } _: { caller in
            guard case .untrusted? = await caller.failure(try given(caller, guardian)) else {
                Issue.record("it was not reached")
                return
            }
            let path = try caller.simulator.script(["status": 204])
            let url = caller.simulator.url(path, over: "https_elsewhere").replacing(
                "localhost", with: "elsewhere.example")
            let reply = try await caller.client.send(
                OutboundRequest(.post, try .given(url, guardian)), to: OutboundPeer("webhooks"))
            #expect(reply.status == 204)
        }
    }

    /// DNS rebinding: good when it is looked at, bad a moment later. There is no moment: what was looked at is connected to.
    @Test func aNameThatChangesItsMindIsLookedAtEachTime() async throws {
        let guardian = guardian(allowing: "127.0.0.2/32")
        let names = ScriptedNames(["127.0.0.2"], ["127.0.0.1"])
        try await Caller.run(names: names) {
            $0.guardian = guardian
        } _: { caller in
            // Nothing listens there; that it was tried is all that counts.
            let one = try given(caller, guardian), two = try given(caller, guardian, host: "two.example.in")
            #expect(await caller.failure(one) == .unreachable)
            #expect(names.lookups == 1)
            #expect(await caller.failure(two) == .addressRefused)
        }
    }

    @Test func aUsersServerHearsNothingOfOurTraces() async throws {
        let guardian = guardian(allowing: "127.0.0.0/8")
        try await Caller.run(names: ScriptedNames(["127.0.0.1"])) {
            $0.guardian = guardian
        } _: { caller in
            let path = try caller.simulator.script(["status": 302, "fields": ["location": "https://169.254.169.254/"]])
            let url = caller.simulator.url(path, over: "https_elsewhere").replacing(
                "localhost", with: "elsewhere.example")
            let request = OutboundRequest(.get, try .given(url, guardian))
            try await TraceContext.$current.withValue(TraceContext(beginning: .next())) {
                for _ in 0..<2 {
                    let reply = try await caller.client.send(request, to: OutboundPeer("webhooks"))
                    #expect(reply.status == 302)
                }
            }
            let seen = try caller.simulator.log(path)
            #expect(seen.allSatisfy { $0.field("traceparent") == nil })
            // Nor is a connection kept that another business might be given.
            #expect(Set(seen.map(\.connection)).count == 2)
        }
    }
}
