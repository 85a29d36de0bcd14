// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPTypes

/// Who a request really comes from, when it came through proxies of ours.
///
/// Only what a configured network has written is believed, and of one header only: the list is read from its end, and the
/// first address that is no proxy of ours is the client. Whatever stands before it the client may have made up.
package struct TrustedProxies: Sendable {
    /// The header that the proxies write.
    package enum Header: String, Sendable, CaseIterable {
        /// The list of addresses that most proxies append to.
        case xForwardedFor = "x-forwarded-for"
        /// RFC 7239.
        case forwarded
    }

    /// `TRUSTED_PROXIES`, such as `10.0.0.0/8, fd00::/8`. Empty: nobody is believed.
    package var networks: [NetworkRange] = []
    /// `FORWARDED_HEADER`: `x-forwarded-for` or `forwarded`.
    package var header = Header.xForwardedFor

    /// More proxies in a row than anyone has.
    private static let maximumHops = 32

    package init() {}

    package func contains(_ address: NetworkAddress) -> Bool { networks.contains { $0.contains(address) } }

    /// - Parameter peer: who holds the other end of the socket.
    package func client(of fields: RequestFields, from peer: NetworkAddress) -> NetworkAddress {
        guard !networks.isEmpty, contains(peer) else { return peer }
        var nearest = peer
        for hop in hops(fields).reversed().prefix(Self.maximumHops) {
            guard let address = hop else { return nearest }
            nearest = address
            guard contains(address) else { return address }
        }
        return nearest
    }

    /// The addresses of the list, in order; nil for one that cannot be read, such as an obfuscated one.
    private func hops(_ fields: RequestFields) -> [NetworkAddress?] {
        let name: HTTPField.Name = header == .forwarded ? .forwarded : .xForwardedFor
        let lists = fields.values(name)
        switch header {
        case .xForwardedFor: return lists.flatMap { $0.split(separator: ",").map(Self.address) }
        case .forwarded: return lists.flatMap { ForwardedElements.addresses($0).map { $0.flatMap(Self.address) } }
        }
    }

    /// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711` (RFC 7239 §6).
    private static func address(_ text: some StringProtocol) -> NetworkAddress? {
        let node = text.trimmingWhitespace
        if node.hasPrefix("["), let end = node.firstIndex(of: "]") {
            return NetworkAddress(node[node.index(after: node.startIndex)..<end])
        }
        if let address = NetworkAddress(node) { return address }
        let halves = node.split(separator: ":", omittingEmptySubsequences: false)
        return halves.count == 2 ? NetworkAddress(halves[0]) : nil
    }
}

/// `for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"` (RFC 7239 §4).
enum ForwardedElements {
    /// What each element says of `for`; nil where it says nothing or cannot be read.
    static func addresses(_ list: String) -> [String?] {
        split(list.utf8[...], at: UInt8(ascii: ",")).map { element in
            for pair in split(element, at: UInt8(ascii: ";")) {
                guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let name = String(decoding: pair[..<equals], as: UTF8.self).trimmingWhitespace
                guard name.lowercased() == "for" else { continue }
                return unquoted(String(decoding: pair[pair.index(after: equals)...], as: UTF8.self).trimmingWhitespace)
            }
            return nil
        }
    }

    /// At separators outside quoted strings.
    private static func split(_ text: Substring.UTF8View, at separator: UInt8) -> [Substring.UTF8View] {
        var parts: [Substring.UTF8View] = [], start = text.startIndex, isQuoted = false, isEscaped = false
        for index in text.indices {
            let byte = text[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted && byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == separator && !isQuoted {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        return parts + [text[start...]]
    }

    private static func unquoted(_ value: String) -> String? {
        guard value.hasPrefix("\"") else { return value.isEmpty ? nil : value }
        guard value.utf8.count >= 2, value.hasSuffix("\"") else { return nil }
        // No address needs an escape.
        let inside = value.dropFirst().dropLast()
        return inside.contains("\\") || inside.contains("\"") ? nil : String(inside)
    }
}

extension HTTPField.Name {
    static let forwarded = HTTPField.Name("Forwarded") ?? .from
    static let xForwardedFor = HTTPField.Name("X-Forwarded-For") ?? .from
}
