// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPTypes

/// One operation of the API and what answers it.
package struct Route: Sendable {
    package let method: HTTPRequest.Method
    /// With names in braces: `/v1/customers/{id}`.
    package let template: String
    /// The `operationId` in `openapi.yaml`.
    package let operation: String
    package let body: BodyPolicy
    /// Small position in ``Router/routes``, for tables beside it.
    package fileprivate(set) var index = 0
    package let handle: @Sendable (Request) async throws -> Response
}

/// Where a request belongs.
package enum RouteMatch: Sendable {
    case route(Route, [Parameter])
    case notFound
    /// The path exists; the methods it answers, for `Allow`.
    case methodNotAllowed([HTTPRequest.Method])

    package struct Parameter: Sendable { package let name: String, value: String }

    package var parameters: [Parameter] {
        if case .route(_, let parameters) = self { parameters } else { [] }
    }

    /// What may be read of a body here. Where no route is, it is read to its end only to keep the connection usable.
    package var body: BodyPolicy {
        if case .route(let route, _) = self { route.body } else { .standard }
    }
}

/// Finds routes by path, segment by segment; a literal segment wins over a named one.
package struct Router: Sendable {
    private final class Node: Sendable {
        let literals: [String: Node]
        let named: (name: String, node: Node)?
        let routes: [(method: HTTPRequest.Method, route: Route)]

        init(_ routes: [(segments: ArraySlice<Substring>, route: Route)]) {
            var literals: [String: [(ArraySlice<Substring>, Route)]] = [:]
            var named: (String, [(ArraySlice<Substring>, Route)])?
            var own: [(HTTPRequest.Method, Route)] = []
            for (segments, route) in routes {
                guard let first = segments.first else {
                    own.append((route.method, route))
                    continue
                }
                if first.hasPrefix("{") {
                    let name = String(first.dropFirst().dropLast())
                    precondition(
                        named == nil || named?.0 == name, "two names for one place in a path: \(route.template)")
                    named = (name, (named?.1 ?? []) + [(segments.dropFirst(), route)])
                } else {
                    literals[String(first), default: []].append((segments.dropFirst(), route))
                }
            }
            precondition(Set(own.map(\.0)).count == own.count, "two routes for one method and path")
            self.routes = own.map { (method: $0.0, route: $0.1) }
            self.literals = literals.mapValues { Node($0.map { (segments: $0.0, route: $0.1) }) }
            self.named = named.map { (name: $0.0, node: Node($0.1.map { (segments: $0.0, route: $0.1) })) }
        }
    }

    package let routes: [Route]
    private let root: Node

    package init(_ table: RouteTable) {
        var routes = table.routes
        for index in routes.indices { routes[index].index = index }
        precondition(Set(routes.map(\.operation)).count == routes.count, "two routes for one operation")
        self.routes = routes
        root = Node(
            routes.map {
                (
                    segments: $0.template.dropFirst().split(separator: "/", omittingEmptySubsequences: false)[...],
                    route: $0
                )
            })
    }

    package func match(_ method: HTTPRequest.Method, _ path: String) -> RouteMatch {
        var node = root
        var parameters: [RouteMatch.Parameter] = []
        for segment in path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            // Decoded after splitting, so that an encoded slash stays inside its segment.
            guard let text = PercentEncoding.decode(Substring(segment)) else { return .notFound }
            if let next = node.literals[text] {
                node = next
            } else if let (name, next) = node.named, !text.isEmpty {
                parameters.append(.init(name: name, value: text))
                node = next
            } else {
                return .notFound
            }
        }
        guard !node.routes.isEmpty else { return .notFound }
        if let found = node.routes.first(where: { $0.method == method }) { return .route(found.route, parameters) }
        if method == .head, let found = node.routes.first(where: { $0.method == .get }) {
            return .route(found.route, parameters)
        }
        return .methodNotAllowed(node.routes.map(\.method))
    }
}

/// The routes of an API while they are being listed.
package final class RouteTable {
    package private(set) var routes: [Route] = []

    package init() {}

    fileprivate func add(_ route: Route) { routes.append(route) }
}

/// Routes that share what must be known about a request before a handler may see it.
///
/// `enter` makes that context or refuses. A handler takes the context as an argument, so it cannot be mounted where the
/// context is not made: one that needs a tenant has no place on an open path.
package struct RouteGroup<Context: Sendable> {
    private let table: RouteTable
    private let enter: @Sendable (Request) async throws -> Context

    package init(_ table: RouteTable, enter: @escaping @Sendable (Request) async throws -> Context) {
        self.table = table
        self.enter = enter
    }

    package typealias Handler = @Sendable (Request, Context) async throws -> Response

    package func get(_ template: String, operation: String, _ handler: @escaping Handler) {
        mount(.get, template, operation, .collect(maximumBytes: 0), handler)
    }

    package func post(_ template: String, operation: String, body: BodyPolicy = .standard, _ handler: @escaping Handler)
    {
        mount(.post, template, operation, body, handler)
    }

    package func patch(
        _ template: String, operation: String, body: BodyPolicy = .standard, _ handler: @escaping Handler
    ) {
        mount(.patch, template, operation, body, handler)
    }

    package func delete(_ template: String, operation: String, _ handler: @escaping Handler) {
        mount(.delete, template, operation, .collect(maximumBytes: 0), handler)
    }

    private func mount(
        _ method: HTTPRequest.Method, _ template: String, _ operation: String, _ body: BodyPolicy,
        _ handler: @escaping Handler
    ) {
        let enter = enter
        table.add(
            Route(method: method, template: template, operation: operation, body: body) { request in
                try await handler(request, enter(request))
            })
    }
}
