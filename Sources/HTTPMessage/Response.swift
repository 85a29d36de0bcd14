// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPTypes
import JSON

package struct Response: Sendable {
    package var status: HTTPResponse.Status
    package var fields: ResponseFields
    package var body: ResponseBody
    /// The connection ends after this reply.
    package var closesConnection = false
    package var use = Use.data

    /// What a browser may make of it.
    package enum Use: Sendable {
        /// Nothing: a program reads it.
        case data
        /// Part of the web app, which may run its scripts and call the API.
        case webApp
        /// A page to read and to print, with the one style sheet of such pages and nothing else.
        case page
    }

    package init(_ status: HTTPResponse.Status, fields: ResponseFields = ResponseFields(), body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = .bytes(body)
    }

    /// A reply whose body is made while it is sent.
    package init(_ status: HTTPResponse.Status, fields: ResponseFields, stream: ResponseStream) {
        self.status = status
        self.fields = fields
        body = .stream(stream)
    }

    package static func json(_ value: some JSONWritable, status: HTTPResponse.Status = .ok) -> Response {
        json(bytes: value.jsonBytes, status: status)
    }

    package static func json(bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(status, fields: jsonType, body: bytes)
    }

    private static let jsonType: ResponseFields = [.contentType: "application/json"]

    package static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        Response(.ok, fields: [.contentType: type], body: Array(text.utf8))
    }
}

/// How a request is answered. What needs nothing from elsewhere is there at once and takes no task: probes, files, and
/// refusals, which must cost little.
package enum Answer: Sendable {
    case now(Response)
    /// To be called once.
    case later(@Sendable () async -> Response)
}

/// Answers requests. The transport calls it; the API is one.
package protocol Responder: Sendable {
    /// Finds the route of a request whose head is in, before its body is read. Called on the connection's queue: must not block.
    func match(_ head: RequestHead) -> RouteMatch

    /// The reply, or what leads to it. Called on the connection's queue: must not block. What goes wrong becomes a reply.
    func answer(_ request: Request) -> Answer

    /// The reply to bytes that are no acceptable request.
    func reply(to violation: ProtocolViolation) -> Response

    /// The reply to a request for which there is no room now: nothing has been done for it, and making this must cost next
    /// to nothing.
    func overloaded(_ head: RequestHead, _ id: UUIDv7) -> Response
}

/// How a client broke HTTP or a bound of ours. The connection closes after the reply, since what follows cannot be trusted.
package struct ProtocolViolation: Error, Sendable, Equatable {
    package let status: HTTPResponse.Status
    /// For a person who debugs a client; never quotes what was sent.
    package let detail: String

    package init(_ status: HTTPResponse.Status, _ detail: String) {
        self.status = status
        self.detail = detail
    }
}
