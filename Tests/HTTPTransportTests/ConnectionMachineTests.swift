// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import HTTPMessage
import HTTPTransport
import HTTPTypes
import Testing

/// The life of a connection as a value: time is whatever the test says.
@Suite struct ConnectionMachineTests {
    /// A machine, a clock that stands still, and what the machine asked for.
    private struct Bench: ~Copyable {
        var machine: ConnectionMachine
        var now = ContinuousClock.now
        var asked: [String] = []

        init(_ limits: HTTPLimits = HTTPLimits(), stream: Bool = false) {
            let route = Route.testing(stream ? .stream(maximumBytes: 1_000_000) : .standard)
            machine = ConnectionMachine(limits: limits, now: now) { _ in .route(route, []) }
        }

        typealias Act = (inout ConnectionMachine, ContinuousClock.Instant, inout [ConnectionMachine.Action]) -> Void

        mutating func act(_ body: Act) {
            var actions: [ConnectionMachine.Action] = []
            body(&machine, now, &actions)
            asked += actions.map(\.name)
        }
        mutating func send(_ text: String) {
            act { machine, now, actions in
                var bytes = Array(text.utf8)
                unsafe bytes.withUnsafeMutableBytes {
                    unsafe machine.received(UnsafeRawBufferPointer($0), now: now, &actions)
                }
            }
        }
        mutating func pass(_ duration: Duration) {
            now += duration
            act { machine, now, actions in machine.passed(now, &actions) }
        }
        mutating func reply(_ status: HTTPResponse.Status = .ok, isRead: Bool = true) {
            act { machine, now, actions in
                machine.responded(Response(status), date: Array("-".utf8), now: now, &actions)
                if isRead { machine.wrote(machine.pendingOutput, now: now, &actions) }
            }
        }
    }

    /// Everything that has been written and not been taken.
    private static func output(_ bench: borrowing Bench) -> String {
        unsafe bench.machine.withPending { unsafe String(decoding: $0, as: UTF8.self) }
    }

    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    private static func post(_ length: Int) -> String {
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n"
    }

    @Test func silenceEndsAConnectionWhenItsTimeHasCome() {
        var bench = Bench()
        bench.pass(.milliseconds(4_999))
        #expect(bench.asked == [])
        bench.pass(.milliseconds(1))
        #expect(bench.asked == ["close"])
    }

    @Test func aHeadHasItsTimeHoweverItDripsIn() {
        var bench = Bench()
        for byte in Self.get.prefix(9) {
            bench.send(String(byte))
            bench.pass(.seconds(1))
        }
        #expect(bench.asked == [])
        bench.pass(.seconds(1))
        #expect(bench.asked == ["reject 408"])
    }

    @Test func aBodyMustKeepUpItsRate() {
        // 1,024 bytes a second beyond ten seconds' grace: this one brings 1,000.
        var slow = Bench()
        slow.send(Self.post(100_000))
        for _ in 0..<60 where slow.asked.isEmpty {
            slow.send(String(repeating: "x", count: 100))
            slow.pass(.seconds(1))
        }
        #expect(slow.asked == ["reject 408"])

        var steady = Bench()
        steady.send(Self.post(100_000))
        for _ in 0..<50 {
            steady.send(String(repeating: "x", count: 2_000))
            steady.pass(.seconds(1))
        }
        #expect(steady.asked == ["start"])
    }

    @Test func aHandlerThatTakesTooLongIsGivenUp() {
        var bench = Bench()
        bench.send(Self.get)
        bench.pass(.seconds(60))
        #expect(bench.asked == ["start", "cancelHandler", "reject 503"])
        bench.reply(.serviceUnavailable)
        #expect(bench.asked.last == "halfClose")
        bench.pass(.seconds(2))
        #expect(bench.asked.last == "close")
    }

    @Test func aReplyThatNobodyReadsEndsTheConnection() {
        var bench = Bench()
        bench.send(Self.get)
        bench.reply(isRead: false)
        bench.pass(.milliseconds(19_999))
        #expect(bench.asked == ["start"])
        bench.pass(.milliseconds(1))
        #expect(bench.asked == ["start", "close"])
    }

    @Test func anIdleConnectionIsKeptAndThenLetGo() {
        var bench = Bench()
        bench.send(Self.get)
        bench.reply()
        bench.pass(.milliseconds(59_999))
        #expect(bench.asked == ["start"])
        bench.pass(.milliseconds(1))
        #expect(bench.asked == ["start", "close"])
    }

    @Test func aConnectionServesSoManyRequestsAndNoMore() {
        var limits = HTTPLimits()
        limits.requestsPerConnection = 3
        var bench = Bench(limits)
        for _ in 0..<3 {
            bench.send(Self.get)
            bench.reply()
        }
        #expect(bench.asked == ["start", "start", "start", "halfClose"])
        bench.send(Self.get)
        #expect(bench.asked.count == 4)
    }

    @Test func pipelinedRequestsWaitInABoundedBuffer() {
        var bench = Bench()
        let many = String(repeating: Self.get, count: 2_000)
        bench.send(many)
        #expect(bench.asked == ["start"])
        let wantsMore = bench.machine.wantsToRead
        bench.send(many)
        let wantsYetMore = bench.machine.wantsToRead
        #expect(wantsMore && !wantsYetMore)
        bench.reply()
        #expect(bench.asked == ["start", "start"])
    }

    @Test func drainingFinishesWhatWasBegunAndBeginsNothing() {
        // A request that was on its way is answered, with the news that it was the last.
        var idle = Bench()
        idle.act { machine, now, _ in machine.drain(now: now) }
        idle.pass(.milliseconds(2_999))
        #expect(idle.asked == [])
        idle.send(Self.get)
        idle.reply(isRead: false)
        let output = Self.output(idle)
        #expect(idle.asked == ["start", "halfClose"])
        #expect(output.contains("\r\nConnection: close\r\n"))

        var silent = Bench()
        silent.act { machine, now, _ in machine.drain(now: now) }
        silent.pass(.seconds(3))
        #expect(silent.asked == ["close"])

        var busy = Bench()
        busy.send(Self.get + Self.get)
        busy.act { machine, now, _ in machine.drain(now: now) }
        busy.reply()
        #expect(busy.asked == ["start", "halfClose"])
        let isClosed = busy.machine.isClosed
        #expect(!isClosed)
    }

    @Test func aStreamedBodyThatBreaksOffInterruptsItsReader() {
        var bench = Bench(stream: true)
        bench.send(Self.post(10) + "abc")
        bench.act { machine, now, actions in machine.receivedEnd(now: now, &actions) }
        #expect(bench.asked == ["start stream", "pushBody 3", "interruptBody"])
    }

    /// Whatever a handler was made to put into a header, no line of the reply begins where it says.
    @Test(arguments: ["a\r\nSet-Cookie: x=y", "a\nb", "a\rb", "a\u{0}b", "a\r\n\r\n<html>"])
    func nothingInAHeaderBeginsAnotherLine(_ value: String) {
        var machine = ConnectionMachine(limits: HTTPLimits(), now: .now) { _ in .notFound }
        var actions: [ConnectionMachine.Action] = []
        let request = Array(Self.get.utf8)
        unsafe request.withUnsafeBytes { unsafe machine.received($0, now: .now, &actions) }
        var response = Response(.ok, body: Array("{}".utf8))
        response.fields.append(.location, value)
        machine.responded(response, date: Array("-".utf8), now: .now, &actions)

        let output = unsafe machine.withPending { unsafe Array($0) }
        let lines = String(decoding: output, as: UTF8.self).components(separatedBy: "\r\n")
        #expect(lines.count == 6)
        #expect(lines.dropFirst().prefix(3).map { $0.prefix { $0 != ":" } } == ["Date", "Location", "Content-Length"])
        #expect(!output.contains(0))
        #expect(output.count { $0 == 0x0A } == 5 && output.count { $0 == 0x0D } == 5)
    }

    // MARK: - Streamed replies

    private static let nothing = ResponseStream(AsyncThrowingStream<[UInt8], any Error> { $0.finish() })

    /// A connection on which a streamed reply has begun.
    private func streaming(_ request: String = get, _ limits: HTTPLimits = HTTPLimits()) -> Bench {
        var bench = Bench(limits)
        bench.send(request)
        bench.act { machine, now, actions in
            machine.responded(
                Response(.ok, fields: [:], stream: Self.nothing), date: Array("-".utf8), now: now, &actions)
        }
        return bench
    }

    @Test func aStreamedReplyComesInChunksAndKeepsTheConnection() {
        var bench = streaming()
        bench.act { machine, now, _ in machine.streamed(Array("hello".utf8), now: now) }
        bench.act { machine, now, _ in machine.streamed([], now: now) }
        bench.act { machine, now, actions in machine.streamEnded(now: now, &actions) }

        #expect(
            Self.output(bench)
                == "HTTP/1.1 200 OK\r\nDate: -\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        bench.send(Self.get)
        #expect(bench.asked == ["start", "startStream", "start"])
    }

    @Test func aClientOfHTTP10GetsAStreamUntilTheConnectionEnds() {
        var bench = streaming("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        bench.act { machine, now, _ in machine.streamed(Array("hello".utf8), now: now) }
        bench.act { machine, now, actions in machine.streamEnded(now: now, &actions) }

        #expect(Self.output(bench) == "HTTP/1.1 200 OK\r\nDate: -\r\nConnection: close\r\n\r\nhello")
        #expect(bench.asked == ["start", "startStream", "halfClose"])
    }

    @Test func theHeadOfAStreamIsAllThatHEADGets() {
        var bench = streaming("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        let isResponding = bench.machine.isResponding
        #expect(!isResponding)
        #expect(Self.output(bench) == "HTTP/1.1 200 OK\r\nDate: -\r\n\r\n")
        bench.send(Self.get)
        #expect(bench.asked == ["start", "start"])
    }

    @Test func aStreamPausesWhileTheClientDoesNotRead() {
        var limits = HTTPLimits()
        limits.streamBuffer = 5_000
        var bench = streaming(Self.get, limits)
        var pieces = 0
        while pieces < 100, bench.machine.wantsPiece() {
            bench.act { machine, now, _ in machine.streamed([UInt8](repeating: 7, count: 1_000), now: now) }
            pieces += 1
        }
        #expect(pieces == 5)
        #expect(bench.asked == ["start", "startStream"])

        bench.act { machine, now, actions in machine.wrote(4_000, now: now, &actions) }
        #expect(bench.asked == ["start", "startStream", "resumeStream"])
        let wantsPiece = bench.machine.wantsPiece()
        #expect(wantsPiece)
    }

    @Test func aStreamThatCannotGoOnIsNeverTakenForWhole() {
        var bench = streaming()
        bench.act { machine, now, _ in machine.streamed(Array("hello".utf8), now: now) }
        bench.act { machine, _, actions in machine.streamFailed(&actions) }

        #expect(bench.asked == ["start", "startStream", "abort", "cancelHandler", "close"])
        #expect(!Self.output(bench).contains("0\r\n\r\n"))
    }

    @Test func aStreamEndsWhenItsClientLeavesAndWhenItsTimeIsUp() {
        var left = streaming()
        left.act { machine, now, actions in machine.receivedEnd(now: now, &actions) }
        #expect(left.asked == ["start", "startStream", "cancelHandler", "close"])

        var endless = streaming()
        endless.act { machine, now, actions in machine.wrote(machine.pendingOutput, now: now, &actions) }
        endless.pass(.seconds(3_599))
        #expect(endless.asked == ["start", "startStream"])
        endless.pass(.seconds(1))
        #expect(endless.asked == ["start", "startStream", "abort", "cancelHandler", "close"])
    }

    @Test func aHandlerHearsThatItsClientHasLeftAndMayStillAnswer() {
        var bench = Bench()
        bench.send(Self.get)
        bench.act { machine, now, actions in machine.receivedEnd(now: now, &actions) }
        bench.reply()
        #expect(bench.asked == ["start", "clientLeft", "halfClose", "close"])
    }

    @Test func aClientThatReadsSlowlyGetsAllOfItsReply() {
        var bench = Bench()
        bench.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        bench.reply(isRead: false)
        // Longer than any rest, a little at a time.
        for _ in 0..<12 {
            bench.pass(.seconds(10))
            bench.act { machine, now, actions in machine.wrote(1, now: now, &actions) }
        }
        bench.act { machine, now, actions in machine.receivedEnd(now: now, &actions) }
        #expect(bench.asked == ["start", "halfClose"])
        bench.act { machine, now, actions in machine.wrote(machine.pendingOutput, now: now, &actions) }
        #expect(bench.asked.last == "close")
    }

    @Test func butNotForever() {
        var bench = Bench()
        bench.send(Self.get)
        bench.reply(isRead: false)
        for _ in 0..<400 where !bench.machine.isClosed {
            bench.pass(.seconds(15))
            if bench.machine.pendingOutput > 1 {
                bench.act { machine, now, actions in machine.wrote(0, now: now, &actions) }
            }
        }
        #expect(bench.asked == ["start", "close"])
    }

    @Test func aSecondReplyToARequestIsDropped() {
        var bench = Bench()
        bench.send(Self.get)
        bench.reply()
        let before = Self.output(bench)
        bench.reply(.notFound, isRead: false)
        #expect(Self.output(bench) == before)
        bench.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        bench.reply()
        bench.reply(.notFound, isRead: false)
        #expect(!Self.output(bench).contains("404"))
    }

    @Test func aLargeBodyIsSentFromWhereItStandsAndInItsTurn() {
        var bench = Bench()
        bench.send(Self.get)
        let large = [UInt8](repeating: UInt8(ascii: "x"), count: 200_000)
        bench.act { machine, now, actions in
            machine.responded(Response(.ok, body: large), date: [45], now: now, &actions)
        }
        let head = Self.output(bench).utf8.count, pending = bench.machine.pendingOutput
        #expect(head < 1_000)
        #expect(pending == head + 200_000)
        var received: [UInt8] = []
        func take(_ most: Int, _ bench: inout Bench) {
            bench.act { machine, now, actions in
                let bytes = unsafe machine.withPending { unsafe Array($0.prefix(most)) }
                received += bytes
                machine.wrote(bytes.count, now: now, &actions)
            }
        }
        for _ in 0..<15 { take(10_000, &bench) }
        // A request is taken when little is left, and its reply comes behind.
        bench.send(Self.get)
        bench.reply(.notFound, isRead: false)
        while bench.machine.pendingOutput > 0 { take(7_000, &bench) }
        let text = String(decoding: received, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\nDate: -\r\nContent-Length: 200000\r\n\r\nxxx"))
        #expect(text.filter { $0 == "x" }.count == 200_000)
        #expect(text.contains("xxxHTTP/1.1 404 Not Found\r\n"))
    }

    @Test func whoHasEndedGetsTheRepliesToWhatWasSent() {
        var bench = Bench()
        bench.send(Self.get + Self.get + "GET / HT")
        bench.act { machine, now, actions in
            machine.responded(
                Response(.ok, body: [UInt8](repeating: 120, count: 200_000)), date: [45], now: now, &actions)
        }
        bench.act { machine, now, actions in machine.receivedEnd(now: now, &actions) }
        let wantsToRead = bench.machine.wantsToRead
        #expect(!wantsToRead)
        bench.act { machine, now, actions in machine.wrote(machine.pendingOutput - 200_000, now: now, &actions) }
        bench.act { machine, now, actions in machine.wrote(200_000, now: now, &actions) }
        #expect(bench.asked == ["start", "start"])
        bench.reply()
        #expect(bench.asked == ["start", "start", "halfClose", "close"])

        var half = Bench()
        half.send(Self.get + "GET / HTTP/1.1\r\nHost: x\r\n")
        half.reply(isRead: false)
        half.act { machine, now, actions in machine.receivedEnd(now: now, &actions) }
        half.act { machine, now, actions in machine.wrote(machine.pendingOutput, now: now, &actions) }
        #expect(half.asked == ["start", "close"])
    }

    @Test func aHeadThatStopsAtALinesEndHasTheTimeOfHeads() {
        var bench = Bench()
        bench.send(Self.get + "GET / HTTP/1.1\r\nHost: x\r\n")
        bench.reply()
        bench.pass(.seconds(11))
        #expect(bench.asked == ["start", "reject 408"])
    }

    @Test func aStreamThatOnlyTheEndOfTheConnectionEndsIsCutOffVisibly() {
        var bench = streaming("GET / HTTP/1.0\r\n\r\n")
        bench.act { machine, now, actions in machine.receivedEnd(now: now, &actions) }
        #expect(bench.asked.suffix(3) == ["cancelHandler", "abort", "close"])
    }

    @Test func aClientOfHTTP10IsToldThatItsConnectionStays() {
        var bench = Bench()
        bench.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        bench.reply(isRead: false)
        #expect(Self.output(bench).contains("\r\nConnection: keep-alive\r\n"))
        bench.act { machine, now, actions in machine.wrote(machine.pendingOutput, now: now, &actions) }
        bench.send("GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n")
        bench.reply(isRead: false)
        #expect(Self.output(bench).contains("\r\nConnection: close\r\n"))
    }

    @Test func nothingHappensOnAClosedConnection() {
        var bench = Bench()
        bench.act { machine, _, actions in machine.broke(&actions) }
        bench.send(Self.get)
        bench.pass(.seconds(1_000))
        bench.act { machine, now, actions in
            machine.broke(&actions)
            machine.drain(now: now)
            machine.receivedEnd(now: now, &actions)
            machine.bodyWanted(now: now, &actions)
        }
        #expect(bench.asked == ["close"])
    }
}

extension ConnectionMachine.Action {
    fileprivate var name: String {
        switch self {
        case .start(_, _, .bytes): "start"
        case .start(_, _, .stream): "start stream"
        case .reject(let violation): "reject \(violation.status.code)"
        case .pushBody(let bytes): "pushBody \(bytes.count)"
        case .finishBody: "finishBody"
        case .interruptBody: "interruptBody"
        case .cancelHandler: "cancelHandler"
        case .clientLeft: "clientLeft"
        case .startStream: "startStream"
        case .resumeStream: "resumeStream"
        case .abort: "abort"
        case .halfClose: "halfClose"
        case .close: "close"
        }
    }
}

extension Route {
    fileprivate static func testing(_ body: BodyPolicy) -> Route {
        let table = RouteTable()
        RouteGroup<OpenContext>(table) { _, _ in .now(OpenContext()) }.post(
            "/", operation: "test", access: .everyone, repeating: .harmless, body: body
        ) {
            _, _ in Response(.ok)
        }
        return table.routes[0]
    }
}
