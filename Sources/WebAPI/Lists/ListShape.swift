// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import Tokens

/// How a field may be compared with what a client gives: `filter[stage]=lead`, `filter[stage][in]=lead,active`,
/// `filter[updated_at][gte]=2026-01-31T10:00:00Z`.
enum Comparison: String, Sendable {
    case equal = ""
    /// Up to twenty values with commas between.
    case among = "in"
    case atLeast = "gte", atMost = "lte", prefix

    static let maximumValues = 20
}

/// A field that a list may be filtered by.
struct ListField<Filter>: Sendable {
    let name: String
    let comparisons: [Comparison]
    let apply: @Sendable (inout Filter, Comparison, _ values: [String], _ pointer: String) throws(FieldError) -> Void

    /// - Parameter apply: reads one value, or up to twenty for `.among`, into the filter.
    init(
        _ name: String, _ comparisons: [Comparison],
        _ apply:
            @escaping @Sendable (inout Filter, Comparison, _ values: [String], _ pointer: String)
            throws(FieldError) -> Void
    ) {
        self.name = name
        self.comparisons = comparisons
        self.apply = apply
    }
}

/// What a list may be asked for, declared beside its handler. Whatever is not declared is refused: a filter that is misspelt must
/// not show everything.
struct ListShape<Filter: Sendable>: Sendable {
    /// Names the list in its cursors.
    let name: String
    private let orders: [ListOrder]
    private let expansions: [String]
    /// Every parameter it takes, by its whole name.
    private let parameters: [String: (field: ListField<Filter>, comparison: Comparison)]
    private let plain: Set<String>

    /// - Parameters:
    ///   - orders: what it may be sorted by, the default first; each with a minus where that is its default direction.
    ///   - expansions: what may be told along.
    init(
        _ name: String, fields: [ListField<Filter>], orders: [String] = [], expansions: [String] = []
    ) {
        self.name = name
        self.orders = orders.map { ListOrder($0) }
        self.expansions = expansions
        var parameters: [String: (field: ListField<Filter>, comparison: Comparison)] = [:]
        for field in fields {
            for comparison in field.comparisons {
                let suffix = comparison == .equal ? "" : "[\(comparison.rawValue)]"
                parameters["filter[\(field.name)]\(suffix)"] = (field, comparison)
            }
        }
        self.parameters = parameters
        plain = Set(
            ["limit", "cursor"] + (orders.isEmpty ? [] : ["sort"]) + (expansions.isEmpty ? [] : ["expand"]))
    }

    /// The names of all its query parameters.
    var parameterNames: Set<String> { plain.union(parameters.keys) }

    /// - Parameters:
    ///   - filter: what it is without a parameter.
    ///   - more: parameters of this list's own that filter as well, read by the caller.
    /// - Throws: `Request.Failure.badQuery`.
    func read(_ request: Request, _ filter: Filter, for caller: Caller, more: [String] = []) throws -> ListQuery<Filter>
    {
        let query = try request.query { plain.contains($0) || parameters[$0] != nil || more.contains($0) }
        var filter = filter
        var scope = CursorScope(caller.tenantID, name)
        // In one order, whatever the client's: a walk may go on with the same filters written otherwise.
        let asked = query.all.filter { !Self.isOfThePage($0.name) }
        for (parameter, value) in asked.count > 1 ? asked.sorted(by: { $0.name < $1.name }) : asked {
            scope.add(parameter)
            scope.add(value)
            guard let (field, comparison) = parameters[parameter] else { continue }
            let values =
                comparison == .among
                ? value.split(separator: ",", omittingEmptySubsequences: false).map(String.init) : [value]
            try Pages.queryField { () throws(FieldError) in
                let pointer = "/" + parameter
                guard values.count <= Comparison.maximumValues else {
                    throw FieldError(pointer, "too_many", "At most \(Comparison.maximumValues) values.")
                }
                try field.apply(&filter, comparison, values, pointer)
            }
        }
        return ListQuery(
            query: query, filter: filter, order: try order(query), expansions: try expansions(query),
            limit: try Pages.limit(query), scope: scope)
    }

    /// What says which page, and not of which list.
    private static func isOfThePage(_ parameter: String) -> Bool {
        parameter == "limit" || parameter == "cursor" || parameter == "expand"
    }

    private func order(_ query: QueryParameters) throws -> ListOrder {
        guard let asked = query["sort"] else { return orders.first ?? ListOrder("") }
        let order = ListOrder(asked)
        guard orders.contains(where: { $0.name == order.name }) else {
            let names = orders.map(\.name).joined(separator: ", ")
            throw Request.Failure.badQuery(
                FieldError("/sort", "invalid_value", "One of \(names); with a minus before it from last to first."))
        }
        return order
    }

    private func expansions(_ query: QueryParameters) throws -> Set<String> {
        guard let text = query["expand"] else { return [] }
        let asked = Set(text.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
        guard asked.isSubset(of: expansions) else {
            throw Request.Failure.badQuery(
                FieldError(
                    "/expand", "invalid_value", "Any of \(expansions.joined(separator: ", ")), with commas between."))
        }
        return asked
    }
}

/// `name`, or `-name` from last to first.
struct ListOrder: Sendable, Equatable {
    let name: String
    let isDescending: Bool

    init(_ text: String) {
        isDescending = text.hasPrefix("-")
        name = isDescending ? String(text.dropFirst()) : text
    }
}

/// What a client has asked of a list.
struct ListQuery<Filter: Sendable>: Sendable {
    let query: QueryParameters
    var filter: Filter
    let order: ListOrder
    let expansions: Set<String>
    let limit: Int
    /// All that must be the same on every page of one walk.
    var scope: CursorScope
}
