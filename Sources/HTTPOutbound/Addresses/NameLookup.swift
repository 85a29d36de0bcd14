// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Glibc
import Core

/// Turns names into addresses. May block.
package protocol NameLookup: Sendable {
    /// - Throws: ``NameUnknown``.
    func addresses(of host: String) throws -> [NetworkAddress]
}

package struct NameUnknown: Error, Sendable {
    package init() {}
}

/// By the machine's own settings (getaddrinfo(3)).
package struct SystemNames: NameLookup {
    package init() {}

    package func addresses(of host: String) throws -> [NetworkAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>? = nil
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { throw NameUnknown() }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [NetworkAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe NetworkAddress(entry.pointee.ai_addr), !addresses.contains(address) {
                addresses.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        return addresses
    }
}

extension NetworkAddress {
    /// Nil for what is no internet address.
    init?(_ pointer: UnsafePointer<sockaddr>?) {
        guard let pointer = unsafe pointer else { return nil }
        switch unsafe Int32(pointer.pointee.sa_family) {
        case AF_INET:
            let address = unsafe pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { unsafe $0.pointee }
            self.init(ipv4: UInt32(bigEndian: address.sin_addr.s_addr))
        case AF_INET6:
            let address = unsafe pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { unsafe $0.pointee }
            self.init(address.sin6_addr)
        default: return nil
        }
    }
}
