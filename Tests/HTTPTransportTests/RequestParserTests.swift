// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPMessage
import HTTPTransport
import HTTPTypes
import Testing

/// The parser as a value: no socket in sight.
@Suite struct RequestParserTests {
    /// What a text means, in short: `GET /path body=…` for each request, then a status where it broke off.
    private func parse(_ bytes: [UInt8], step: Int = .max, limits: HTTPLimits = HTTPLimits()) -> [String] {
        var parser = RequestParser(limits: limits)
        var events: [String] = [], body: [UInt8] = [], rest = bytes[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(step))
            rest = rest.dropFirst(chunk.count)
            unsafe chunk.withUnsafeBytes { unsafe parser.append($0) }
            reading: while true {
                switch parser.next() {
                case .needsMore: break reading
                case .head(let head, _):
                    events.append("\(head.method) \(head.path)\(head.query.map { "?\($0)" } ?? "")")
                case .chunk: continue reading
                case .body(let bytes): body += bytes
                case .end:
                    if !body.isEmpty { events[events.count - 1] += " body=\(String(decoding: body, as: UTF8.self))" }
                    body = []
                case .violation(let violation): return events + ["\(violation.status.code)"]
                }
            }
        }
        return events
    }

    private func parse(_ text: String, step: Int = .max) -> [String] { parse(Array(text.utf8), step: step) }

    private static let stream =
        "\r\nGET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\nPOST /d HTTP/1.1\r\nhost:x\r\nContent-Length: 3\r\n\r\nabc"
        + "POST /e HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: CHUNKED\r\n\r\n3;q=\"a;b\"\r\nabc\r\n00a\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\nGET / HTTP/1.0\r\n\r\n"

    @Test(arguments: [1, 2, 3, 7, 64, .max])
    func requestsComeOutWhateverTheSizeOfThePieces(_ step: Int) {
        #expect(
            parse(Self.stream, step: step) == ["GET /a?b=c", "POST /d body=abc", "POST /e body=abc0123456789", "GET /"])
    }

    /// A line is judged by its line ends before anything in it is, or pieces would be judged otherwise than the whole.
    @Test(arguments: [1, 3, 17, .max])
    func aLineEndInsideALineIsSeenBeforeTheVersionBehindIt(_ step: Int) {
        #expect(parse("GET /a\rb HTTP/0.1\r\nHost: x\r\n\r\n", step: step) == ["400"])
        #expect(parse("BREW /a\rb HTTP/1.1\r\nHost: x\r\n\r\n", step: step) == ["400"])
        #expect(parse("GET / HTTP/0.1\r\nHost: x\r\n\r\n", step: step) == ["505"])
    }

    /// Each is a request that some server reads otherwise than another. All are refused, and nothing after them is read.
    @Test(arguments: [
        "GET  / HTTP/1.1", "GET\t/ HTTP/1.1", " GET / HTTP/1.1", "GET HTTP/1.1", "GET / HTTP/1.1 ", "GET / http/1.1",
        "GET / HTTP/1",
        "GET / HTTP/01.1",
        "GET / HTTP/1.10", "GET /\u{7f} HTTP/1.1", "GET /a b HTTP/1.1", "GET /# HTTP/1.1", "GET /\\ HTTP/1.1",
        "GET /%00 HTTP/1.1",
        "GET /%zz HTTP/1.1",
        "GET /% HTTP/1.1", "GET /é HTTP/1.1", "GET //evil HTTP/1.1", "GET /a/../b HTTP/1.1", "GET /a/%2e%2E/b HTTP/1.1",
        "GET * HTTP/1.1",
        "GET x HTTP/1.1",
        "GET http://y/ HTTP/1.1", "GET / HTTP/1.1\nHost: x", "GET / HTTP/1.1\rHost: x",
        "GET / HTTP/1.1\r\nHost : x", "GET / HTTP/1.1\r\n Host: x", "GET / HTTP/1.1\r\nX: a\r\n b",
        "GET / HTTP/1.1\r\n: x", "GET / HTTP/1.1\r\nHost",
        "GET / HTTP/1.1\r\nX(: 1", "GET / HTTP/1.1\r\nX: a\u{0}b", "GET / HTTP/1.1\r\nX: a\u{7f}b",
        "GET / HTTP/1.1\r\nX: a\rb",
        "GET / HTTP/1.1\r\nHost: y", "GET / HTTP/1.1\r\nContent-Length: +5", "GET / HTTP/1.1\r\nContent-Length: -1",
        "GET / HTTP/1.1\r\nContent-Length: 0x5",
        "GET / HTTP/1.1\r\nContent-Length: 5 5", "GET / HTTP/1.1\r\nContent-Length: 5, 5",
        "GET / HTTP/1.1\r\nContent-Length: ",
        "GET / HTTP/1.1\r\nContent-Length: 1_0",
        "GET / HTTP/1.1\r\nContent-Length: 9223372036854775808",
        "GET / HTTP/1.1\r\nContent-Length: 18446744073709551616",
        "GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5",
        "GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
        "GET / HTTP/1.1\r\nTransfer-Encoding: identity",
        "GET / HTTP/1.1\r\nTransfer-Encoding: xchunked", "GET / HTTP/1.1\r\nTransfer-Encoding: chunked, identity",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "GET / HTTP/1.1\r\nTransfer-Encoding: ,chunked",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked,", "GET / HTTP/1.1\r\nTransfer-Encoding: chunked;q=1",
        "GET / HTTP/1.1\r\nTransfer-Encoding: \u{b}chunked",
        "GET / HTTP/1.0\r\nTransfer-Encoding: chunked",
    ])
    func ambiguousHeadsAreRefused(_ head: String) {
        #expect(parse(head + "\r\nHost: x\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n") == ["400"])
    }

    @Test(arguments: [
        ("0x3\r\nabc\r\n0\r\n\r\n"), ("+3\r\nabc\r\n0\r\n\r\n"), ("-3\r\nabc\r\n0\r\n\r\n"), (" 3\r\nabc\r\n0\r\n\r\n"),
        ("3 \r\nabc\r\n0\r\n\r\n"),
        ("\r\nabc\r\n0\r\n\r\n"),
        ("3\nabc\r\n0\r\n\r\n"), ("3\r\nabcX\r\n0\r\n\r\n"), ("3\r\nabc\n0\r\n\r\n"), ("3\r\nabc0\r\n\r\n"),
        ("FFFFFFFFFFFFFFFF\r\nabc"),
        ("00000000000000003\r\nabc\r\n0\r\n\r\n"),
        ("3;\r\nabc\r\n0\r\n\r\n"), ("3;a=\r\nabc\r\n0\r\n\r\n"), ("3;a=\"b\r\nabc\r\n0\r\n\r\n"),
        ("3;a\u{0}\r\nabc\r\n0\r\n\r\n"),
        ("3\r\nabc\r\n0\r\nX\r\n\r\n"), ("3\r\nabc\r\n0\r\n X: 1\r\n\r\n"),
        ("3;a=" + String(repeating: "x", count: 300) + "\r\nabc\r\n0\r\n\r\n"), ("0_3\r\nabc\r\n0\r\n\r\n"),
    ])
    func ambiguousChunksAreRefused(_ chunks: String) {
        let events = parse(
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
                + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(events.last == "400")
        #expect(!events.contains("GET /smuggled"))
    }

    @Test(arguments: [
        ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", "505"), ("PRI * HTTP/2.0\r\n\r\n", "505"),
        ("BREW / HTTP/1.1\r\nHost: x\r\n\r\n", "501"),
        ("get / HTTP/1.1\r\nHost: x\r\n\r\n", "501"),
        ("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", "405"), ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: u@x\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n", "417"),
        ("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
    ])
    func eachFaultHasItsStatus(_ text: String, _ status: String) {
        #expect(parse(text).last == status)
    }

    @Test func limitsHoldAtTheLimitAndOnePastIt() {
        func target(_ count: Int) -> String {
            "GET /" + String(repeating: "a", count: count - 1) + " HTTP/1.1\r\nHost: x\r\n\r\n"
        }
        func fields(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "X: y\r\n", count: count - 1) + "\r\n"
        }
        func field(_ bytes: Int) -> String {
            "GET / HTTP/1.1\r\nHost: x\r\nX: " + String(repeating: "y", count: bytes - 3) + "\r\n\r\n"
        }

        #expect(parse(target(8_192)).first?.hasPrefix("GET /aaa") == true)
        #expect(parse(target(8_193)) == ["414"])
        #expect(parse(fields(100)) == ["GET /"])
        #expect(parse(fields(101)) == ["431"])
        #expect(parse(field(8_192)) == ["GET /"])
        #expect(parse(field(8_193)) == ["431"])
        // Without an end in sight, memory is bounded too.
        #expect(parse(String(repeating: "a", count: 100_000), step: 1_000) == ["414"])
        #expect(parse("GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 100_000), step: 1_000) == ["431"])
        #expect(
            parse(
                "GET / HTTP/1.1\r\n" + String(repeating: "X: \(String(repeating: "y", count: 4_000))\r\n", count: 9)
                    + "\r\n") == ["431"])
    }

    @Test func anAbsoluteTargetMustNameTheHost() {
        #expect(parse("GET http://x/p?q HTTP/1.1\r\nHost: x\r\n\r\n") == ["GET /p?q"])
        #expect(parse("GET HTTP://X HTTP/1.1\r\nHost: x\r\n\r\n") == ["GET /"])
        #expect(parse("GET https://x?q HTTP/1.1\r\nHost: x\r\n\r\n") == ["GET /?q"])
        #expect(parse("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n") == ["OPTIONS *"])
    }

    @Test func aContentLengthWithLeadingZerosIsDecimal() {
        #expect(
            parse("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 010\r\n\r\n0123456789") == ["POST / body=0123456789"])
    }
}
