// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Execution
import Glibc

/// Takes connections from a listening socket, on one of the loops that will serve them, so that no thread has to be woken
/// for a connection that stays on this loop, and one for another.
final class Acceptor: ReadinessHandler, @unchecked Sendable {  // Guard: everything happens on `loop`.
    /// Taken in one go; then those who are connected have their turn.
    private static let burst = 16

    private let listener: Int32
    private let loop: EventLoop
    private let token: UInt64
    private let hasRoom: @Sendable () -> Bool
    private let adopt: @Sendable (Int32, NetworkAddress) -> Void
    private var isPaused = false
    private var isClosed = false

    /// - Parameters:
    ///   - listener: a listening socket that never blocks, owned from here on.
    ///   - hasRoom: whether one more connection may be open.
    ///   - adopt: takes a connected socket; called on `loop`.
    init(
        _ listener: Int32, on loop: EventLoop, hasRoom: @escaping @Sendable () -> Bool,
        adopt: @escaping @Sendable (Int32, NetworkAddress) -> Void
    ) {
        self.listener = listener
        self.loop = loop
        self.hasRoom = hasRoom
        self.adopt = adopt
        token = loop.makeToken()
    }

    func start() { loop.add(listener, .reading, self, token: token) }

    func isReady(_ readiness: Readiness) {
        for _ in 0..<Self.burst where !isClosed && !isPaused {
            guard hasRoom() else { return pause(.milliseconds(50)) }
            var address = sockaddr_storage()
            let descriptor = Accepting.accept(listener, &address)
            guard descriptor >= 0 else {
                // Out of descriptors: trying again at once would only spin.
                if errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS {
                    pause(.milliseconds(100))
                }
                return
            }
            adopt(descriptor, NetworkAddress(address))
        }
    }

    private func pause(_ interval: DispatchTimeInterval) {
        isPaused = true
        loop.change(listener, [], token: token)
        DispatchQueue.global(qos: .userInitiated).asyncAfter(deadline: .now() + interval) { [loop] in
            loop.post { self.resume() }
        }
    }

    private func resume() {
        isPaused = false
        if !isClosed { loop.change(listener, .reading, token: token) }
    }

    /// Takes no more connections. Those it has taken have been handed over when this returns.
    func close() async {
        await withCheckedContinuation { continuation in
            loop.post {
                if !self.isClosed {
                    self.isClosed = true
                    self.loop.remove(self.listener, token: self.token)
                    _ = Glibc.close(self.listener)
                }
                continuation.resume()
            }
        }
    }
}

extension NetworkAddress {
    /// The address of a socket's peer; 0.0.0.0 for a socket that has none, such as a Unix one.
    fileprivate init(_ storage: sockaddr_storage) {
        self = unsafe withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET:
                NetworkAddress(
                    ipv4: UInt32(bigEndian: unsafe bytes.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
            case AF_INET6: NetworkAddress(unsafe bytes.loadUnaligned(as: sockaddr_in6.self).sin6_addr)
            default: NetworkAddress(ipv4: 0)
            }
        }
    }
}
