// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Where an address leads that a user has given us (a webhook, a picture): never into our own network.
///
/// A server that fetches what strangers name can be made to ask what only it can reach: the cloud's metadata service, the
/// database, a router (server-side request forgery, OWASP API7). Names are no protection, since anybody's name may point
/// anywhere and point elsewhere a second later; so each address is looked at when it is connected to.
package struct AddressGuard: Sendable {
    /// `OUTBOUND_ALLOWED_NETWORKS`: of the operator's own, which may be called all the same.
    package var allowed: [NetworkRange] = []
    package var ports: Set<Int> = [443, 8_443]

    package init() {}

    package func admits(_ address: NetworkAddress) -> Bool {
        allowed.contains { $0.contains(address) } || Self.isPublic(address)
    }

    /// Whether the address belongs to the internet at large (IANA special-purpose address registries, RFC 6890).
    package static func isPublic(_ address: NetworkAddress) -> Bool {
        if address.isIPv4 { return !special4.contains { $0.contains(address) } }
        // Outside global unicast there is nothing for us: loopback, private, link-local, multicast, NAT64, IPv4 in disguise.
        return global6.contains { $0.contains(address) } && !special6.contains { $0.contains(address) }
    }

    private static let special4 = ranges(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")
    private static let global6 = ranges("2000::/3")
    /// Protocol assignments with Teredo, documentation, 6to4, segment routing's documentation.
    private static let special6 = ranges("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")

    private static func ranges(_ texts: String...) -> [NetworkRange] { texts.compactMap { NetworkRange($0) } }
}
