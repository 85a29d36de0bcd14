// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPTypes

/// A request line and its fields, checked by the parser: every part is well formed and within bounds.
package struct RequestHead: Sendable {
    package var method: HTTPRequest.Method
    /// The path as it was sent: begins with `/`, percent-encoding intact and valid.
    package var path: String
    /// What follows `?`, as it was sent; nil without one.
    package var query: String?
    package var fields: HTTPFields

    package init(method: HTTPRequest.Method, path: String, query: String? = nil, fields: HTTPFields = HTTPFields()) {
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
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

    package var maximumBytes: Int {
        switch self {
        case .collect(let maximum), .stream(let maximum): maximum
        }
    }
}
