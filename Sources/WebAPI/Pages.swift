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
    static func limit(_ query: [String: String]) throws -> Int {
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
    func position(_ query: [String: String], _ scope: [String]) throws -> [UInt8]? {
        try query["cursor"].map { try seal.open($0, scope: scope) }
    }

    /// - Parameter next: the position behind the last element; nil on the last page.
    func response<Element>(
        _ elements: ArraySlice<Element>, next: [UInt8]?, _ scope: [String], _ request: Request,
        _ write: (inout JSONWriter, Element) -> Void
    ) -> Response {
        let cursor = next.map { seal.seal($0, scope: scope) }
        var json = JSONWriter(capacity: 256 + elements.count * 320)
        json.object { json in
            json.member("data") { json in
                json.array { json in for element in elements { write(&json, element) } }
            }
            json.member("has_more", cursor != nil)
            json.member("next_cursor", cursor)
        }
        var response = Response.json(bytes: json.bytes)
        if let cursor { response.fields[.link] = "<\(Self.address(request, cursor))>; rel=\"next\"" }
        return response
    }

    /// The request's own address with another cursor (RFC 8288).
    private static func address(_ request: Request, _ cursor: String) -> String {
        var address = request.head.path
        address.reserveCapacity(address.utf8.count + (request.head.query?.utf8.count ?? 0) + cursor.utf8.count + 16)
        address += "?"
        if let query = request.head.query {
            for parameter in query.split(separator: "&") where !parameter.hasPrefix("cursor=") {
                address += parameter
                address += "&"
            }
        }
        address += "cursor="
        address += cursor
        return address
    }
}

extension HTTPField.Name {
    fileprivate static let link = HTTPField.Name("Link") ?? .from
}
