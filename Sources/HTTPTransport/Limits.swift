// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPMessage

package struct HTTPLimits: Sendable {
    /// Bytes of request target (RFC 9112 §3 asks for 8,000 at least).
    package var target = 8_192
    /// Bytes of method.
    package var method = 32
    /// Bytes of one field line.
    package var fieldLine = 8_192
    /// Bytes of the whole head.
    package var head = 32_768
    package var fieldCount = 100
    /// Bytes of a chunk-size line with its extensions.
    package var chunkLine = 256
    /// Bytes of all trailer fields together.
    package var trailers = 8_192
    /// Bytes of unread pipelined requests at which reading pauses.
    package var pipelined = 65_536

    /// From accept to the first byte of a request.
    package var firstByte: Duration = .seconds(5)
    /// From its first byte to the end of the head.
    package var headTime: Duration = .seconds(10)
    /// Before the minimum rate of a body counts.
    package var bodyGrace: Duration = .seconds(10)
    /// Bytes a second that a body must keep up.
    package var bodyRate = 1_024
    /// Between requests.
    package var idle: Duration = .seconds(60)
    /// Between requests once the server is going away: a request that is on its way already is still answered.
    package var drainIdle: Duration = .seconds(3)
    /// Without progress while a reply is being sent.
    package var writeStall: Duration = .seconds(20)
    /// For the handler of a request whose body is in; a streamed body's rate bounds the time before.
    package var handler: Duration = .seconds(60)
    /// After the last reply, to let the client read it before the connection goes.
    package var linger: Duration = .seconds(2)
    package var requestsPerConnection = 1_000
    /// Bytes of a streamed reply that may wait for the client; then its making pauses.
    package var streamBuffer = 65_536
    /// For a streamed reply as a whole.
    package var stream: Duration = .seconds(3_600)

    package init() {}
}

extension HTTPLimits {
    /// A limit that operators may set.
    package struct Setting: Sendable {
        package enum Place: Sendable {
            case number(any WritableKeyPath<HTTPLimits, Int> & Sendable)
            case milliseconds(any WritableKeyPath<HTTPLimits, Duration> & Sendable)
        }

        /// As in the environment.
        package let name: String
        package let place: Place
        package let range: ClosedRange<Int>
    }

    package static let settings: [Setting] = [
        Setting(name: "HTTP_MAX_TARGET_BYTES", place: .number(\.target), range: 1_024...65_536),
        Setting(name: "HTTP_MAX_METHOD_BYTES", place: .number(\.method), range: 8...64),
        Setting(name: "HTTP_MAX_HEADER_BYTES", place: .number(\.fieldLine), range: 1_024...65_536),
        Setting(name: "HTTP_MAX_HEADERS_BYTES", place: .number(\.head), range: 4_096...262_144),
        Setting(name: "HTTP_MAX_HEADERS", place: .number(\.fieldCount), range: 16...1_000),
        Setting(name: "HTTP_MAX_CHUNK_LINE_BYTES", place: .number(\.chunkLine), range: 32...4_096),
        Setting(name: "HTTP_MAX_TRAILERS_BYTES", place: .number(\.trailers), range: 0...65_536),
        Setting(name: "HTTP_MAX_PIPELINED_BYTES", place: .number(\.pipelined), range: 4_096...1_048_576),
        Setting(
            name: "HTTP_MAX_REQUESTS_PER_CONNECTION", place: .number(\.requestsPerConnection), range: 1...1_000_000),
        Setting(name: "HTTP_STREAM_BUFFER_BYTES", place: .number(\.streamBuffer), range: 4_096...1_048_576),
        Setting(name: "HTTP_FIRST_BYTE_MS", place: .milliseconds(\.firstByte), range: 100...60_000),
        Setting(name: "HTTP_HEADERS_MS", place: .milliseconds(\.headTime), range: 100...120_000),
        Setting(name: "HTTP_BODY_GRACE_MS", place: .milliseconds(\.bodyGrace), range: 100...120_000),
        Setting(name: "HTTP_BODY_BYTES_PER_SECOND", place: .number(\.bodyRate), range: 1...1_000_000),
        Setting(name: "HTTP_HANDLER_MS", place: .milliseconds(\.handler), range: 100...600_000),
        Setting(name: "HTTP_STREAM_MS", place: .milliseconds(\.stream), range: 1_000...86_400_000),
        Setting(name: "HTTP_WRITE_STALL_MS", place: .milliseconds(\.writeStall), range: 100...120_000),
        Setting(name: "HTTP_IDLE_MS", place: .milliseconds(\.idle), range: 100...600_000),
        Setting(name: "HTTP_DRAIN_IDLE_MS", place: .milliseconds(\.drainIdle), range: 0...20_000),
        Setting(name: "HTTP_LINGER_MS", place: .milliseconds(\.linger), range: 0...60_000),
    ]

    /// A setting's value, in its own unit.
    package subscript(setting: Setting) -> Int {
        get {
            switch setting.place {
            case .number(let path): self[keyPath: path]
            case .milliseconds(let path): Int(self[keyPath: path] / .milliseconds(1))
            }
        }
        set {
            switch setting.place {
            case .number(let path): self[keyPath: path] = newValue
            case .milliseconds(let path): self[keyPath: path] = .milliseconds(newValue)
            }
        }
    }
}

package struct HTTPServerConfiguration: Sendable {
    /// `HTTP_HOST`, an IPv4 or IPv6 address.
    package var host = "127.0.0.1"
    /// `HTTP_PORT`; 0 lets the system choose.
    package var port: UInt16 = 8_080
    /// `LISTEN_FDS`: a listening socket that whoever started the server has made (systemd, "sd_listen_fds"). Then host and
    /// port are not used, and restarts refuse nobody: the socket outlives the process.
    package var inherited: Int32?
    /// `HTTP_CONNECTIONS`, 1...1 000 000: connections at once; more wait in the listener's backlog.
    package var connections = 10_000
    /// `HTTP_REQUESTS_IN_FLIGHT`, 1...1 000 000: requests that are answered at once; 503 beyond, at next to no cost. More would
    /// only wait longer. Uploads and streamed replies do not count: they take their client's time.
    package var inFlight = 512
    /// `HTTP_CONNECTIONS_PER_ADDRESS`, 1...1 000 000: of one subscriber at once; more are closed. Loopback and trusted
    /// proxies may have more. Mobile networks put thousands of people behind one address.
    package var connectionsPerAddress = 1_024
    /// `SHUTDOWN_GRACE_MS`, 0...600 000: what requests in flight get to finish after SIGTERM.
    package var grace: Duration = .seconds(25)
    /// `PROXY_PROTOCOL`: every connection comes from a trusted proxy and begins with its header (version 2).
    package var readsProxyHeader = false
    /// Nil: plain HTTP.
    package var tls: TLSConfiguration?
    package var limits = HTTPLimits()
    package var proxies = TrustedProxies()

    package init() {}
}
