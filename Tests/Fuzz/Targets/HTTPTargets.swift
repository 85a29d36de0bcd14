// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTransport
import HTTPTypes

enum HTTPTargets {
    /// However the bytes are cut into pieces, the same requests come out and the same refusal.
    static func connection(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let stream = Array(bytes.dropFirst())
        let whole = events(stream, step: max(1, stream.count))
        precondition(whole == events(stream, step: Int(first % 32) + 1), "the cut decides what was said")
    }

    /// The same for a body whose head is well formed, so that the search begins at the first chunk.
    static func chunkedBody(_ bytes: [UInt8]) {
        connection(
            Array(bytes.prefix(1)) + Array("POST /post HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
                + bytes.dropFirst())
    }

    /// Whatever decodes holds no control character and survives being encoded and decoded again.
    static func query(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let request = Request(
            head: RequestHead(method: .get, path: "/", query: text), body: .bytes([]), match: .notFound)
        for (_, value) in (try? request.query("a", "b", "limit"))?.all ?? [] {
            precondition(!value.utf8.contains { $0 < 0x20 || $0 == 0x7F })
            precondition(PercentEncoding.decode(PercentEncoding.encode(value)) == value)
        }
        _ = router.match(RequestHead(method: .get, path: text))
        _ = request.isMediaType(text)
    }

    /// Whatever a client writes into the headers of proxies, the client found is an address that reads back as itself; and
    /// what a trusted proxy appends behind it wins.
    static func forwarded(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = NetworkRange(text)
        if let address = NetworkAddress(text) { precondition(NetworkAddress(address.description) == address) }
        for header in TrustedProxies.Header.allCases {
            var proxies = TrustedProxies()
            proxies.networks = [NetworkRange("10.0.0.0/8")].compactMap { $0 }
            proxies.header = header
            let name = HTTPField.Name(header.rawValue) ?? .from, prefix = header == .forwarded ? "for=" : ""
            let peer = NetworkAddress(ipv4: 0x0A00_0001)
            let forged = RequestFields([(name, text)])
            let found = proxies.client(of: forged, from: peer)
            precondition(NetworkAddress(found.description) == found)
            let honest = RequestFields([(name, text), (name, prefix + "203.0.113.7")])
            precondition(proxies.client(of: honest, from: peer).description == "203.0.113.7", "a client was believed")
        }
    }

    /// However a proxy's header is cut into pieces, it says the same, and not one byte behind it is asked for.
    static func proxyHeader(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let stream = Array(bytes.dropFirst())
        let whole = proxySays(stream, step: .max), cut = proxySays(stream, step: Int(first % 8) + 1)
        precondition(whole.outcome == cut.outcome, "the cut decides what was said")
        // What is no header is seen to be none at its first wrong byte, or at the end of the piece that has it.
        precondition(whole.outcome == .malformed || whole.taken == cut.taken, "the cut decides what was taken")
    }

    private static func proxySays(_ stream: [UInt8], step: Int) -> (outcome: ProxyHeader.Outcome, taken: Int) {
        var header = ProxyHeader(), taken = 0
        while case .needs(let count) = header.outcome, taken < stream.count {
            let piece = Array(stream[taken...].prefix(min(count, step)))
            _ = unsafe piece.withUnsafeBytes { unsafe header.take($0) }
            taken += piece.count
        }
        return (header.outcome, taken)
    }

    /// What a connection asks for, request by request, in bytes: a word in its place would take longer to make than all else.
    private static func events(_ stream: [UInt8], step: Int) -> [UInt8] {
        let now = ContinuousClock.now
        var machine = ConnectionMachine(limits: HTTPLimits(), now: now) { router.match($0) }
        var events: [UInt8] = [], actions: [ConnectionMachine.Action] = [], next = 0
        while next < stream.count {
            let end = min(next + step, stream.count)
            unsafe stream.withUnsafeBytes {
                unsafe machine.received(UnsafeRawBufferPointer(rebasing: $0[next..<end]), now: now, &actions)
            }
            next = end
            while !actions.isEmpty {
                switch actions.removeFirst() {
                case .start(let head, _, .bytes(let body)): note(head, body, in: &events)
                case .reject(let violation):
                    events.append(contentsOf: [
                        1, UInt8(violation.status.code / 100), UInt8(violation.status.code % 100),
                    ])
                default: continue
                }
                machine.responded(Response(.ok), date: [], now: now, &actions)
                machine.wrote(machine.pendingOutput, now: now, &actions)
            }
        }
        return events
    }

    private static func note(_ head: RequestHead, _ body: [UInt8], in events: inout [UInt8]) {
        events.append(0)
        events.append(contentsOf: head.method.rawValue.utf8)
        events.append(0)
        head.withPath { path in for index in path.indices { events.append(path[index]) } }
        events.append(0)
        if let query = head.query { events.append(contentsOf: query.utf8) }
        events.append(UInt8(truncatingIfNeeded: head.fields.count))
        for name in [HTTPField.Name.authorization, .contentType, .connection] {
            head.fields.withOnly(name) { value in for index in value.indices { events.append(value[index]) } }
            events.append(0)
        }
        events.append(contentsOf: body)
    }

    private static let router: Router = {
        let table = RouteTable()
        let group = RouteGroup<OpenContext>(table) { _, _ in .now(OpenContext()) }
        group.get("/get/{name}", operation: "get", access: .everyone) { _, _ in Response(.ok) }
        group.post(
            "/post", operation: "post", access: .everyone, repeating: .harmless, body: .collect(maximumBytes: 4_096)
        ) { _, _ in
            Response(.ok)
        }
        return Router(table)
    }()
}
