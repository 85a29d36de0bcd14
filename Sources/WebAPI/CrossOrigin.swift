// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPMessage
import HTTPTypes

/// Which web pages may call from a browser (the Fetch standard, "CORS protocol"): those of listed origins, compared byte
/// for byte. Credentials are never allowed: callers send a bearer token, not a cookie.
package struct CrossOrigin: Sendable {
    private let origins: Set<String>

    /// - Parameter origins: such as `https://app.example.in`.
    package init(origins: [String] = []) { self.origins = Set(origins) }

    /// Adds to a reply what a browser must know.
    func note(on response: inout Response, to head: RequestHead) {
        guard !origins.isEmpty else { return }
        response.fields.append(.vary, "Origin")
        guard let origin = head.fields.only(.origin), origins.contains(origin) else { return }
        response.fields[.accessControlAllowOrigin] = origin
        guard head.method == .options, let allow = response.fields[.allow],
            head.fields.contains(.accessControlRequestMethod)
        else {
            response.fields[.accessControlExposeHeaders] =
                "ETag, Idempotent-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
            return
        }
        response.fields[.accessControlAllowMethods] = allow
        response.fields[.accessControlAllowHeaders] =
            "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, traceparent"
        response.fields[.accessControlMaxAge] = "600"
    }
}
