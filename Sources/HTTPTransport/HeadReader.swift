// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPMessage
import HTTPTypes

/// A head while it comes in, line by line. Places are counted from the head's first byte, so that they stay good when the
/// buffer around it is compacted.
struct HeadReader {
    private let limits: HTTPLimits
    private var line = RequestLine()
    private var places: [RequestFields.Place] = []
    private var facts = FramingFacts()

    init(limits: HTTPLimits) { self.limits = limits }

    /// No line has been taken.
    var isEmpty: Bool { line.target.isEmpty }

    /// Takes the next line, which is not empty: the request line first, then fields.
    /// - Parameter base: where the head begins in `buffer`.
    mutating func take(_ buffer: [UInt8], _ range: Range<Int>, from base: Int) throws(ProtocolViolation) {
        let bytes = buffer.span
        guard !isEmpty else {
            line = try RequestLine(bytes, range, from: base, limits)
            return
        }
        guard places.count < limits.fieldCount else {
            throw ProtocolViolation(.requestHeaderFieldsTooLarge, "More than \(limits.fieldCount) header lines.")
        }
        guard let (name, value) = FieldLine.places(in: bytes, range) else {
            throw ProtocolViolation(.badRequest, "A header line is malformed.")
        }
        try facts.note(bytes, name, value, line: range, from: base)
        if places.isEmpty { places.reserveCapacity(16) }
        places.append(
            RequestFields.Place(
                name: (name.lowerBound - base)..<(name.upperBound - base),
                value: (value.lowerBound - base)..<(value.upperBound - base)))
    }

    /// Every line has been taken: the head as a whole, and how its body is framed. Begins anew.
    mutating func finish(_ buffer: [UInt8], from start: Int, to end: Int) throws(ProtocolViolation) -> (
        RequestHead, RequestFraming
    ) {
        let bytes = Array(buffer[start..<end])
        var framing = RequestFraming()
        framing.isVersion10 = line.isVersion10
        framing.keepsAlive = !line.isVersion10
        try facts.apply(to: &framing, bytes.span)
        let (path, query) = try RequestTarget.places(in: bytes.span, line.target, line.method, host: facts.host)
        let head = RequestHead(method: line.method, bytes: bytes, path: path, query: query, fields: places)
        line = RequestLine()
        places = []
        facts = FramingFacts()
        return (head, framing)
    }
}

/// `method SP target SP HTTP/1.x`, single spaces, nothing around (RFC 9112 §3).
struct RequestLine {
    private(set) var method = HTTPRequest.Method.get
    /// Where the target stands, from the head's first byte; empty before there is one.
    private(set) var target = 0..<0
    private(set) var isVersion10 = false

    init() {}

    init(_ bytes: Span<UInt8>, _ line: Range<Int>, from base: Int, _ limits: HTTPLimits) throws(ProtocolViolation) {
        var index = line.lowerBound
        while index < line.upperBound, ByteClass.token.contains(bytes[index]) { index += 1 }
        let methodEnd = index
        guard methodEnd > line.lowerBound, methodEnd < line.upperBound, bytes[methodEnd] == 0x20 else {
            throw ProtocolViolation(.badRequest, "The request line is malformed.")
        }
        guard methodEnd - line.lowerBound <= limits.method else {
            throw ProtocolViolation(.notImplemented, "The method is unknown.")
        }
        index += 1
        let targetStart = index
        while index < line.upperBound, bytes[index] != 0x20 { index += 1 }
        guard index < line.upperBound else {
            throw ProtocolViolation(.badRequest, "The request line is malformed.")
        }
        guard index - targetStart <= limits.target else {
            throw ProtocolViolation(.uriTooLong, "The request target is too long.")
        }
        guard index > targetStart else { throw ProtocolViolation(.badRequest, "The request target is empty.") }
        target = (targetStart - base)..<(index - base)
        isVersion10 = try Self.isVersion10(bytes.extracting((index + 1)..<line.upperBound))
        method = try Self.method(bytes.extracting(line.lowerBound..<methodEnd))
    }

    private static func isVersion10(_ version: Span<UInt8>) throws(ProtocolViolation) -> Bool {
        if ByteText.equals(version, "HTTP/1.1") { return false }
        if ByteText.equals(version, "HTTP/1.0") { return true }
        guard version.count == 8, ByteText.equals(version.extracting(0..<5), "HTTP/"), isDigit(version[5]),
            version[6] == UInt8(ascii: "."), isDigit(version[7])
        else { throw ProtocolViolation(.badRequest, "The protocol version is malformed.") }
        throw ProtocolViolation(.httpVersionNotSupported, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    /// Methods that an address may be asked whether it answers; any other is unknown to the whole server.
    private static let methods: [(name: StaticString, method: HTTPRequest.Method)] =
        [
            ("GET", .get), ("POST", .post), ("PATCH", .patch), ("DELETE", .delete), ("PUT", .put), ("HEAD", .head),
            ("OPTIONS", .options), ("TRACE", .trace), ("CONNECT", .connect),
        ] + [HTTPRequest.Method("QUERY")].compactMap { $0.map { ("QUERY", $0) } }

    private static func method(_ name: Span<UInt8>) throws(ProtocolViolation) -> HTTPRequest.Method {
        for (known, method) in methods where ByteText.equals(name, known) { return method }
        throw ProtocolViolation(.notImplemented, "The method is unknown.")
    }
}

/// Bytes beside texts of the source.
enum ByteText {
    static func equals(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        for index in bytes.indices where unsafe bytes[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Compares without case.
    /// - Parameter lowercase: letters in lower case, digits and dashes.
    static func equalsIgnoringCase(_ bytes: Span<UInt8>, _ lowercase: StaticString) -> Bool {
        guard bytes.count == lowercase.utf8CodeUnitCount else { return false }
        for index in bytes.indices where unsafe lowercased(bytes[index]) != lowercase.utf8Start[index] { return false }
        return true
    }

    static func lowercased(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }
}
