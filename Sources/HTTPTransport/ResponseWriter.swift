// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes

/// Replies as bytes (RFC 9112 §4 and §6). Framing is written here and nowhere else: `ResponseFields` takes none.
enum ResponseWriter {
    static let continueBytes = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// How a reply's end is known (RFC 9112 §6).
    enum Framing {
        case length
        case chunked
        /// By the end of the connection: for clients of HTTP/1.0.
        case untilClose
    }

    /// Appends status line, fields and, where it is there already, the body.
    /// - Parameters:
    ///   - date: the Date field's value.
    ///   - isHead: lengths are told, the body is not written: the request was HEAD, or the body is sent from elsewhere.
    static func write(
        _ response: Response, to output: inout [UInt8], date: [UInt8], isHead: Bool, closes: Bool,
        isVersion10: Bool = false, framing: Framing = .length
    ) {
        output.reserveCapacity(
            output.count + 384 + response.fields.lines.count + (isHead ? 0 : response.body.count))
        if response.status == .ok {
            output.append(contentsOf: ok)
        } else {
            output.append(contentsOf: "HTTP/1.1 ".utf8)
            append(response.status.code, to: &output)
            output.append(UInt8(ascii: " "))
            output.append(contentsOf: response.status.reasonPhrase.utf8)
            output.append(contentsOf: "\r\nDate: ".utf8)
        }
        output.append(contentsOf: date)
        output.append(contentsOf: response.fields.lines)
        let hasBody = Self.hasBody(response.status)
        switch framing {
        case .length where hasBody:
            // What is not known yet is not said: a HEAD for a stream has no length (RFC 9110 §9.3.2).
            if case .bytes(let bytes) = response.body {
                output.append(contentsOf: "\r\nContent-Length: ".utf8)
                append(bytes.count, to: &output)
            }
        case .chunked: output.append(contentsOf: "\r\nTransfer-Encoding: chunked".utf8)
        case .length, .untilClose: break
        }
        // A client of HTTP/1.0 that asked for it must be told that its connection stays (RFC 9112 §9.3).
        if closes {
            output.append(contentsOf: "\r\nConnection: close".utf8)
        } else if isVersion10 {
            output.append(contentsOf: "\r\nConnection: keep-alive".utf8)
        }
        output.append(contentsOf: "\r\n\r\n".utf8)
        if case .bytes(let bytes) = response.body, hasBody, !isHead { output.append(contentsOf: bytes) }
    }

    /// Whether replies with this status have one (RFC 9110 §6.4.1).
    static func hasBody(_ status: HTTPResponse.Status) -> Bool {
        status.code != 204 && status.code != 304 && status.kind != .informational
    }

    /// Appends a piece of a chunked body (RFC 9112 §7.1).
    static func write(chunk: [UInt8], to output: inout [UInt8]) {
        guard !chunk.isEmpty else { return }  // an empty one would end the body
        output.append(contentsOf: String(chunk.count, radix: 16).utf8)
        output.append(contentsOf: "\r\n".utf8)
        output.append(contentsOf: chunk)
        output.append(contentsOf: "\r\n".utf8)
    }

    static let lastChunk = Array("0\r\n\r\n".utf8)

    private static let ok = Array("HTTP/1.1 200 OK\r\nDate: ".utf8)

    private static func append(_ number: Int, to output: inout [UInt8]) {
        if number >= 10 { append(number / 10, to: &output) }
        output.append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    /// IMF-fixdate of RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func date(_ instant: Instant) -> [UInt8] {
        let date = CivilDateTime(instant)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let year = String(repeating: "0", count: max(0, 4 - String(date.year).count)) + String(date.year)
        return Array(
            "\(days[date.weekday]), \(two(date.day)) \(months[date.month - 1]) \(year) \(two(date.hour)):\(two(date.minute)):\(two(date.second)) GMT"
                .utf8)
    }
}
