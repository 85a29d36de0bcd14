// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound
import TestSupport
import Testing

@Suite struct OutboundStreamTests {
    @Test(arguments: [nil, 3_000_000] as [Int?])
    func aBodyIsSentPieceByPiece(_ length: Int?) async throws {
        try await Caller.run { caller in
            let all = pattern(3_000_000)
            let position = Lock(0)
            let path = try caller.simulator.script(["status": 200, "body": "ok"])
            let reply = try await caller.send(
                caller.request(path, method: .post) {
                    $0.body = .stream(length: length) {
                        let start = position.with { position in
                            defer { position += 70_001 }
                            return position
                        }
                        return start < all.count ? Array(all[start..<min(start + 70_001, all.count)]) : nil
                    }
                })
            #expect(reply.status == 200)
            let entry = try #require(try caller.simulator.log(path).first)
            #expect(entry.bytes == all)
            #expect(entry.field("transfer-encoding") == (length == nil ? "chunked" : nil))
        }
    }

    /// The other side reads nothing for a second: no more is made meanwhile than its socket's buffers hold.
    @Test func aSlowReaderSlowsTheWriter() async throws {
        try await Caller.run { caller in
            let made = Lock(0)
            let path = try caller.simulator.script(["pause": 1, "status": 200])
            let request = try caller.request(path, method: .post) {
                $0.body = .stream(length: nil) {
                    made.with { made in
                        guard made < 64 << 20 else { return nil }
                        made += 64 << 10
                        return [UInt8](repeating: 7, count: 64 << 10)
                    }
                }
            }
            async let reply = caller.send(request)
            try await Task.sleep(for: .milliseconds(700))
            #expect(made.with { $0 } < 16 << 20)
            #expect(try await reply.status == 200)
            #expect(made.with { $0 } == 64 << 20)
        }
    }

    @Test func aBodyThatCannotBeMadeEndsTheCall() async throws {
        struct Broken: Error {}
        try await Caller.run { caller in
            let path = try caller.simulator.script(["status": 200])
            let request = try caller.request(path, method: .post) { $0.body = .stream(length: nil) { throw Broken() } }
            #expect(await caller.failure(request) == .bodyFailed)
        }
    }

    /// What nobody takes is not fetched: 64 MiB wait on the other side.
    @Test func anAnswerComesAsItIsTaken() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["zeros": 64 << 20])
            let request = try caller.request(path) {
                $0.limits.responseBytes = 100 << 20
                $0.limits.total = .seconds(60)
            }
            let before = residentBytes()
            let stream = try await caller.client.open(request, to: OutboundPeer("simulator"))
            #expect(stream.head.status == 200)
            try await Task.sleep(for: .milliseconds(500))
            #expect(residentBytes() - before < 8 << 20)
            var count = 0
            while let piece = try await stream.next() { count += piece.count }
            #expect(count == 64 << 20)
            #expect(try await stream.next() == nil)
        }
    }

    @Test func whoLetsGoOfAnAnswerEndsTheCall() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["do": "hang", "after": "head", "declared": 10])
            _ = try caller.simulator.log(path)
            let before = openDescriptors()
            var streams: [OutboundStream] = []
            for _ in 0..<5 {
                streams.append(try await caller.client.open(caller.request(path), to: OutboundPeer("simulator")))
            }
            #expect(streams.allSatisfy { $0.head.status == 200 } && openDescriptors() >= before + 5)
            streams = []
            let deadline = ContinuousClock.now + .seconds(5)
            while openDescriptors() > before + 4, .now < deadline { try await Task.sleep(for: .milliseconds(20)) }
            // What the client keeps for itself stays.
            #expect(openDescriptors() <= before + 4)
        }
    }

    /// Longer, and it would be taken for another request; shorter, and the other side would wait for the rest.
    @Test(arguments: [7, 15])
    func aBodyOfAnotherLengthThanDeclaredIsNotSent(_ length: Int) async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["status": 200])
            let pieces = Lock(2)
            let request = try caller.request(path, method: .post) {
                $0.body = .stream(length: length) {
                    pieces.with { left in
                        left -= 1
                        return left >= 0 ? [1, 2, 3, 4, 5] : nil
                    }
                }
            }
            let start = ContinuousClock.now
            #expect(await caller.failure(request) == .bodyFailed)
            #expect(start.duration(to: .now) < .seconds(2))
            let next = try caller.simulator.script(["status": 204])
            #expect(try await caller.send(caller.request(next)).status == 204)
        }
    }

    @Test func anAnswerThatBreaksOffIsNotTakenForWhole() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["do": "reset", "after": "half", "zeros": 1_000_000])
            let stream = try await caller.client.open(caller.request(path), to: OutboundPeer("simulator"))
            await #expect(throws: OutboundError.brokenOff) {
                while try await stream.next() != nil {}
            }
        }
    }
}
