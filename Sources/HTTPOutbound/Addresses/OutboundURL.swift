// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CCurl
import Core
import Glibc

/// An address that may be called. libcurl's own parser reads it, so that what is looked at is what is called.
package struct OutboundURL: Sendable, Equatable, CustomStringConvertible {
    /// In normal form: scheme and host in lower case, the host in ASCII (RFC 5891).
    package let text: String
    package let scheme: String
    /// Without brackets.
    package let host: String
    package let port: Int
    /// A user has given it: see ``AddressGuard``.
    package let isUserGiven: Bool

    package enum Invalid: Error, Sendable, Equatable, CustomStringConvertible {
        case malformed, notEncrypted, port, noName

        package var description: String {
            switch self {
            case .malformed: "Give a whole address such as https://example.in/path, without a user or a fragment."
            case .notEncrypted: "The address must begin with https://."
            case .port: "The address must use port 443 or 8443."
            case .noName: "The address must name a host, not an IP address."
            }
        }
    }

    static let maximumBytes = 2_048

    /// One that the configuration names. Only this machine itself may be called without TLS.
    package static func configured(_ text: String) throws(Invalid) -> OutboundURL {
        let url = try OutboundURL(text, isUserGiven: false)
        guard ["https", "smtp", "smtps"].contains(url.scheme) || (url.scheme == "http" && url.isThisMachine) else {
            throw .notEncrypted
        }
        return url
    }

    /// One that a user has typed.
    package static func given(_ text: String, _ guardian: AddressGuard = AddressGuard()) throws(Invalid) -> OutboundURL
    {
        let url = try OutboundURL(text, isUserGiven: true)
        guard url.scheme == "https" else { throw .notEncrypted }
        guard guardian.ports.contains(url.port) else { throw .port }
        // A last label of digits is an address to some (RFC 1123 §2.1).
        let labels = url.host.split(separator: ".", omittingEmptySubsequences: false)
        guard url.address == nil, labels.count >= 2, let last = labels.last, !last.isEmpty,
            !last.utf8.allSatisfy({ (48...57).contains($0) }), !last.hasPrefix("0x")
        else { throw .noName }
        return url
    }

    private init(_ text: String, isUserGiven: Bool) throws(Invalid) {
        guard (1...Self.maximumBytes).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }), !text.contains("#"),
            let parsed = Self.parse(text)
        else { throw .malformed }
        self = OutboundURL(parsed, isUserGiven)
    }

    private typealias Parts = (text: String, scheme: String, host: String, port: Int)

    private init(_ parts: Parts, _ isUserGiven: Bool) {
        (text, scheme, host, port) = parts
        self.isUserGiven = isUserGiven
    }

    private static func parse(_ text: String) -> Parts? {
        guard let handle = unsafe curl_url() else { return nil }
        defer { unsafe curl_url_cleanup(handle) }
        // Names in other scripts are read in the thread's locale.
        let locale = unsafe uselocale(utf8)
        defer { unsafe _ = uselocale(locale) }
        let flags = UInt32(CURLU_DISALLOW_USER | CURLU_PATH_AS_IS)
        guard unsafe curl_url_set(handle, CURLUPART_URL, text, flags) == CURLUE_OK else { return nil }
        func part(_ part: CURLUPart, _ flags: Int32) -> String? {
            var pointer: UnsafeMutablePointer<CChar>?
            guard unsafe curl_url_get(handle, part, &pointer, UInt32(flags)) == CURLUE_OK, let found = unsafe pointer
            else { return nil }
            defer { unsafe curl_free(found) }
            return unsafe String(cString: found)
        }
        guard let scheme = part(CURLUPART_SCHEME, 0), let host = part(CURLUPART_HOST, CURLU_PUNYCODE)?.lowercased(),
            !host.isEmpty, host.utf8.count <= 253,
            let port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT).flatMap({ Int($0) }), (1...65_535).contains(port)
        else { return nil }
        let isLiteral = host.hasPrefix("[")
        guard
            isLiteral
                || host.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 46 })
        else { return nil }
        guard unsafe curl_url_set(handle, CURLUPART_HOST, host, 0) == CURLUE_OK, let whole = part(CURLUPART_URL, 0),
            whole.utf8.allSatisfy({ $0 < 0x7F })
        else { return nil }
        return (whole, scheme.lowercased(), isLiteral ? String(host.dropFirst().dropLast()) : host, port)
    }

    // Guard: never freed, only read.
    private nonisolated(unsafe) static let utf8 = unsafe newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)

    /// Where the host is no name.
    var address: NetworkAddress? { NetworkAddress(host) }

    var hasPathOrQuery: Bool {
        let rest = text.dropFirst(scheme.count + 3).drop { $0 != "/" && $0 != "?" }
        return !rest.isEmpty && rest != "/"
    }

    /// Loopback, by address or by the one name that means nothing else (RFC 6761 §6.3).
    private var isThisMachine: Bool { host == "localhost" || address?.isLoopback == true }

    /// - Parameters:
    ///   - path: begins with a slash; appended to what is there.
    ///   - query: names and values, encoded here.
    package func appending(_ path: String, query: [(String, String)] = []) -> OutboundURL {
        precondition(path.hasPrefix("/") && !text.contains("?"), "a path goes behind a host or a path")
        var text = self.text
        if text.hasSuffix("/") { text.removeLast() }
        return OutboundURL((text + path, scheme, host, port), isUserGiven).extended(by: query)
    }

    /// - Parameter query: names and values, encoded here; behind what is there.
    package func extended(by query: [(String, String)]) -> OutboundURL {
        guard !query.isEmpty else { return self }
        let joined = text + (text.contains("?") ? "&" : "?") + Self.form(query)
        return OutboundURL((joined, scheme, host, port), isUserGiven)
    }

    /// `a=1&b=2`, as queries and forms write it.
    static func form(_ values: [(String, String)]) -> String {
        values.map { name, value in encoded(name) + "=" + encoded(value) }.joined(separator: "&")
    }

    /// Unreserved characters stay (RFC 3986 §2.3).
    private static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: bytes.append(byte)
            default: bytes += Array("%\(Hex.encode([byte]).uppercased())".utf8)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Without path and query, which may hold what logs must not.
    package var description: String { "\(scheme)://\(host):\(port)" }
}
