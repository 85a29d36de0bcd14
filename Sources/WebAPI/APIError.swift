// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes
import JSON

/// A failure as clients see it: a problem document of RFC 9457.
package struct APIError: Error, Sendable {
    let status: HTTPResponse.Status
    let code: ProblemCode
    /// For a person: what happened, and what to do where that is not plain. Never quotes SQL, rows or secrets.
    let title: String
    var fields: [FieldError] = []
    var retryAfter: Duration?
    var headers = ResponseFields()
    /// The customer who stands in the way, or the version that does, for a client that wants to show them.
    var conflictingID: String?
    /// Names of the limits that were reached (draft-ietf-httpapi-ratelimit-headers, "quota-exceeded").
    var violatedPolicies: [String] = []

    init(_ status: HTTPResponse.Status, _ code: ProblemCode, _ title: String) {
        self.status = status
        self.code = code
        self.title = title
    }

    /// Whether the same request may succeed later.
    private var isRetryable: Bool {
        status.code == 429 || (status.code == 503 && code != .outcomeUnknown) || code == .idempotencyKeyInProgress
    }

    private func writeFields(to json: inout JSONWriter) {
        guard !fields.isEmpty else { return }
        json.member("errors") { json in
            json.array { json in
                for field in fields {
                    json.object {
                        $0.member("pointer", field.pointer)
                        $0.member("code", field.code)
                        $0.member("detail", field.detail)
                    }
                }
            }
        }
    }

    /// What it says within a reply about several things: `{"code": "…", "title": "…", "errors": […]}`.
    func writeAsPart(to json: inout JSONWriter) {
        json.object { json in
            json.member("code", code.rawValue)
            json.member("title", title)
            json.member("conflicting_id", conflictingID)
            writeFields(to: &json)
        }
    }

    func response(requestID: UUIDv7?) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.member("type", "urn:unnati:problem:\(code.rawValue)")
            json.member("title", title)
            json.member("status", status.code)
            json.member("code", code.rawValue)
            if let requestID { json.member("request_id", requestID.hex) }
            json.member("retryable", isRetryable)
            json.member("conflicting_id", conflictingID)
            if !violatedPolicies.isEmpty { json.member("violated_policies", violatedPolicies) }
            writeFields(to: &json)
        }
        var response = Response(status, fields: headers, body: json.bytes)
        response.fields[.contentType] = "application/problem+json"
        if let retryAfter { response.fields[.retryAfter] = String(max(1, retryAfter.components.seconds)) }
        return response
    }
}

/// An error that knows how it looks to a client. What is not convertible is a fault of ours: logged whole, answered as a
/// bare 500.
package protocol APIErrorConvertible: Error {
    var apiError: APIError { get }
}

extension APIError: APIErrorConvertible {
    package var apiError: APIError { self }
}
