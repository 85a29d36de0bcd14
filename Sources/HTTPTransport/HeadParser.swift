// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes

/// Reads the lines of a request's head and decides how its body is framed.
struct HeadParser {
    let bytes: [UInt8]
    let limits: HTTPLimits

    /// - Parameter lines: ranges of `bytes`, request line first, without line ends.
    func parse(_ lines: [Range<Int>]) throws(ProtocolViolation) -> (RequestHead, RequestFraming) {
        guard let requestLine = lines.first else { throw ProtocolViolation(.badRequest, "There is no request line.") }
        var framing = RequestFraming()
        let (method, target, isVersion10) = try self.requestLine(bytes[requestLine])
        framing.isVersion10 = isVersion10
        framing.keepsAlive = !isVersion10
        var fields = HTTPFields()
        fields.reserveCapacity(lines.count - 1)
        var facts = FramingFacts()
        for line in lines.dropFirst() {
            guard let (name, value) = Self.field(in: bytes[line]) else {
                throw ProtocolViolation(.badRequest, "A header line is malformed.")
            }
            let field = FieldNames.name(name)
            try facts.note(field, value, of: bytes[line])
            fields.append(HTTPField(name: field, lenientValue: value))
        }
        let hostOfTarget = try facts.apply(to: &framing, method: method)
        var head = try self.target(target, method: method, host: hostOfTarget)
        head.fields = fields
        return (head, framing)
    }

    /// `method SP target SP HTTP/1.x`, single spaces, nothing around.
    private func requestLine(_ line: ArraySlice<UInt8>) throws(ProtocolViolation) -> (
        HTTPRequest.Method, ArraySlice<UInt8>, Bool
    ) {
        let method = line.prefix { ByteClass.token.contains($0) }
        guard !method.isEmpty, line[method.endIndex...].first == 0x20 else {
            throw ProtocolViolation(.badRequest, "The request line is malformed.")
        }
        guard method.count <= limits.method else { throw ProtocolViolation(.notImplemented, "The method is unknown.") }
        let rest = line[(method.endIndex + 1)...]
        guard let space = rest.firstIndex(of: 0x20) else {
            throw ProtocolViolation(.badRequest, "The request line is malformed.")
        }
        let target = rest[..<space], version = rest[(space + 1)...]
        guard target.count <= limits.target else {
            throw ProtocolViolation(.uriTooLong, "The request target is too long.")
        }
        guard !target.isEmpty else { throw ProtocolViolation(.badRequest, "The request target is empty.") }
        let isVersion10: Bool
        if version.elementsEqual("HTTP/1.1".utf8) {
            isVersion10 = false
        } else if version.elementsEqual("HTTP/1.0".utf8) {
            isVersion10 = true
        } else if version.count == 8, version.starts(with: "HTTP/".utf8),
            version.last.map({ (48...57).contains($0) }) == true,
            version[version.startIndex + 6] == UInt8(ascii: "."), (48...57).contains(version[version.startIndex + 5])
        {
            throw ProtocolViolation(.httpVersionNotSupported, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        } else {
            throw ProtocolViolation(.badRequest, "The protocol version is malformed.")
        }
        return (try FieldNames.method(method), target, isVersion10)
    }

    /// origin-form, or absolute-form with the Host's authority, or `*` for OPTIONS (RFC 9112 §3.2).
    private func target(_ target: ArraySlice<UInt8>, method: HTTPRequest.Method, host: ArraySlice<UInt8>?)
        throws(ProtocolViolation) -> RequestHead
    {
        let malformed = ProtocolViolation(.badRequest, "The request target is malformed.")
        if target.elementsEqual("*".utf8) {
            guard method == .options else { throw malformed }
            return RequestHead(method: method, path: "*")
        }
        guard method != .connect else { throw ProtocolViolation(.methodNotAllowed, "CONNECT is not for this server.") }
        var origin = target
        if target.first != UInt8(ascii: "/") {
            for scheme in ["http://", "https://"] where target.starts(with: scheme.utf8) {
                let afterScheme = target.dropFirst(scheme.utf8.count)
                let authority = afterScheme.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
                guard let host, authority.elementsEqual(host) else { throw malformed }
                origin = afterScheme[authority.endIndex...]
            }
            guard origin.first == UInt8(ascii: "/") else { throw malformed }
        }
        guard !origin.starts(with: "//".utf8), Self.isWellFormed(origin) else { throw malformed }
        let question = origin.firstIndex(of: UInt8(ascii: "?"))
        let path = origin[..<(question ?? origin.endIndex)]
        guard !Self.hasDotSegment(path) else { throw malformed }
        return RequestHead(
            method: method, path: String(decoding: path, as: UTF8.self),
            query: question.map { String(decoding: origin[($0 + 1)...], as: UTF8.self) })
    }

    private static func isWellFormed(_ target: ArraySlice<UInt8>) -> Bool {
        var index = target.startIndex
        while index < target.endIndex {
            let byte = target[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < target.endIndex, let value = Hex.decode(lowercase(target[(index + 1)...(index + 2)])),
                    value != 0
                else {
                    return false
                }
                index += 3
            } else {
                guard ByteClass.target.contains(byte) else { return false }
                index += 1
            }
        }
        return true
    }

    private static func lowercase(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
    }

    /// `.` and `..`, plain or percent-encoded: a proxy in front may have read the path differently.
    private static func hasDotSegment(_ path: ArraySlice<UInt8>) -> Bool {
        guard path.contains(UInt8(ascii: ".")) || path.contains(UInt8(ascii: "%")) else { return false }
        return path.split(separator: UInt8(ascii: "/")).contains { segment in
            let decoded = PercentEncoding.decode(Substring(decoding: segment, as: UTF8.self)) ?? ""
            return decoded == "." || decoded == ".."
        }
    }

    /// `name: value` (RFC 9112 §5.1): a token right before the colon, spaces and tabs around the value cut off.
    static func field(in line: ArraySlice<UInt8>) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)? {
        let name = line.prefix { ByteClass.token.contains($0) }
        guard !name.isEmpty, name.endIndex < line.endIndex, line[name.endIndex] == UInt8(ascii: ":") else { return nil }
        var value = line[(name.endIndex + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        guard value.allSatisfy({ ByteClass.isFieldValue($0) }) else { return nil }
        return (name, value)
    }
}

/// What the fields of a head say about framing and the connection.
private struct FramingFacts {
    private var contentLength: ArraySlice<UInt8>?
    private var transferEncoding: ArraySlice<UInt8>?
    private var host: ArraySlice<UInt8>?
    private var connection: [ArraySlice<UInt8>] = []
    private var expectation: ArraySlice<UInt8>?
    private var hasCredentials = false

    mutating func note(_ name: HTTPField.Name, _ value: ArraySlice<UInt8>, of line: ArraySlice<UInt8>)
        throws(ProtocolViolation)
    {
        // The RFC allows a tab around any value; nginx takes it for part of the value, so here it would divide readers.
        if name == .contentLength || name == .transferEncoding, line.contains(0x09) {
            throw ProtocolViolation(.badRequest, "There is a tab in a header that frames the body.")
        }
        switch name {
        case .contentLength:
            guard contentLength == nil else {
                throw ProtocolViolation(.badRequest, "There are two Content-Length headers.")
            }
            contentLength = value
        case .transferEncoding:
            guard transferEncoding == nil else {
                throw ProtocolViolation(.badRequest, "There are two Transfer-Encoding headers.")
            }
            transferEncoding = value
        case FieldNames.host:
            guard host == nil else { throw ProtocolViolation(.badRequest, "There are two Host headers.") }
            host = value
        case .connection: connection.append(value)
        case .authorization:
            guard !hasCredentials else {
                throw ProtocolViolation(.badRequest, "There are two Authorization headers.")
            }
            hasCredentials = true
        case .expect:
            guard expectation == nil else {
                throw ProtocolViolation(.expectationFailed, "There are two Expect headers.")
            }
            expectation = value
        default: break
        }
    }

    /// - Returns: the Host, for comparing with a target in absolute form.
    func apply(to framing: inout RequestFraming, method: HTTPRequest.Method) throws(ProtocolViolation) -> ArraySlice<
        UInt8
    >? {
        try checkHost(framing)
        if let transferEncoding {
            guard contentLength == nil else {
                throw ProtocolViolation(.badRequest, "Content-Length and Transfer-Encoding exclude each other.")
            }
            guard !framing.isVersion10 else {
                throw ProtocolViolation(.badRequest, "HTTP/1.0 has no Transfer-Encoding.")
            }
            guard Self.equals(transferEncoding, "chunked") else {
                let isList = transferEncoding.contains(UInt8(ascii: ",")) && Self.endsInChunked(transferEncoding)
                throw ProtocolViolation(isList ? .notImplemented : .badRequest, "The only transfer coding is chunked.")
            }
            framing.isChunked = true
        }
        if let contentLength {
            guard let length = Self.decimal(contentLength) else {
                throw ProtocolViolation(.badRequest, "The Content-Length is malformed.")
            }
            framing.contentLength = length
        }
        for value in connection {
            for option in value.split(separator: UInt8(ascii: ",")).map({ $0.drop { $0 == 0x20 || $0 == 0x09 } }) {
                guard Self.isTokenOrEmpty(option) else {
                    throw ProtocolViolation(.badRequest, "The Connection header is malformed.")
                }
                if Self.equals(option, "close") { framing.keepsAlive = false }
                if Self.equals(option, "keep-alive"), framing.isVersion10, connection.count == 1 {
                    framing.keepsAlive = true
                }
            }
        }
        if let expectation {
            guard Self.equals(expectation, "100-continue") else {
                throw ProtocolViolation(.expectationFailed, "The only expectation is 100-continue.")
            }
            framing.expectsContinue = framing.hasBody && !framing.isVersion10
        }
        return host
    }

    private func checkHost(_ framing: RequestFraming) throws(ProtocolViolation) {
        guard let host else {
            guard framing.isVersion10 else { throw ProtocolViolation(.badRequest, "There is no Host header.") }
            return
        }
        guard host.count <= 255, Self.isAuthority(host) else {
            throw ProtocolViolation(.badRequest, "The Host header is malformed.")
        }
    }

    /// A registered name, an IPv4 address or an IPv6 address in brackets, then a port if any (RFC 3986 §3.2.2 and §3.2.3).
    private static func isAuthority(_ host: ArraySlice<UInt8>) -> Bool {
        let afterName: ArraySlice<UInt8>
        if host.first == UInt8(ascii: "[") {
            guard let end = host.firstIndex(of: UInt8(ascii: "]")), end - host.startIndex > 2,
                host[(host.startIndex + 1)..<end].allSatisfy({ ByteClass.address.contains($0) })
            else { return false }
            afterName = host[(end + 1)...]
        } else {
            let name = host.prefix { ByteClass.name.contains($0) }
            guard !name.isEmpty else { return false }
            afterName = host[name.endIndex...]
        }
        guard let colon = afterName.first else { return true }
        return colon == UInt8(ascii: ":") && (1...6).contains(afterName.count)
            && afterName.dropFirst().allSatisfy { (48...57).contains($0) }
    }

    /// `gzip, chunked` and the like: well formed, and more than is offered here.
    private static func endsInChunked(_ value: ArraySlice<UInt8>) -> Bool {
        let codings = value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
            $0.filter { $0 != 0x20 && $0 != 0x09 }
        }
        let others = codings.dropLast()
        return codings.last.map { equals($0[...], "chunked") } == true
            && others.allSatisfy { coding in
                !coding.isEmpty && coding.allSatisfy { ByteClass.token.contains($0) } && !equals(coding[...], "chunked")
            }
    }

    /// Digits only, at most 15 of them: no sign, no list, no overflow.
    private static func decimal(_ value: ArraySlice<UInt8>) -> Int? {
        guard (1...15).contains(value.count), value.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return value.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// An element of a list; white space may follow it.
    private static func isTokenOrEmpty(_ element: ArraySlice<UInt8>) -> Bool {
        element.drop { ByteClass.token.contains($0) }.allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }

    private static func equals(_ value: ArraySlice<UInt8>, _ lowercase: String) -> Bool {
        let trimmed = value.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed()
        return trimmed.elementsEqual(lowercase.utf8) { ((65...90).contains($0) ? $0 | 0x20 : $0) == $1 }
    }
}

/// Names and methods that nearly every request has, so that they need not be made anew each time.
enum FieldNames {
    static let host = make("host")

    private static let common: [[(lowercase: [UInt8], name: HTTPField.Name)]] = {
        let names: [HTTPField.Name] = [
            host, .accept, .acceptEncoding, .acceptLanguage, .authorization, .cacheControl, .connection, .contentLength,
            .contentType,
            .cookie, .expect, .ifMatch, .ifNoneMatch, .origin, .referer, .transferEncoding, .userAgent,
        ]
        let longest = names.map(\.canonicalName.utf8.count).max() ?? 0
        return (0...longest).map { length in
            names.filter { $0.canonicalName.utf8.count == length }.map { (Array($0.canonicalName.utf8), $0) }
        }
    }()

    /// - Parameter bytes: a token.
    static func name(_ bytes: ArraySlice<UInt8>) -> HTTPField.Name {
        if bytes.count < common.count {
            for (lowercase, name) in common[bytes.count]
            where bytes.elementsEqual(lowercase, by: { ((65...90).contains($0) ? $0 | 0x20 : $0) == $1 }) {
                return name
            }
        }
        return make(String(decoding: bytes, as: UTF8.self))
    }

    /// Every token is a field name, so this cannot fail for what the parser hands over; the spare name keeps it total.
    private static func make(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .from }

    /// Methods that an address may be asked whether it answers; any other is unknown to the whole server.
    private static let methods: [HTTPRequest.Method] =
        [.get, .post, .patch, .delete, .put, .head, .options, .trace, .connect]
        + [HTTPRequest.Method("QUERY")].compactMap { $0 }

    static func method(_ bytes: ArraySlice<UInt8>) throws(ProtocolViolation) -> HTTPRequest.Method {
        guard let method = methods.first(where: { bytes.elementsEqual($0.rawValue.utf8) }) else {
            throw ProtocolViolation(.notImplemented, "The method is unknown.")
        }
        return method
    }
}
