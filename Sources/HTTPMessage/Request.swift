// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPTypes
import JSON

/// One request on its way through the house.
package final class Request: @unchecked Sendable {  // Guard: of what can change, the one task that answers the request.
    package let head: RequestHead
    package let body: RequestBody
    /// Where the router found it to belong.
    package let match: RouteMatch
    /// Ours, told to the client as `X-Request-Id` and written to every log line about it.
    package let id: UUIDv7
    /// Who sent it: the socket's peer, or whom trusted proxies name.
    package let client: NetworkAddress
    /// The caller's business, once that is known, for the log line at the request's end.
    package var tenantID: TenantID?
    /// What the reply will carry, whatever it is.
    package var replyFields = ResponseFields()

    package init(
        head: RequestHead, body: RequestBody, match: RouteMatch, id: UUIDv7 = .next(),
        client: NetworkAddress = NetworkAddress(ipv4: 0)
    ) {
        self.head = head
        self.body = body
        self.match = match
        self.id = id
        self.client = client
    }

    /// Why a request cannot be read, before any handler looks at what it says.
    package enum Failure: Error, Sendable {
        case unsupportedMediaType(expected: String)
        /// The query string names a parameter the route does not have, or one twice, or is not valid percent-encoding.
        case badQuery(FieldError)
    }

    /// A part of the path by the name the route's template gives it.
    package func parameter(_ name: String) -> String { match.parameters.first { $0.name == name }?.value ?? "" }

    /// The whole body; empty for a streamed one.
    package var bytes: [UInt8] {
        if case .bytes(let bytes) = body { bytes } else { [] }
    }

    /// Reads the body as JSON.
    /// - Throws: `Failure.unsupportedMediaType`, `JSONError`, `ValidationError`.
    package func json<Input: Decodable>(_ type: Input.Type, limits: JSONLimits = JSONLimits()) throws -> Input {
        guard isMediaType("application/json") else { throw Failure.unsupportedMediaType(expected: "application/json") }
        return try JSONDecoding.decode(type, from: bytes, limits: limits)
    }

    /// Whether Content-Type names this type, once, with UTF-8 if any charset.
    package func isMediaType(_ expected: String) -> Bool {
        guard let value = head.fields.only(.contentType) else { return false }
        let parts = value.split(separator: ";", omittingEmptySubsequences: false).map(\.trimmingWhitespace)
        guard parts[0].lowercased() == expected else { return false }
        return parts.dropFirst().allSatisfy { ["charset=utf-8", "charset=\"utf-8\""].contains($0.lowercased()) }
    }

    /// The query's parameters, decoded.
    /// - Parameter allowed: the route's parameters; any other is refused, as a misspelt filter must not show everything.
    /// - Throws: `Failure.badQuery`.
    package func query(_ allowed: String...) throws -> QueryParameters { try query { allowed.contains($0) } }

    /// The same, where a list would be long.
    package func query(where isAllowed: (String) -> Bool) throws -> QueryParameters {
        guard let query = head.query, !query.isEmpty else { return QueryParameters() }
        var parameters = QueryParameters()
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = PercentEncoding.decode(Substring(pair[..<equals]), plusIsSpace: true),
                let value = PercentEncoding.decode(Substring(pair[equals...].dropFirst()), plusIsSpace: true)
            else {
                throw Failure.badQuery(
                    FieldError("", "bad_encoding", "The query string is not valid percent-encoding."))
            }
            guard isAllowed(name) else {
                throw Failure.badQuery(
                    FieldError("/" + name.jsonPointerToken, "unknown_parameter", "There is no such query parameter."))
            }
            guard parameters[name] == nil else {
                throw Failure.badQuery(
                    FieldError("/" + name.jsonPointerToken, "repeated_parameter", "Give each query parameter once."))
            }
            parameters.all.append((name, value))
        }
        return parameters
    }
}

/// What a query string says, each name once.
package struct QueryParameters: Sendable {
    package fileprivate(set) var all: [(name: String, value: String)] = []

    package subscript(name: String) -> String? { all.first { $0.name == name }?.value }
}
