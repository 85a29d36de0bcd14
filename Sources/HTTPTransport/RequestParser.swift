// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Glibc
import HTTPMessage
import HTTPTypes

/// HTTP/1.1 requests out of bytes (RFC 9112), as a value: bytes go in, events come out, no socket in sight.
///
/// Strict where the RFC leaves a choice, because leniency that differs from a proxy's is how requests are smuggled: lines
/// end in CRLF only, one Content-Length or one `Transfer-Encoding: chunked` and never both, no folding, no space before a
/// colon, one Host. After a violation the parser gives nothing more. However the bytes are cut into pieces, the same
/// events come out: a line is judged by its first bytes up to its limit, and lines are judged in order.
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
    /// Bytes already searched for a line's end.
    private var scanned = 0
    /// Where the head that is being read begins. Its lines stay in the buffer until it is whole.
    private var headStart = 0
    private var reader: HeadReader
    private var hasSkippedEmptyLine = false
    private var phase = Phase.head

    package init(limits: HTTPLimits) {
        self.limits = limits
        reader = HeadReader(limits: limits)
    }

    /// Bytes received and not yet part of an event.
    var buffered: Int { buffer.count - start }

    /// Whether the parser stands before a request of which nothing has come.
    var isBetweenRequests: Bool {
        if case .head = phase { buffered == 0 && reader.isEmpty } else { false }
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let consumed = reader.isEmpty ? start : headStart
        if consumed == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            (start, scanned, headStart) = (0, 0, 0)
        } else if consumed > 65_536 {
            buffer.removeFirst(consumed)
            start -= consumed
            scanned -= consumed
            headStart -= consumed
        }
        unsafe buffer.append(contentsOf: bytes)
    }

    /// Gives the buffer's memory back. Nothing may be in it.
    mutating func releaseBuffer() {
        guard isBetweenRequests else { return }
        buffer = []
        (start, scanned, headStart) = (0, 0, 0)
    }

    package mutating func next() -> Event {
        switch phase {
        case .failed(let violation): return .violation(violation)
        case .head: return nextOfHead()
        case .fixed(let remaining): return fixed(remaining)
        case .chunkSize, .chunk, .chunkEnd, .trailers: return chunked()
        }
    }

    private mutating func fail(_ violation: ProtocolViolation) -> Event {
        phase = .failed(violation)
        buffer = []
        (start, scanned, headStart) = (0, 0, 0)
        return .violation(violation)
    }

    private mutating func fail(_ status: HTTPResponse.Status, _ detail: String) -> Event {
        fail(ProtocolViolation(status, detail))
    }

    // MARK: - Lines

    private enum Line { case incomplete, line(Range<Int>), tooLong, malformed }

    /// The next line that ends in CRLF. LF without CR, and CR without LF, are malformed.
    /// - Parameter limit: bytes that the line may have without its end.
    private mutating func line(_ limit: Int) -> Line {
        let horizon = min(buffer.count, start + limit + 2)
        if let end = Self.first(0x0A, in: buffer, from: scanned, to: horizon) {
            guard Self.first(0x0D, in: buffer, from: start, to: end) == end - 1 else { return .malformed }
            defer { (start, scanned) = (end + 1, end + 1) }
            return .line(start..<(end - 1))
        }
        // A CR that is not the last byte has no LF behind it.
        if Self.first(0x0D, in: buffer, from: max(start, scanned - 1), to: horizon - 1) != nil { return .malformed }
        scanned = max(scanned, horizon)
        return buffer.count - start >= limit + 2 ? .tooLong : .incomplete
    }

    private static func first(_ byte: UInt8, in buffer: [UInt8], from start: Int, to end: Int) -> Int? {
        guard start < end, end <= buffer.count else { return nil }
        return unsafe buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), end - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    // MARK: - Head

    private mutating func nextOfHead() -> Event {
        while true {
            if reader.isEmpty { headStart = start }
            let isFirst = reader.isEmpty
            // A request line may be as long as method, target, version and two spaces.
            let limit =
                isFirst
                ? limits.method + limits.target + 16
                : min(limits.fieldLine, limits.head - (start - headStart))
            switch line(limit) {
            case .incomplete: return .needsMore
            case .malformed: return fail(.badRequest, "Lines must end in CRLF.")
            case .tooLong where isFirst: return fail(.uriTooLong, "The request line is too long.")
            case .tooLong:
                return fail(.requestHeaderFieldsTooLarge, "A header line, or all of them together, are too long.")
            case .line(let range) where range.isEmpty && isFirst:
                // One empty line before a request is allowed for (RFC 9112 §2.2); more is noise.
                guard !hasSkippedEmptyLine else { return fail(.badRequest, "Empty lines before the request line.") }
                hasSkippedEmptyLine = true
            case .line(let range):
                do throws(ProtocolViolation) {
                    guard range.isEmpty else {
                        try reader.take(buffer, range, from: headStart)
                        continue
                    }
                    let (head, framing) = try reader.finish(buffer, from: headStart, to: start)
                    hasSkippedEmptyLine = false
                    phase = framing.isChunked ? .chunkSize : .fixed(remaining: framing.contentLength ?? 0)
                    return .head(head, framing)
                } catch {
                    return fail(error)
                }
            }
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
                switch line(limits.chunkLine) {
                case .incomplete: return .needsMore
                case .malformed: return fail(.badRequest, "Lines must end in CRLF.")
                case .tooLong: return fail(.badRequest, "A chunk-size line is too long.")
                case .line(let range):
                    guard let size = ChunkLine.size(buffer.span.extracting(range)) else {
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
                switch line(limits.trailers - bytes) {
                case .incomplete: return .needsMore
                case .malformed: return fail(.badRequest, "Lines must end in CRLF.")
                case .tooLong: return fail(.requestHeaderFieldsTooLarge, "The trailer fields are too long.")
                case .line(let range):
                    if range.isEmpty {
                        phase = .head
                        return .end
                    }
                    guard FieldLine.places(in: buffer.span, range) != nil else {
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
