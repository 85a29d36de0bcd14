// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage

/// Connections that are open: all, and those of each subscriber whose number is bounded.
package struct ConnectionCounts {
    package private(set) var total = 0
    /// Connections that were turned away because their subscriber had enough.
    package private(set) var refused = 0
    private var bySubscriber: [NetworkAddress: Int] = [:]

    package init() {}

    /// False when the subscriber has `maximum` already.
    package mutating func add(_ subscriber: NetworkAddress?, maximum: Int) -> Bool {
        if let subscriber {
            let count = bySubscriber[subscriber, default: 0]
            guard count < maximum else {
                refused += 1
                return false
            }
            bySubscriber[subscriber] = count + 1
        }
        total += 1
        return true
    }

    package mutating func remove(_ subscriber: NetworkAddress?) {
        total -= 1
        guard let subscriber, let count = bySubscriber[subscriber] else { return }
        bySubscriber[subscriber] = count > 1 ? count - 1 : nil
    }
}

/// One connection's place among those that are open, under the name of whoever it counts for.
final class ConnectionPlace: Sendable {
    private let counts: Lock<ConnectionCounts>
    private let maximum: Int
    private let proxies: TrustedProxies
    private let subscriber: Lock<NetworkAddress?>

    /// Nil when the peer has as many connections as it may have. Loopback and trusted proxies may have any number.
    init?(_ peer: NetworkAddress, in counts: Lock<ConnectionCounts>, _ configuration: HTTPServerConfiguration) {
        self.counts = counts
        proxies = configuration.proxies
        maximum = configuration.connectionsPerAddress
        let counted = Self.counted(peer, proxies)
        subscriber = Lock(counted)
        guard counts.with({ $0.add(counted, maximum: configuration.connectionsPerAddress) }) else { return nil }
    }

    private static func counted(_ peer: NetworkAddress, _ proxies: TrustedProxies) -> NetworkAddress? {
        peer.isLoopback || proxies.contains(peer) ? nil : peer.subscriber
    }

    /// A proxy has said whom the connection really comes from.
    /// - Returns: false when that one has as many as it may have.
    func move(to source: NetworkAddress) -> Bool {
        let counted = Self.counted(source, proxies)
        let isAdmitted = counts.with { $0.add(counted, maximum: maximum) }
        guard isAdmitted else { return false }
        let before = subscriber.with { subscriber in
            defer { subscriber = counted }
            return subscriber
        }
        counts.with { $0.remove(before) }
        return true
    }

    func leave() { counts.with { $0.remove(subscriber.with { $0 }) } }
}
