// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes

/// HTTP/1.1 requests out of bytes (RFC 9112), as a value: bytes go in, events come out, no socket in sight.
///
/// Strict where the RFC leaves a choice, because leniency that differs from a proxy's is how requests are smuggled: lines
/// end in CRLF only, one Content-Length or one `Transfer-Encoding: chunked` and never both, no folding, no space before a
/// colon, one Host. After a violation the parser gives nothing more.
package struct RequestParser: ~Copyable {
    package enum Event {
        case needsMore
        case head(RequestHead, RequestFraming)
        case body([UInt8])
        /// A chunk of so many bytes begins: enough to refuse a body before it has come.
        case chunk(Int)
        /// The body is complete; the parser stands before the next request.
        case end
        case violation(ProtocolViolation)
    }

    private enum Phase {
        case head
        case fixed(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailers(bytes: Int)
        case failed(ProtocolViolation)
    }

    private let limits: HTTPLimits
    private var buffer: [UInt8] = []
    /// Where the line, or the body's next byte, begins.
    private var start = 0
    /// Bytes already searched for line ends.
    private var scanned = 0
    /// Where the lines of the head begin, and where each ends, CRLF left out.
    private var lines: [Range<Int>] = []
    private var hasSkippedEmptyLine = false
    private var phase = Phase.head

    package init(limits: HTTPLimits) { self.limits = limits }

    /// Bytes received and not yet part of an event.
    var buffered: Int { buffer.count - start }

    /// Whether the parser stands before a request of which nothing has come.
    var isBetweenRequests: Bool {
        if case .head = phase { buffered == 0 } else { false }
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        // The lines of a head that is still coming are not consumed yet: their positions must stay good.
        let consumed = lines.first?.lowerBound ?? start
        if consumed == buffer.count || consumed > 65_536 { discard(consumed) }
        unsafe buffer.append(contentsOf: bytes)
    }

    /// Gives the buffer's memory back. Nothing may be in it.
    mutating func releaseBuffer() {
        guard buffered == 0, lines.isEmpty else { return }
        (buffer, start, scanned, lines) = ([], 0, 0, [])
    }

    private mutating func discard(_ consumed: Int) {
        buffer.removeFirst(consumed)
        start -= consumed
        scanned -= consumed
        lines = lines.map { ($0.lowerBound - consumed)..<($0.upperBound - consumed) }
    }

    package mutating func next() -> Event {
        switch phase {
        case .failed(let violation): return .violation(violation)
        case .head: return head()
        case .fixed(let remaining): return fixed(remaining)
        case .chunkSize, .chunk, .chunkEnd, .trailers: return chunked()
        }
    }

    private mutating func fail(_ status: HTTPResponse.Status, _ detail: String) -> Event {
        let violation = ProtocolViolation(status, detail)
        phase = .failed(violation)
        buffer = []
        (start, scanned, lines) = (0, 0, [])
        return .violation(violation)
    }

    // MARK: - Lines

    private enum Line { case incomplete, line(Range<Int>), malformed }

    /// The next line that ends in CRLF. LF without CR, and CR without LF, are malformed.
    private mutating func line() -> Line {
        while scanned < buffer.count {
            let byte = buffer[scanned]
            scanned += 1
            if byte == 0x0A {
                guard scanned - 2 >= start, buffer[scanned - 2] == 0x0D else { return .malformed }
                defer { start = scanned }
                return .line(start..<(scanned - 2))
            }
            if scanned - 2 >= start, buffer[scanned - 2] == 0x0D { return .malformed }
        }
        return .incomplete
    }

    // MARK: - Head

    private mutating func head() -> Event {
        // Lines are gathered without being consumed: positions stay valid until the whole head is there.
        let begin = lines.first?.lowerBound ?? start
        while true {
            switch line() {
            case .incomplete:
                let (unfinished, whole) = (buffer.count - start, buffer.count - begin)
                if lines.isEmpty {
                    // A request line may be as long as method, target, version and two spaces.
                    if unfinished > limits.method + limits.target + 16 {
                        return fail(.uriTooLong, "The request line is too long.")
                    }
                    // The line's CR may be here already.
                } else if unfinished > limits.fieldLine + 1 || whole > limits.head {
                    return fail(.requestHeaderFieldsTooLarge, "A header line, or all of them together, are too long.")
                }
                return .needsMore
            case .malformed: return fail(.badRequest, "Lines must end in CRLF.")
            case .line(let range) where lines.isEmpty && range.isEmpty:
                // One empty line before a request is allowed for (RFC 9112 §2.2); more is noise.
                guard !hasSkippedEmptyLine else { return fail(.badRequest, "Empty lines before the request line.") }
                hasSkippedEmptyLine = true
            case .line(let range) where range.isEmpty: return finishHead()
            case .line(let range):
                if let first = lines.first {
                    if range.count > limits.fieldLine || range.upperBound - first.lowerBound > limits.head {
                        return fail(
                            .requestHeaderFieldsTooLarge, "A header line, or all of them together, are too long.")
                    }
                    if lines.count > limits.fieldCount {
                        return fail(.requestHeaderFieldsTooLarge, "More than \(limits.fieldCount) header lines.")
                    }
                }
                lines.append(range)
            }
        }
    }

    private mutating func finishHead() -> Event {
        do throws(ProtocolViolation) {
            let headParser = HeadParser(bytes: buffer, limits: limits)
            let (head, framing) = try headParser.parse(lines)
            lines.removeAll(keepingCapacity: true)
            hasSkippedEmptyLine = false
            phase = framing.isChunked ? .chunkSize : .fixed(remaining: framing.contentLength ?? 0)
            return .head(head, framing)
        } catch {
            return fail(error.status, error.detail)
        }
    }

    // MARK: - Body

    private mutating func take(_ count: Int) -> [UInt8] {
        defer {
            start += count
            scanned = start
        }
        return Array(buffer[start..<(start + count)])
    }

    private mutating func fixed(_ remaining: Int) -> Event {
        guard remaining > 0 else {
            phase = .head
            return .end
        }
        guard buffered > 0 else { return .needsMore }
        let bytes = take(min(remaining, buffered))
        phase = .fixed(remaining: remaining - bytes.count)
        return .body(bytes)
    }

    /// RFC 9112 §7.1. Chunk extensions are checked and ignored, trailers are checked, counted and dropped.
    private mutating func chunked() -> Event {
        while true {
            switch phase {
            case .chunkSize:
                switch line() {
                case .incomplete:
                    return buffered > limits.chunkLine
                        ? fail(.badRequest, "A chunk-size line is too long.") : .needsMore
                case .malformed: return fail(.badRequest, "Lines must end in CRLF.")
                case .line(let range):
                    guard range.count <= limits.chunkLine, let size = ChunkLine.size(buffer[range]) else {
                        return fail(.badRequest, "A chunk-size line is malformed.")
                    }
                    guard size > 0 else {
                        phase = .trailers(bytes: 0)
                        continue
                    }
                    phase = .chunk(remaining: size)
                    return .chunk(size)
                }
            case .chunk(let remaining):
                guard buffered > 0 else { return .needsMore }
                let bytes = take(min(remaining, buffered))
                phase = remaining == bytes.count ? .chunkEnd : .chunk(remaining: remaining - bytes.count)
                return .body(bytes)
            case .chunkEnd:
                guard buffered >= 1 else { return .needsMore }
                guard buffer[start] == 0x0D, buffered < 2 || buffer[start + 1] == 0x0A else {
                    return fail(.badRequest, "A chunk is longer than its size.")
                }
                guard buffered >= 2 else { return .needsMore }
                start += 2
                scanned = start
                phase = .chunkSize
            case .trailers(let bytes):
                switch line() {
                case .incomplete:
                    return bytes + buffered > limits.trailers
                        ? fail(.requestHeaderFieldsTooLarge, "The trailer fields are too long.") : .needsMore
                case .malformed: return fail(.badRequest, "Lines must end in CRLF.")
                case .line(let range):
                    if range.isEmpty {
                        phase = .head
                        return .end
                    }
                    guard bytes + range.count <= limits.trailers else {
                        return fail(.requestHeaderFieldsTooLarge, "The trailer fields are too long.")
                    }
                    guard HeadParser.field(in: buffer[range]) != nil else {
                        return fail(.badRequest, "A trailer field is malformed.")
                    }
                    phase = .trailers(bytes: bytes + range.count)
                }
            case .head, .fixed, .failed: return next()
            }
        }
    }
}

/// How the length of a request's body is known (RFC 9112 §6), and what the client asked of the connection.
package struct RequestFraming: Equatable, Sendable {
    package var contentLength: Int?
    package var isChunked = false
    package var isVersion10 = false
    package var keepsAlive = true
    package var expectsContinue = false

    var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }
}

/// The line before a chunk: hexadecimal size and extensions (RFC 9112 §7.1.1).
enum ChunkLine {
    /// Nil when malformed or above 2^52, which is far past any body's bound and far below overflow.
    static func size(_ line: ArraySlice<UInt8>) -> Int? {
        var size = 0, index = line.startIndex
        while index < line.endIndex, let digit = hexValue(line[index]) {
            guard size < 1 << 48 else { return nil }
            size = size << 4 | digit
            index += 1
        }
        guard index > line.startIndex, index - line.startIndex <= 16 else { return nil }
        return areExtensions(line[index...]) ? size : nil
    }

    private static func hexValue(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte) - 48
        case 65...70: Int(byte) - 55
        case 97...102: Int(byte) - 87
        default: nil
        }
    }

    /// `*( ";" name [ "=" ( token / quoted-string ) ] )`, without the optional white space that RFC 9112 calls bad.
    private static func areExtensions(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        func takeToken() -> Bool {
            let token = rest.prefix { ByteClass.token.contains($0) }
            rest = rest.dropFirst(token.count)
            return !token.isEmpty
        }
        while let first = rest.popFirst() {
            guard first == UInt8(ascii: ";"), takeToken() else { return false }
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest.removeFirst()
            guard rest.first == UInt8(ascii: "\"") else {
                guard takeToken() else { return false }
                continue
            }
            rest.removeFirst()
            var isClosed = false
            while !isClosed, let byte = rest.popFirst() {
                switch byte {
                case UInt8(ascii: "\""): isClosed = true
                case UInt8(ascii: "\\"):
                    guard let escaped = rest.popFirst(), ByteClass.isFieldValue(escaped) else { return false }
                default: guard ByteClass.isFieldValue(byte) else { return false }
                }
            }
            guard isClosed else { return false }
        }
        return true
    }
}
