// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes

/// Header values that are read where somebody asks for them.
enum HeaderTargets {
    /// What is read is what was written.
    static func traceParent(_ bytes: [UInt8]) {
        guard let context = TraceContext(bytes.span) else { return }
        precondition(context.traceID.utf8.count == 32 && context.parentID.utf8.count == 16)
        precondition(Array(context.traceID.utf8) == Array(bytes[3..<35]))
    }

    /// No more than the bound, nothing that may not stand in a cookie, and never one of two with the same name.
    static func cookies(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let cookies = Cookies(RequestFields([(.cookie, text)]))
        precondition(cookies.count <= Cookies.maximum)
        let names = text.utf8.split(separator: UInt8(ascii: ";")).prefix(4).compactMap { pair in
            pair.firstIndex(of: UInt8(ascii: "=")).map { String(Substring(pair[..<$0])) }
        }
        for name in names {
            guard let value = cookies[name] else { continue }
            precondition(value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ";") })
            let twice = Cookies(RequestFields([(.cookie, text), (.cookie, name + "=x")]))
            precondition(twice[name] == nil || cookies.count == Cookies.maximum, "one of two was believed")
        }
    }

    /// Whatever stands in them, they are read to an end.
    static func negotiation(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let accepted = AcceptedEncodings([text])
        for encoding in ContentEncoding.allCases { _ = accepted.contains(encoding) }
        // A tag is found where it stands as an element of the list, or everything is.
        let isThere = text.contains("*") || text.contains("\"a\"")
        precondition(isThere || !EntityTags([text]).contains("\"a\""))
    }
}
