// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution
import Glibc
import HTTPMessage
import HTTPTypes
import Logging
import Synchronization

/// An HTTP/1.1 server over Dispatch: a listener, and loops that share the connections.
package final class HTTPServer: @unchecked Sendable {
    // Guard: `nextLoop` is touched on the first loop alone.
    private let configuration: HTTPServerConfiguration
    private let responder: any Responder
    private let logger: Logger
    private let loops: [ServingLoop]
    private let open = Lock(ConnectionCounts())
    private let running = Lock<(acceptor: Acceptor, tls: TLSContext?)?>(nil)
    private var nextLoop = 0

    /// - Parameter loops: at least one. The first takes the connections.
    package init(
        _ configuration: HTTPServerConfiguration, on loops: [EventLoop], responder: any Responder, logger: Logger
    ) {
        precondition(!loops.isEmpty, "somebody must take connections")
        self.configuration = configuration
        self.responder = responder
        self.logger = logger
        let share = max(1, (configuration.inFlight + loops.count - 1) / loops.count)
        self.loops = loops.map { ServingLoop($0, inFlightLimit: share) }
    }

    /// What keeps the server from listening, and what to do.
    package struct ListenFailure: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    /// Connections that are open now.
    package var connectionCount: Int { open.with { $0.total } }

    /// Requests that were turned away because too many were being answered.
    package var shedCount: Int { loops.reduce(0) { $0 + $1.shed.load(ordering: .relaxed) } }

    /// Connections that were turned away because their address had enough.
    package var refusedCount: Int { open.with { $0.refused } }

    /// Begins to accept.
    /// - Returns: the port, which the system has chosen when the configuration says 0.
    /// - Throws: ``ListenFailure``.
    package func start() throws -> UInt16 {
        let tls = try configuration.tls.map { try TLSContext($0) }
        let descriptor =
            try configuration.inherited.map { try Listener.adopt($0) }
            ?? Listener.make(host: configuration.host, port: configuration.port)
        let port = Listener.port(of: descriptor)
        // OpenSSL writes to sockets whose peer has gone; that is an error to handle and no reason to die.
        if tls != nil { signal(SIGPIPE, SIG_IGN) }
        let acceptor = Acceptor(descriptor, on: loops[0].events) { [open, configuration] in
            open.with { $0.total } < configuration.connections
        } adopt: { [weak self] descriptor, peer in
            guard let self else {
                _ = Glibc.close(descriptor)
                return
            }
            adopt(descriptor, from: peer, tls)
        }
        running.with { $0 = (acceptor, tls) }
        acceptor.start()
        return port
    }

    /// Reads certificate and key again, for connections from now on.
    /// - Throws: ``ListenFailure`` when they cannot be used; the old ones stay.
    package func reloadCertificate() throws { try running.with { $0?.tls }?.reload() }

    private func adopt(_ descriptor: Int32, from peer: NetworkAddress, _ tls: TLSContext?) {
        let isProxy = configuration.proxies.contains(peer)
        // Where every connection begins with a proxy's word, nobody else has one.
        guard isProxy || !configuration.readsProxyHeader, let place = ConnectionPlace(peer, in: open, configuration)
        else {
            _ = Glibc.close(descriptor)
            return
        }
        var enabled: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &enabled, socklen_t(MemoryLayout<Int32>.size))
        let loop = loops[nextLoop]
        nextLoop = (nextLoop + 1) % loops.count
        let begin = { @Sendable [responder, configuration] in
            let session = tls?.session(on: descriptor)
            guard tls == nil || session != nil else {
                _ = Glibc.close(descriptor)
                return place.leave()
            }
            HTTPConnection(
                Channel(descriptor: descriptor, session: session), from: peer, loop: loop, configuration: configuration,
                responder: responder
            ) { source in
                place.move(to: source)
            } onClose: {
                place.leave()
            }.start()
        }
        if loop === loops[0] { begin() } else { loop.events.post(begin) }
    }

    /// Stops accepting, lets requests in flight finish within the grace period, closes what is left.
    package func stop() async {
        await running.with { $0?.acceptor }?.close()
        for loop in loops { loop.events.post { loop.drain() } }
        let deadline = ContinuousClock.now + configuration.grace
        while connectionCount > 0 && ContinuousClock.now < deadline {
            do { try await Task.sleep(for: .milliseconds(10)) } catch { break }
        }
        if connectionCount > 0 {
            logger.warning(
                "closing connections that outlived the grace period", metadata: ["connections": "\(connectionCount)"])
        }
        for loop in loops {
            loop.events.post { loop.abort() }
        }
    }
}

/// Makes listening sockets.
private enum Listener {
    static func make(host: String, port: UInt16) throws -> Int32 {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, String(port), &hints, &found) == 0, let address = unsafe found?.pointee else {
            throw HTTPServer.ListenFailure(description: "\(host) is no IP address to listen on.")
        }
        defer { unsafe freeaddrinfo(found) }
        let descriptor = unsafe socket(
            address.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else {
            throw HTTPServer.ListenFailure(description: "No socket can be made (error \(errno)).")
        }
        var enabled: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &enabled, socklen_t(MemoryLayout<Int32>.size))
        guard unsafe bind(descriptor, address.ai_addr, address.ai_addrlen) == 0, listen(descriptor, 1_024) == 0 else {
            let reason = errno
            close(descriptor)
            throw HTTPServer.ListenFailure(
                description: reason == EADDRINUSE
                    ? "Port \(port) on \(host) is taken. Stop the other program or choose a port with HTTP_PORT."
                    : "Cannot listen on \(host) port \(port): \(unsafe String(cString: strerror(reason))).")
        }
        return descriptor
    }

    /// Makes a socket that was handed over fit for use: it must listen, and never block or be inherited further.
    static func adopt(_ descriptor: Int32) throws -> Int32 {
        var isListening: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0, isListening == 1,
            fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0,
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
        else {
            throw HTTPServer.ListenFailure(
                description: "Descriptor \(descriptor), handed over by LISTEN_FDS, is no listening socket.")
        }
        return descriptor
    }

    static func port(of descriptor: Int32) -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { return 0 }
        // The port stands at the same place for IPv4 and IPv6.
        return unsafe withUnsafeBytes(of: &storage) {
            unsafe UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
    }
}
