// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound
import HTTPTypes
import Telemetry
import TestSupport
import Testing

@Suite struct OutboundClientTests {
    @Test func anAnswerComesBackWhole() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["status": 201, "body": "{\"id\":1}", "fields": ["x-thing": "yes"]])
            let reply = try await caller.send(
                caller.request(path, method: .post) {
                    $0.body = .bytes(Array("{\"a\":1}".utf8))
                    try? $0.set(.contentType, "application/json")
                })
            #expect(reply.status == 201)
            #expect(reply.body == Array("{\"id\":1}".utf8))
            #expect(reply.head.fields[try #require(HTTPField.Name("X-Thing"))] == "yes")
            let entry = try #require(try caller.simulator.log(path).first)
            #expect(entry.method == "POST")
            #expect(entry.bytes == Array("{\"a\":1}".utf8))
            #expect(entry.field("content-type") == "application/json")
            #expect(entry.field("content-length") == "7")
            #expect(entry.field("expect") == nil)
        }
    }

    @Test(arguments: ["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH", "OPTIONS"])
    func everyMethodIsSentAsItIs(_ name: String) async throws {
        let method = try #require(HTTPRequest.Method(name))
        try await Caller.run { caller in
            let path = try caller.simulator.script(["status": 200, "body": "yes"])
            let reply = try await caller.send(caller.request(path, method: method))
            #expect(reply.status == 200)
            #expect(reply.body == (name == "HEAD" ? [] : Array("yes".utf8)))
            #expect(try caller.simulator.log(path).map(\.method) == [name])
        }
    }

    @Test func aRedirectionIsNotFollowed() async throws {
        try await Caller.run { caller in
            let elsewhere = try caller.simulator.script(["status": 200])
            let path = try caller.simulator.script(
                ["status": 302, "fields": ["location": caller.simulator.url(elsewhere)]])
            let reply = try await caller.send(
                caller.request(path) { try? $0.set(.authorization, "Bearer secret") })
            #expect(reply.status == 302)
            #expect(try caller.simulator.log(elsewhere).isEmpty)
        }
    }

    @Test func aTraceIsPassedOn() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["status": 200])
            let trace = TraceContext(beginning: .next())
            try await TraceContext.$current.withValue(trace) { _ = try await caller.send(caller.request(path)) }
            let header = try #require(try caller.simulator.log(path).first?.field("traceparent"))
            let bytes = Array(header.utf8), read = TraceContext(bytes.span)
            let sent = try #require(read)
            #expect(sent.traceID == trace.traceID)
            #expect(sent.parentID != trace.parentID)
        }
    }

    @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "a\u{0}b", "a\rb"])
    func aFieldThatWouldEndItsLineIsRefused(_ value: String) throws {
        var request = OutboundRequest(.get, try .configured("https://example.in/"))
        let name = try #require(HTTPField.Name("X-Name"))
        #expect(throws: OutboundError.forbiddenField) { try request.set(name, value) }
        #expect(throws: OutboundError.forbiddenField) { try request.set(.contentLength, "5") }
        #expect(request.fields.isEmpty)
    }

    // MARK: - Bounds

    @Test func whoNeverAnswersIsLeft() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["do": "hang"])
            let start = ContinuousClock.now
            let failure = await caller.failure(
                try caller.request(path, method: .post) { $0.limits.total = .milliseconds(300) })
            #expect(failure == .timedOut(.waiting))
            #expect(start.duration(to: .now) < .seconds(1))
            #expect(try caller.simulator.log(path).count == 1)
        }
    }

    @Test func whoAnswersByteByByteIsLeft() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["do": "drip", "body": "a long story"])
            let start = ContinuousClock.now
            let failure = await caller.failure(
                try caller.request(path, method: .post) {
                    $0.limits.patience = .seconds(2)
                    $0.limits.total = .seconds(30)
                })
            #expect(failure == .timedOut(.waiting))
            #expect(start.duration(to: .now) < .seconds(5))
        }
    }

    @Test func whoCannotBeReachedIsNot() async throws {
        try await Caller.run { caller in
            // Port 1 of this machine refuses; an address of documentation drops.
            var request = OutboundRequest(.get, try .configured("http://127.0.0.1:1/"))
            #expect(await caller.failure(request) == .unreachable)
            request = OutboundRequest(.get, try .configured("https://nothing.invalid/"))
            #expect(await caller.failure(request) == .unresolvable)
        }
    }

    @Test(
        arguments: [["zeros": 10_000_000], ["zeros": 10, "declared": 10_000_000, "do": "lie"]]
            as [[String: any Sendable]])
    func aBodyBeyondItsBoundIsRefused(_ step: [String: any Sendable]) async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(step)
            #expect(await caller.failure(try caller.request(path)) == .tooLarge)
        }
    }

    @Test func aHeadWithoutEndIsRefused() async throws {
        try await Caller.run { caller in
            let lines = String(repeating: "x-line: \(String(repeating: "a", count: 1_000))\r\n", count: 100)
            let path = try caller.simulator.script(["do": "raw", "body": "HTTP/1.1 200 OK\r\n\(lines)\r\n"])
            #expect(await caller.failure(try caller.request(path, method: .post)) == .tooLarge)
        }
    }

    @Test func oneTooManyIsRefusedAtOnce() async throws {
        try await Caller.run {
            $0.callsInFlight = 2
        } _: { caller in
            let path = try caller.simulator.script(["do": "hang"])
            let request = try caller.request(path) { $0.limits.total = .seconds(1) }
            await withTaskGroup(of: OutboundError?.self) { group in
                for _ in 0..<3 { group.addTask { await caller.failure(request) } }
                var failures: [OutboundError?] = []
                for await failure in group { failures.append(failure) }
                #expect(failures.count { $0 == .busy } == 1)
            }
            // Their places are free again.
            let other = try caller.simulator.script(["status": 200])
            #expect(try await caller.send(caller.request(other)).status == 200)
        }
    }

    // MARK: - Liars and breaks

    @Test(
        arguments: [
            (["do": "close"], OutboundError.brokenOff), (["do": "reset"], .brokenOff),
            (["do": "reset", "after": "half", "zeros": 100_000], .brokenOff),
            (["do": "lie", "body": "short", "declared": 500], .brokenOff),
            (["do": "raw", "body": "nonsense\r\n\r\n"], .malformed),
            (["do": "raw", "body": "HTTP/1.1 200 OK\r\nX-Half: y\r\n"], .brokenOff),
        ] as [([String: any Sendable], OutboundError)])
    func anAnswerThatIsNoneIsAnError(_ step: [String: any Sendable], _ expected: OutboundError) async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(step)
            #expect(await caller.failure(try caller.request(path, method: .post) { $0.body = .bytes([1]) }) == expected)
            #expect(try caller.simulator.log(path).count == 1)
        }
    }

    /// More than was declared belongs to nobody: not to this answer, and not to the next, which may be for another business.
    @Test(arguments: ["http", "https"])
    func whatComesBehindTheDeclaredBodyIsNotTaken(_ server: String) async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script([
                "do": "lie", "body": "rightHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong", "declared": 5,
                "keep": true,
            ])
            let next = try caller.simulator.script(["body": "next"])
            for _ in 0..<50 {
                #expect(try await caller.send(caller.request(path, over: server)).body == Array("right".utf8))
                #expect(try await caller.send(caller.request(next, over: server)).body == Array("next".utf8))
            }
        }
    }

    @Test func theLengthOfWhatHeadDoesNotBringIsNoMatter() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["zeros": 10_000_000])
            #expect(try await caller.send(caller.request(path, method: .head)).status == 200)
        }
    }

    /// Without a declared length nothing but counting tells.
    @Test func aBodyWithoutALengthIsBoundedToo() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script([
                "do": "raw", "body": "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "a", count: 3_000_000),
            ])
            #expect(await caller.failure(try caller.request(path, method: .post)) == .tooLarge)
        }
    }

    /// What stays behind while nobody takes anything is counted when it comes.
    @Test func aBodyThatWaitedIsBoundedToo() async throws {
        try await Caller.run { caller in
            let chunks = (0..<12).map { _ in "4000\r\n" + String(repeating: "a", count: 16_384) + "\r\n" }.joined()
            let path = try caller.simulator.script([
                "do": "raw", "body": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n",
            ])
            let request = try caller.request(path, method: .post) { $0.limits.responseBytes = 100_000 }
            let stream = try await caller.client.open(request, to: OutboundPeer("simulator"))
            try await Task.sleep(for: .milliseconds(200))
            var count = 0
            await #expect(throws: OutboundError.tooLarge) {
                while let piece = try await stream.next() { count += piece.count }
            }
            #expect(count <= 100_000)
        }
    }

    @Test func earlyHintsAreNotTheAnswer() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["do": "early", "status": 200, "body": "yes"])
            let reply = try await caller.send(caller.request(path))
            #expect(reply.status == 200)
            #expect(reply.head.fields[try #require(HTTPField.Name("Link"))] == nil)
        }
    }

    // MARK: - Again

    @Test func whatIsHarmlessIsAskedAgain() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["do": "reset"], ["status": 503], ["status": 200, "body": "third"])
            #expect(try await caller.send(caller.request(path)).body == Array("third".utf8))
            #expect(try caller.simulator.log(path).count == 3)
        }
    }

    @Test func whatIsToldToWaitWaits() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["status": 429, "fields": ["retry-after": "1"]], ["status": 200])
            #expect(try await caller.send(caller.request(path)).status == 200)
            let times = try caller.simulator.log(path).map(\.at)
            #expect(times.count == 2 && times[1] - times[0] >= 1)
        }
    }

    /// libcurl would ask again by itself on a kept connection that dies: whoever has read a message has sent it.
    @Test func aMessageOnAConnectionThatDiesIsSentOnce() async throws {
        try await Caller.run { caller in
            let warm = try caller.simulator.script(["status": 200])
            for body in [OutboundBody.bytes([1, 2, 3]), .none] {
                try await caller.send(caller.request(warm))
                let path = try caller.simulator.script(["do": "close"])
                #expect(await caller.failure(try caller.request(path, method: .post) { $0.body = body }) == .brokenOff)
                let seen = try caller.simulator.log(path)
                #expect(seen.count == 1)
                // What has no body by which libcurl could tell that it was sent goes over a connection of its own.
                let isKept = try seen[0].connection == caller.simulator.log(warm).last?.connection
                #expect(isKept == (seen[0].bytes == [1, 2, 3]))
            }
        }
    }

    @Test func aProviderThatFailsIsLeftAlone() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["status": 500])
            for _ in 0..<5 { #expect(try await caller.send(caller.request(path)).status == 500) }
            guard case .resting(let pause)? = await caller.failure(try caller.request(path)) else {
                Issue.record("it was asked again")
                return
            }
            #expect(pause > .seconds(4))
            #expect(try caller.simulator.log(path).count == 5)
            // The answer is told that came before it was left alone, and not that it is.
            let tired = try caller.simulator.script(["status": 503])
            let peer = OutboundPeer("tired")
            for _ in 0..<4 {
                let request = try caller.request(tired, method: .post)
                #expect(try await caller.client.send(request, to: peer).status == 503)
            }
            let last = try await caller.client.send(caller.request(tired), to: peer)
            #expect(last.status == 503)
            // Others are not to blame.
            let other = try caller.simulator.script(["status": 200])
            let reply = try await caller.client.send(caller.request(other), to: OutboundPeer("another"))
            #expect(reply.status == 200)
        }
    }

    @Test func callsAreCounted() async throws {
        let prometheus = Prometheus()
        var configuration = OutboundConfiguration()
        configuration.authorities = Simulator.shared.authority
        let caller = Caller(client: try OutboundClient(configuration, metrics: prometheus))
        let path = try caller.simulator.script(["status": 503], ["status": 200])
        try await caller.send(caller.request(path))
        _ = await caller.failure(try caller.request("/", over: "https_alone"))
        let text = prometheus.text()
        for line in [
            #"outbound_calls_total{provider="simulator",outcome="5xx"} 1"#,
            #"outbound_calls_total{provider="simulator",outcome="2xx"} 1"#,
            #"outbound_calls_total{provider="simulator",outcome="untrusted"} 1"#,
            #"outbound_retries_total{provider="simulator"} 1"#, #"outbound_circuit_open{provider="simulator"} 0"#,
            #"outbound_call_duration_seconds_count{provider="simulator"} 3"#,
        ] {
            #expect(text.contains(line), "\(line)")
        }
        // Neither paths nor hosts are labels.
        #expect(!text.contains(path) && !text.contains("127.0.0.1"))
    }

    // MARK: - Connections

    @Test func aConnectionServesOneAccountOnly() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["status": 200])
            for account in ["a", "a", "b", "a", "b"] {
                try await caller.send(caller.request(path, over: "https"), account: account)
            }
            let numbers = try caller.simulator.log(path).map(\.connection)
            #expect(numbers[0] == numbers[1] && numbers[1] == numbers[3])
            #expect(numbers[2] == numbers[4] && numbers[2] != numbers[0])
        }
    }

    @Test func whoIsCancelledLetsGoOfTheConnection() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["do": "hang"])
            let request = try caller.request(path)
            let task = Task { try await caller.client.send(request, to: OutboundPeer("simulator")) }
            while try caller.simulator.log(path).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            let start = ContinuousClock.now
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(start.duration(to: .now) < .milliseconds(500))
        }
    }

    @Test func whenItIsClosedAllHearOfIt() async throws {
        try await Caller.run { caller in
            let path = try caller.simulator.script(["do": "hang"])
            let request = try caller.request(path, method: .post)
            async let failure = caller.failure(request)
            while try caller.simulator.log(path).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            caller.client.close()
            #expect(await failure == .stopped)
        }
    }
}
