// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPTypes

/// A request line and its fields, checked by the parser: every part is well formed and within bounds.
package final class RequestHead: Sendable {
    package let method: HTTPRequest.Method
    package let fields: RequestFields
    private let bytes: [UInt8]
    private let pathRange: Range<Int>
    private let queryRange: Range<Int>?

    /// - Parameters:
    ///   - bytes: the bytes that came.
    ///   - path: where the path stands in them: it begins with `/`, percent-encoding intact and valid, or is `*`.
    ///   - query: where that stands which follows `?`; nil without one.
    ///   - fields: where the fields stand.
    package init(
        method: HTTPRequest.Method, bytes: [UInt8], path: Range<Int>, query: Range<Int>?,
        fields: [RequestFields.Place]
    ) {
        self.method = method
        self.bytes = bytes
        pathRange = path
        queryRange = query
        self.fields = RequestFields(head: bytes, places: fields)
    }

    /// A head made up rather than received.
    package init(
        method: HTTPRequest.Method, path: String, query: String? = nil, fields: RequestFields = RequestFields()
    ) {
        self.method = method
        self.fields = fields
        bytes = Array(path.utf8) + Array((query ?? "").utf8)
        pathRange = 0..<path.utf8.count
        queryRange = query == nil ? nil : path.utf8.count..<bytes.count
    }

    /// The path as it was sent.
    package var path: String { String(decoding: bytes[pathRange], as: UTF8.self) }

    /// What follows `?`, as it was sent; nil without one.
    package var query: String? { queryRange.map { String(decoding: bytes[$0], as: UTF8.self) } }

    package func withPath<Output>(_ body: (Span<UInt8>) -> Output) -> Output {
        let bytes = bytes
        return body(bytes.span.extracting(pathRange))
    }

    /// The query's parameters one after the other, as they were sent.
    package func forEachQueryParameter(_ body: (Span<UInt8>) -> Void) {
        guard let queryRange else { return }
        let bytes = bytes
        var start = queryRange.lowerBound
        while start < queryRange.upperBound {
            let end = bytes[start..<queryRange.upperBound].firstIndex(of: UInt8(ascii: "&")) ?? queryRange.upperBound
            if end > start { body(bytes.span.extracting(start..<end)) }
            start = end + 1
        }
    }
}

/// The body of a request: all of it, or a stream of it, as the route asked.
package enum RequestBody: Sendable {
    case bytes([UInt8])
    case stream(BodyStream)
}

/// How a route takes a request's body.
package enum BodyPolicy: Sendable, Equatable {
    /// The handler is called when the whole body is there.
    case collect(maximumBytes: Int)
    /// The handler is called at once and reads the body as it comes.
    case stream(maximumBytes: Int)

    /// 1 MiB.
    package static let standard = BodyPolicy.collect(maximumBytes: 1 << 20)
    package static let nothing = BodyPolicy.collect(maximumBytes: 0)

    package var maximumBytes: Int {
        switch self {
        case .collect(let maximum), .stream(let maximum): maximum
        }
    }
}
