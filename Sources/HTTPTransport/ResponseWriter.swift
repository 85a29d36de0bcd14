// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes

/// Replies as bytes (RFC 9112 §4 and §6). Framing is written here and nowhere else: `ResponseFields` takes none.
enum ResponseWriter {
    static let continueBytes = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// Appends status line, fields and body.
    /// - Parameters:
    ///   - common: lines that every reply has.
    ///   - date: the Date field's value.
    ///   - isHead: the request was HEAD: lengths are told, the body is not sent.
    static func write(
        _ response: Response, common: [UInt8], to output: inout [UInt8], date: [UInt8], isHead: Bool, closes: Bool
    ) {
        output.reserveCapacity(output.count + 384 + common.count + response.body.count)
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
        output.append(contentsOf: common)
        output.append(contentsOf: response.fields.lines)
        let hasNoBody =
            response.status.code == 204 || response.status.code == 304 || response.status.kind == .informational
        if !hasNoBody {
            output.append(contentsOf: "\r\nContent-Length: ".utf8)
            append(response.body.count, to: &output)
        }
        if closes { output.append(contentsOf: "\r\nConnection: close".utf8) }
        output.append(contentsOf: "\r\n\r\n".utf8)
        if !hasNoBody && !isHead { output.append(contentsOf: response.body) }
    }

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
