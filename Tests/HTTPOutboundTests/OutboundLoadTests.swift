// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound
import TestSupport
import Testing

@Suite struct OutboundLoadTests {
    /// A provider that takes its time must cost next to nothing: a thousand calls that wait, in the clear and over TLS.
    @Test(arguments: [("http", 32 << 10), ("https", 64 << 10)])
    func aThousandSlowCallsHoldNoThreadAndLittleMemory(_ server: String, _ bytesEach: Int) async throws {
        try await Caller.run { caller in
            let warm = try caller.simulator.script(["status": 200])
            for _ in 0..<20 { try await caller.send(caller.request(warm, over: server)) }
            let path = try caller.simulator.script(["do": "hang"])
            let request = try caller.request(path, over: server) {
                $0.limits.total = .seconds(120)
                $0.limits.connecting = .seconds(60)
                $0.limits.patience = .seconds(120)
            }
            let memory = residentBytes(), threadsBefore = threads()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<1_000 { group.addTask { _ = try? await caller.send(request) } }
                let deadline = ContinuousClock.now + .seconds(60)
                while ((try? caller.simulator.log(path).count) ?? 0) < 1_000, .now < deadline {
                    try? await Task.sleep(for: .milliseconds(200))
                }
                releaseFreeMemory()
                let each = (residentBytes() - memory) / 1_000
                print("a waiting call over \(server): \(each) bytes, \(threads() - threadsBefore) threads for all")
                #expect(each <= bytesEach)
                #expect(threads() - threadsBefore <= 4)
                // Others are answered meanwhile.
                let start = ContinuousClock.now
                let quick = try? await caller.client.send(caller.request(warm, over: server), to: OutboundPeer("quick"))
                #expect(quick?.status == 200)
                #expect(start.duration(to: .now) < .seconds(1))
                group.cancelAll()
            }
        }
    }
}
