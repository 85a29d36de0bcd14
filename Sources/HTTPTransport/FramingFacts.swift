// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPMessage
import HTTPTypes

/// What the fields of a head say about framing and the connection. Places are counted from the head's first byte.
struct FramingFacts {
    private(set) var host: Range<Int>?
    private var contentLength: Range<Int>?
    private var transferEncoding: Range<Int>?
    private var connection: [Range<Int>] = []
    private var expectation: Range<Int>?
    private var hasCredentials = false

    /// - Parameters:
    ///   - name: where the field's name stands in `bytes`.
    ///   - value: where its value stands.
    ///   - line: where the whole line stands.
    ///   - base: where the head begins.
    mutating func note(_ bytes: Span<UInt8>, _ name: Range<Int>, _ value: Range<Int>, line: Range<Int>, from base: Int)
        throws(ProtocolViolation)
    {
        let place = (value.lowerBound - base)..<(value.upperBound - base)
        // Few lengths are of interest: most fields are passed over here.
        switch name.count {
        case 4 where Self.isName(bytes, name, "host"):
            guard host == nil else { throw ProtocolViolation(.badRequest, "There are two Host headers.") }
            host = place
        case 6 where Self.isName(bytes, name, "expect"):
            guard expectation == nil else {
                throw ProtocolViolation(.expectationFailed, "There are two Expect headers.")
            }
            expectation = place
        case 10 where Self.isName(bytes, name, "connection"): connection.append(place)
        case 13 where Self.isName(bytes, name, "authorization"):
            guard !hasCredentials else {
                throw ProtocolViolation(.badRequest, "There are two Authorization headers.")
            }
            hasCredentials = true
        case 14 where Self.isName(bytes, name, "content-length"):
            try Self.refuseTab(bytes, line)
            guard contentLength == nil else {
                throw ProtocolViolation(.badRequest, "There are two Content-Length headers.")
            }
            contentLength = place
        case 17 where Self.isName(bytes, name, "transfer-encoding"):
            try Self.refuseTab(bytes, line)
            guard transferEncoding == nil else {
                throw ProtocolViolation(.badRequest, "There are two Transfer-Encoding headers.")
            }
            transferEncoding = place
        default: break
        }
    }

    private static func isName(_ bytes: Span<UInt8>, _ name: Range<Int>, _ lowercase: StaticString) -> Bool {
        ByteText.equalsIgnoringCase(bytes.extracting(name), lowercase)
    }

    /// The RFC allows a tab around any value; nginx takes it for part of the value, so here it would divide readers.
    private static func refuseTab(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(ProtocolViolation) {
        for index in line where bytes[index] == 0x09 {
            throw ProtocolViolation(.badRequest, "There is a tab in a header that frames the body.")
        }
    }

    /// Decides how the body is framed, when every field has been noted.
    /// - Parameter bytes: the whole head.
    func apply(to framing: inout RequestFraming, _ bytes: Span<UInt8>) throws(ProtocolViolation) {
        try checkHost(framing, bytes)
        if let transferEncoding {
            guard contentLength == nil else {
                throw ProtocolViolation(.badRequest, "Content-Length and Transfer-Encoding exclude each other.")
            }
            guard !framing.isVersion10 else {
                throw ProtocolViolation(.badRequest, "HTTP/1.0 has no Transfer-Encoding.")
            }
            let value = bytes.extracting(transferEncoding)
            guard ByteText.equalsIgnoringCase(value, "chunked") else {
                throw ProtocolViolation(
                    TransferCodings.endInChunked(value) ? .notImplemented : .badRequest,
                    "The only transfer coding is chunked.")
            }
            framing.isChunked = true
        }
        if let contentLength {
            guard let length = Self.decimal(bytes.extracting(contentLength)) else {
                throw ProtocolViolation(.badRequest, "The Content-Length is malformed.")
            }
            framing.contentLength = length
        }
        for place in connection { try note(options: bytes.extracting(place), &framing) }
        if let expectation {
            guard ByteText.equalsIgnoringCase(bytes.extracting(expectation), "100-continue") else {
                throw ProtocolViolation(.expectationFailed, "The only expectation is 100-continue.")
            }
            framing.expectsContinue = framing.hasBody && !framing.isVersion10
        }
    }

    /// `Connection: close, x`: a list of tokens, empty elements allowed (RFC 9110 §7.6.1).
    private func note(options: Span<UInt8>, _ framing: inout RequestFraming) throws(ProtocolViolation) {
        var index = 0, closes = false
        while index <= options.count {
            while index < options.count, Self.isSpace(options[index]) { index += 1 }
            let start = index
            while index < options.count, ByteClass.token.contains(options[index]) { index += 1 }
            let option = options.extracting(start..<index)
            while index < options.count, Self.isSpace(options[index]) { index += 1 }
            guard index == options.count || options[index] == UInt8(ascii: ",") else {
                throw ProtocolViolation(.badRequest, "The Connection header is malformed.")
            }
            index += 1
            if ByteText.equalsIgnoringCase(option, "close") { closes = true }
            if framing.isVersion10, connection.count == 1, ByteText.equalsIgnoringCase(option, "keep-alive") {
                framing.keepsAlive = true
            }
        }
        // Whatever stands beside it (RFC 9112 §9.3).
        if closes { framing.keepsAlive = false }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private func checkHost(_ framing: RequestFraming, _ bytes: Span<UInt8>) throws(ProtocolViolation) {
        guard let host else {
            guard framing.isVersion10 else { throw ProtocolViolation(.badRequest, "There is no Host header.") }
            return
        }
        guard host.count <= 255, Authority.isWellFormed(bytes.extracting(host)) else {
            throw ProtocolViolation(.badRequest, "The Host header is malformed.")
        }
    }

    /// Digits only, at most 15 of them: no sign, no list, no overflow.
    private static func decimal(_ value: Span<UInt8>) -> Int? {
        guard (1...15).contains(value.count) else { return nil }
        var number = 0
        for index in value.indices {
            guard (48...57).contains(value[index]) else { return nil }
            number = number * 10 + Int(value[index] - 48)
        }
        return number
    }
}

/// `host [ ":" port ]` (RFC 3986 §3.2.2 and §3.2.3).
enum Authority {
    /// A registered name, an IPv4 address or an IPv6 address in brackets, then a port if any.
    static func isWellFormed(_ host: Span<UInt8>) -> Bool {
        var index = 0
        if !host.isEmpty, host[0] == UInt8(ascii: "[") {
            index = 1
            while index < host.count, ByteClass.address.contains(host[index]) { index += 1 }
            guard index > 2, index < host.count, host[index] == UInt8(ascii: "]") else { return false }
            index += 1
        } else {
            while index < host.count, ByteClass.name.contains(host[index]) { index += 1 }
            guard index > 0 else { return false }
        }
        guard index < host.count else { return true }
        guard host[index] == UInt8(ascii: ":"), host.count - index <= 6 else { return false }
        for digit in (index + 1)..<host.count where !(48...57).contains(host[digit]) { return false }
        return true
    }
}

/// Lists of transfer codings other than the one that is offered.
private enum TransferCodings {
    /// `gzip, chunked` and the like: well formed, and more than is offered here.
    static func endInChunked(_ value: Span<UInt8>) -> Bool {
        let text = unsafe value.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        let codings = text.lowercased().split(separator: ",", omittingEmptySubsequences: false).map { coding in
            coding.filter { $0 != " " && $0 != "\t" }
        }
        let others = codings.dropLast()
        return codings.last == "chunked" && !others.isEmpty
            && others.allSatisfy { coding in
                !coding.isEmpty && coding != "chunked" && coding.utf8.allSatisfy { ByteClass.token.contains($0) }
            }
    }
}
