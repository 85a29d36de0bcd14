// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What a proxy says of a connection before its first byte: version 2 of the PROXY protocol (HAProxy, "The PROXY
/// protocol", 2020-03-05, §2.2). Read as a value: it says how many bytes it wants next, so that not one that belongs to
/// the client is taken.
package struct ProxyHeader: Sendable {
    package enum Outcome: Equatable, Sendable {
        /// So many bytes more.
        case needs(Int)
        /// Whom the connection comes from; nil when the proxy speaks for itself, such as for a health check, or cannot tell.
        case source(NetworkAddress?)
        case malformed
    }

    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let fixedBytes = 16
    /// Addresses take 36 bytes at most; what follows are remarks of the proxy.
    private static let maximumRest = 2_048

    private var bytes: [UInt8] = []

    package init() {}

    /// Takes bytes, no more than were asked for.
    package mutating func take(_ more: UnsafeRawBufferPointer) -> Outcome {
        unsafe bytes.append(contentsOf: more)
        return outcome
    }

    package var outcome: Outcome {
        guard bytes.elementsEqual(Self.signature.prefix(bytes.count)) || bytes.starts(with: Self.signature) else {
            return .malformed
        }
        guard bytes.count >= Self.fixedBytes else { return .needs(Self.fixedBytes - bytes.count) }
        let rest = Int(bytes[14]) << 8 | Int(bytes[15])
        guard bytes[12] >> 4 == 2, rest <= Self.maximumRest else { return .malformed }
        guard bytes.count == Self.fixedBytes + rest else { return .needs(Self.fixedBytes + rest - bytes.count) }
        switch bytes[12] & 0xF {
        case 0: return .source(nil)  // LOCAL
        case 1: return source  // PROXY
        default: return .malformed
        }
    }

    /// The source address stands first: 4 bytes, or 16 (§2.2, "proxy_addr").
    private var source: Outcome {
        let addresses = bytes[Self.fixedBytes...]
        switch bytes[13] {
        case 0x11, 0x12:
            guard addresses.count >= 12 else { return .malformed }
            return .source(NetworkAddress(ipv4: addresses.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }))
        case 0x21, 0x22:
            guard addresses.count >= 36 else { return .malformed }
            let halves = [addresses.prefix(8), addresses.dropFirst(8).prefix(8)].map { half in
                half.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
            return .source(NetworkAddress(high: halves[0], low: halves[1]))
        case 0x00, 0x31, 0x32: return .source(nil)  // unspecified, Unix sockets
        default: return .malformed
        }
    }
}
