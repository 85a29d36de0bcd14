// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPTypes

/// An answer's head, line by line as libcurl hands it over: interim answers (RFC 9110 §15.2) and trailers are passed over.
struct HeadLines {
    enum Step {
        case more, tooLong
        case complete(OutboundHead)
    }

    private static let maximumBytes = 64 << 10, maximumLines = 200

    private var status = 0
    private var fields = HTTPFields()
    private var bytes = 0, lines = 0
    private var isComplete = false

    mutating func add(_ line: UnsafeRawBufferPointer) -> Step {
        bytes += line.count
        lines += 1
        guard bytes <= Self.maximumBytes, lines <= Self.maximumLines else { return .tooLong }
        guard !isComplete else { return .more }
        let text = unsafe String(decoding: line, as: UTF8.self).trimmingWhitespace
        if text.isEmpty {
            guard status >= 200 else { return .more }
            isComplete = true
            return .complete(OutboundHead(status: status, fields: fields))
        }
        if text.hasPrefix("HTTP/") {
            let parts = text.split(separator: " ", maxSplits: 2)
            status = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
            fields = HTTPFields()
        } else if let colon = text.firstIndex(of: ":"), let name = HTTPField.Name(String(text[..<colon])) {
            fields.append(HTTPField(name: name, value: text[text.index(after: colon)...].trimmingWhitespace))
        }
        return .more
    }
}
