// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// Lists in pages: `limit` and an opaque `cursor` in, `data`, `has_more`, `next_cursor` and a `Link` out.
struct Pages: Sendable {
    let seal: CursorSeal

    /// 1 to 100, 25 without one.
    static func limit(_ query: QueryParameters) throws -> Int {
        guard let text = query["limit"] else { return 25 }
        guard text.utf8.count <= 3, let limit = Int(text), text.utf8.allSatisfy({ (48...57).contains($0) }),
            (1...100).contains(limit)
        else {
            throw Request.Failure.badQuery(FieldError("/limit", "out_of_range", "A whole number from 1 to 100."))
        }
        return limit
    }

    /// What is wrong with a parameter is wrong with the query string.
    static func queryField<Value>(_ read: () throws(FieldError) -> Value) throws -> Value {
        do throws(FieldError) { return try read() } catch { throw Request.Failure.badQuery(error) }
    }

    /// Where the page begins; nil at the start of the list.
    /// - Parameter scope: all that must be the same on every page of one walk.
    /// - Throws: `CursorSeal.Failure`.
    func position(_ query: QueryParameters, _ scope: CursorScope) throws -> [UInt8]? {
        try query["cursor"].map { try seal.open($0, scope: scope) }
    }

    /// The same as what the list goes by.
    /// - Parameter read: nil for bytes that are none.
    func position<Position, Filter>(of list: ListQuery<Filter>, _ read: ([UInt8]) -> Position?) throws -> Position? {
        try position(list.query, list.scope).map { bytes in
            guard let position = read(bytes) else { throw CursorSeal.Failure.mismatch }
            return position
        }
    }

    /// The same in a list that goes by ids.
    func id<Kind, Filter>(of list: ListQuery<Filter>) throws -> Identifier<Kind>? {
        try position(of: list) { bytes in UUIDv7(bytes: bytes).map { Identifier($0) } }
    }

    /// A page of what was found, which is up to one more than was asked for.
    /// - Parameters:
    ///   - position: where an element stands in the list.
    ///   - write: writes one.
    func response<Element, Filter>(
        _ found: [Element], of list: ListQuery<Filter>, _ request: Request, at position: (Element) -> [UInt8],
        _ write: (Element, inout JSONWriter) -> Void
    ) -> Response {
        let shown = found.prefix(list.limit)
        let next = found.count > list.limit ? shown.last.map(position) : nil
        return response(next: next, list.scope, request, count: shown.count) { json in
            for element in shown { write(element, &json) }
        }
    }

    /// - Parameters:
    ///   - next: the position behind the last element; nil on the last page.
    ///   - count: how many elements there are, or a few more.
    ///   - write: writes the elements.
    func response(
        next: [UInt8]?, _ scope: CursorScope, _ request: Request, count: Int,
        _ write: (inout JSONWriter) throws -> Void
    ) rethrows -> Response {
        let cursor = next.map { seal.seal($0, scope: scope) }
        var json = JSONWriter(capacity: 512 + count * 384)
        try json.object { json in
            try json.member("data") { json in try json.array(write) }
            json.member("has_more", cursor != nil)
            json.member("next_cursor", cursor)
        }
        var response = Response.json(bytes: json.bytes)
        response.fields.reserve(1_024)  // for what every reply has as well
        if let cursor { response.fields.append(.link) { Self.put(nextOf: request, cursor, into: &$0) } }
        return response
    }

    /// The request's own address with another cursor (RFC 8288).
    private static func put(nextOf request: Request, _ cursor: String, into value: inout FieldValue) {
        value.put(literal: "<")
        request.head.withPath { value.put($0) }
        value.put(literal: "?")
        request.head.forEachQueryParameter { parameter in
            let isCursor =
                parameter.count >= 7 && "cursor=".utf8.enumerated().allSatisfy { parameter[$0] == $1 }
            guard !isCursor else { return }
            value.put(parameter)
            value.put(literal: "&")
        }
        value.put(literal: "cursor=")
        value.put(cursor)
        value.put(literal: ">; rel=\"next\"")
    }
}

extension HTTPField.Name {
    fileprivate static let link = HTTPField.Name("Link") ?? .from
}
