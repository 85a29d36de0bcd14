// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes

/// What a request asks for: origin-form, or absolute-form with the Host's authority, or `*` for OPTIONS (RFC 9112 §3.2).
enum RequestTarget {
    private static let malformed = ProtocolViolation(.badRequest, "The request target is malformed.")

    /// Where path and query stand in `bytes`.
    /// - Parameters:
    ///   - target: where the target stands; not empty.
    ///   - host: where the Host's value stands.
    static func places(
        in bytes: Span<UInt8>, _ target: Range<Int>, _ method: HTTPRequest.Method, host: Range<Int>?
    ) throws(ProtocolViolation) -> (path: Range<Int>, query: Range<Int>?) {
        if target.count == 1, bytes[target.lowerBound] == UInt8(ascii: "*") {
            guard method == .options else { throw malformed }
            return (target, nil)
        }
        guard method != .connect else { throw ProtocolViolation(.methodNotAllowed, "CONNECT is not for this server.") }
        var start = target.lowerBound
        if bytes[start] != UInt8(ascii: "/") {
            let authority = try authority(in: bytes, target, host)
            start = authority.upperBound
            if start == target.upperBound || bytes[start] == UInt8(ascii: "?") {
                // An empty path is "/" (RFC 9110 §4.2.3): the slash before the authority stands for it.
                let slash = (authority.lowerBound - 1)..<authority.lowerBound
                return (slash, try parts(in: bytes, start..<target.upperBound).query)
            }
        }
        guard start < target.upperBound, bytes[start] == UInt8(ascii: "/"),
            start + 1 == target.upperBound || bytes[start + 1] != UInt8(ascii: "/")
        else { throw malformed }
        return try parts(in: bytes, start..<target.upperBound)
    }

    /// Where the authority stands behind the scheme; it must be the Host's.
    private static func authority(in bytes: Span<UInt8>, _ target: Range<Int>, _ host: Range<Int>?)
        throws(ProtocolViolation) -> Range<Int>
    {
        for scheme in ["http://", "https://"] as [StaticString] {
            let authority = target.lowerBound + scheme.utf8CodeUnitCount
            guard authority <= target.upperBound,
                ByteText.equalsIgnoringCase(bytes.extracting(target.lowerBound..<authority), scheme)
            else { continue }
            var end = authority
            while end < target.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
            guard let host, host.count == end - authority else { throw malformed }
            for offset in 0..<host.count
            where ByteText.lowercased(bytes[host.lowerBound + offset]) != ByteText.lowercased(bytes[authority + offset])
            {
                throw malformed
            }
            return authority..<end
        }
        throw malformed
    }

    private static func parts(in bytes: Span<UInt8>, _ range: Range<Int>) throws(ProtocolViolation) -> (
        path: Range<Int>, query: Range<Int>?
    ) {
        var index = range.lowerBound, question: Int?, mayHaveDots = false
        while index < range.upperBound {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "%"):
                guard index + 2 < range.upperBound,
                    let byte = PercentEncoding.byte(bytes[index + 1], bytes[index + 2]), byte != 0
                else { throw malformed }
                mayHaveDots = mayHaveDots || question == nil
                index += 3
                continue
            case UInt8(ascii: "."): mayHaveDots = mayHaveDots || question == nil
            case UInt8(ascii: "?"): question = question ?? index
            default:
                guard (question == nil ? ByteClass.target : .query).contains(byte) else { throw malformed }
            }
            index += 1
        }
        let path = range.lowerBound..<(question ?? range.upperBound)
        if mayHaveDots, hasDotSegment(bytes.extracting(path)) { throw malformed }
        return (path, question.map { ($0 + 1)..<range.upperBound })
    }

    /// `.` and `..`, plain or percent-encoded: a proxy in front may have read the path differently.
    private static func hasDotSegment(_ path: Span<UInt8>) -> Bool {
        let text = unsafe path.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        return text.split(separator: "/").contains { segment in
            let decoded = PercentEncoding.decode(segment) ?? ""
            return decoded == "." || decoded == ".."
        }
    }
}
