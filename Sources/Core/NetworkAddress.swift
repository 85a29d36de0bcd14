// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Glibc

/// An IP address: 128 bits, an IPv4 address as `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2).
package struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64, low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter bits: an IPv4 address, most significant byte first.
    package init(ipv4 bits: UInt32) { self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(bits)) }

    /// Reads `192.0.2.1` or `2001:db8::1`; nil for anything else, a zone or a port included.
    package init?(_ text: some StringProtocol) {
        guard (2...45).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        var four = in_addr(), six = in6_addr()
        if unsafe inet_pton(AF_INET, String(text), &four) == 1 {
            self.init(ipv4: UInt32(bigEndian: four.s_addr))
        } else if unsafe inet_pton(AF_INET6, String(text), &six) == 1 {
            self.init(six)
        } else {
            return nil
        }
    }

    package init(_ six: in6_addr) {
        let words = unsafe withUnsafeBytes(of: six) { bytes in
            unsafe (
                bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
        self.init(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
    }

    package var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    package var isLoopback: Bool { isIPv4 ? (low >> 24) & 0xFF == 127 : high == 0 && low == 1 }

    /// What one subscriber holds: an IPv4 address, or the first 64 bits of an IPv6 one (RFC 6177 §2).
    package var subscriber: NetworkAddress { isIPv4 ? self : NetworkAddress(high: high, low: 0) }

    package var description: String {
        guard !isIPv4 else {
            return [24, 16, 8, 0].map { (shift: UInt64) in String((low >> shift) & 0xFF) }.joined(separator: ".")
        }
        return [high, low].flatMap { (half: UInt64) in
            [48, 32, 16, 0].map { (shift: UInt64) in String((half >> shift) & 0xFFFF, radix: 16) }
        }.joined(separator: ":")
    }
}

/// Addresses that share a prefix: `10.0.0.0/8`, `2001:db8::/32`.
package struct NetworkRange: Hashable, Sendable {
    private let network: NetworkAddress
    /// Of 128 bits.
    private let prefix: Int

    /// Nil when it is no address with a length, or has bits behind the prefix (then the writer meant something else).
    package init?(_ text: some StringProtocol) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = halves.first.flatMap({ NetworkAddress($0) }), halves.count <= 2 else { return nil }
        let width = address.isIPv4 ? 32 : 128
        var length = width
        if halves.count == 2 {
            guard halves[1].utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(halves[1]),
                (0...width).contains(number)
            else { return nil }
            length = number
        }
        prefix = 128 - width + length
        network = address
        guard Self.masked(address, prefix) == address else { return nil }
    }

    package func contains(_ address: NetworkAddress) -> Bool { Self.masked(address, prefix) == network }

    private static func masked(_ address: NetworkAddress, _ prefix: Int) -> NetworkAddress {
        func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : ~(.max >> UInt64(bits)) }
        return NetworkAddress(high: address.high & mask(prefix), low: address.low & mask(prefix - 64))
    }
}
