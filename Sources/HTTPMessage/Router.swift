// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPTypes

/// One operation of the API and what answers it.
package final class Route: Sendable {
    package let method: HTTPRequest.Method
    /// With names in braces: `/v1/customers/{id}`.
    package let template: String
    /// The `operationId` in `openapi.yaml`.
    package let operation: String
    package let body: BodyPolicy
    package let repeating: Repeating
    /// What a caller must be allowed, as `openapi.yaml` spells it.
    package let access: String
    /// Small position in ``Router/routes``, for tables beside it.
    package let index: Int
    package let begin: Begin

    /// Does what can be done at once, which is to refuse most of what is refused. Must not block.
    package typealias Begin = @Sendable (Request) throws -> Beginning

    package enum Beginning: Sendable {
        case done(Response)
        /// To be called once.
        case continues(@Sendable () async throws -> Response)
    }

    fileprivate init(
        method: HTTPRequest.Method, template: String, operation: String, body: BodyPolicy, repeating: Repeating,
        access: String, index: Int, begin: @escaping Begin
    ) {
        self.method = method
        self.template = template
        self.operation = operation
        self.body = body
        self.repeating = repeating
        self.access = access
        self.index = index
        self.begin = begin
    }
}

/// What comes of a request that is sent again because its reply was lost.
package enum Repeating: Sendable {
    /// Nothing is done that was not wanted.
    case harmless
    /// It is done twice, unless the client names it (`Idempotency-Key`).
    case byKey
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
        let literals: [(name: [UInt8], node: Node)]
        let named: (name: String, node: Node)?
        let routes: [Route]

        init(_ routes: [(segments: ArraySlice<Substring>, route: Route)]) {
            var literals: [String: [(ArraySlice<Substring>, Route)]] = [:]
            var named: (String, [(ArraySlice<Substring>, Route)])?
            var own: [Route] = []
            for (segments, route) in routes {
                guard let first = segments.first else {
                    own.append(route)
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
            precondition(Set(own.map(\.method)).count == own.count, "two routes for one method and path")
            self.routes = own
            self.literals = literals.sorted { $0.key < $1.key }.map { name, routes in
                (name: Array(name.utf8), node: Node(routes.map { (segments: $0.0, route: $0.1) }))
            }
            self.named = named.map { (name: $0.0, node: Node($0.1.map { (segments: $0.0, route: $0.1) })) }
        }

        func literal(_ segment: Span<UInt8>) -> Node? {
            literals.first { name, _ in
                name.count == segment.count && name.indices.allSatisfy { name[$0] == segment[$0] }
            }?.node
        }
    }

    package let routes: [Route]
    private let root: Node

    package init(_ table: RouteTable) {
        routes = table.routes
        precondition(Set(routes.map(\.operation)).count == routes.count, "two routes for one operation")
        root = Node(
            routes.map { route in
                (
                    segments: route.template.dropFirst().split(separator: "/", omittingEmptySubsequences: false)[...],
                    route: route
                )
            })
    }

    package func match(_ head: RequestHead) -> RouteMatch { head.withPath { match(head.method, $0) } }

    private func match(_ method: HTTPRequest.Method, _ path: Span<UInt8>) -> RouteMatch {
        var node = root
        var parameters: [RouteMatch.Parameter] = []
        var start = 1
        while start <= path.count {
            var end = start, isEncoded = false
            while end < path.count, path[end] != UInt8(ascii: "/") {
                isEncoded = isEncoded || path[end] == UInt8(ascii: "%")
                end += 1
            }
            let segment = path.extracting(start..<end)
            // Decoded after splitting, so that an encoded slash stays inside its segment.
            guard
                let next = isEncoded
                    ? step(from: node, decoding: segment, &parameters) : step(from: node, segment, &parameters)
            else { return .notFound }
            node = next
            start = end + 1
        }
        guard !node.routes.isEmpty else { return .notFound }
        if let found = node.routes.first(where: { $0.method == method }) { return .route(found, parameters) }
        if method == .head, let found = node.routes.first(where: { $0.method == .get }) {
            return .route(found, parameters)
        }
        return .methodNotAllowed(node.routes.map(\.method))
    }

    private func step(from node: Node, _ segment: Span<UInt8>, _ parameters: inout [RouteMatch.Parameter]) -> Node? {
        if let next = node.literal(segment) { return next }
        guard let (name, next) = node.named, !segment.isEmpty else { return nil }
        let value = unsafe segment.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        parameters.append(.init(name: name, value: value))
        return next
    }

    private func step(
        from node: Node, decoding segment: Span<UInt8>, _ parameters: inout [RouteMatch.Parameter]
    ) -> Node? {
        let encoded = unsafe segment.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        guard let decoded = PercentEncoding.decode(encoded) else { return nil }
        let bytes = Array(decoded.utf8)
        return step(from: node, bytes.span, &parameters)
    }
}

/// The routes of an API while they are being listed.
package final class RouteTable {
    package private(set) var routes: [Route] = []

    package init() {}

    fileprivate func add(
        _ method: HTTPRequest.Method, _ template: String, operation: String, body: BodyPolicy,
        repeating: Repeating = .harmless, access: String, _ begin: @escaping Route.Begin
    ) {
        routes.append(
            Route(
                method: method, template: template, operation: operation, body: body, repeating: repeating,
                access: access, index: routes.count, begin: begin))
    }
}

/// What must be known about a request before a handler may see it, or how to find it out.
package enum Entrance<Context: Sendable>: Sendable {
    case now(Context)
    case later(@Sendable () async throws -> Context)
}

/// What a handler is told about its caller, and what a route may ask of one.
package protocol RouteContext: Sendable {
    /// Said with every route, so that none is mounted without it.
    associatedtype Access: Sendable & CustomStringConvertible
}

/// Nothing is known about the caller, and nothing is asked.
package struct OpenContext: RouteContext {
    package enum Access: String, Sendable, CustomStringConvertible {
        case everyone

        package var description: String { rawValue }
    }

    package init() {}
}

/// Routes that share what must be known about a request before a handler may see it.
///
/// `enter` makes that context or refuses. A handler takes the context as an argument, so it cannot be mounted where the
/// context is not made: one that needs a tenant has no place on an open path. And each says what its caller must be allowed.
package struct RouteGroup<Context: RouteContext> {
    private let table: RouteTable
    private let enter: @Sendable (Request, Context.Access) throws -> Entrance<Context>

    package init(
        _ table: RouteTable, enter: @escaping @Sendable (Request, Context.Access) throws -> Entrance<Context>
    ) {
        self.table = table
        self.enter = enter
    }

    package typealias Handler = @Sendable (Request, Context) async throws -> Response

    package func get(
        _ template: String, operation: String, access: Context.Access, _ handler: @escaping Handler
    ) {
        mount(.get, template, operation, access, .collect(maximumBytes: 0), .harmless, handler)
    }

    /// - Parameter handler: needs nothing from elsewhere and must not block.
    package func get(
        _ template: String, operation: String, access: Context.Access,
        atOnce handler: @escaping @Sendable (Request, Context) throws -> Response
    ) {
        let enter = enter
        table.add(
            .get, template, operation: operation, body: .collect(maximumBytes: 0), access: access.description
        ) { request in
            switch try enter(request, access) {
            case .now(let context): .done(try handler(request, context))
            case .later(let ask): .continues { try await handler(request, ask()) }
            }
        }
    }

    package func post(
        _ template: String, operation: String, access: Context.Access, repeating: Repeating,
        body: BodyPolicy = .standard, _ handler: @escaping Handler
    ) {
        mount(.post, template, operation, access, body, repeating, handler)
    }

    package func patch(
        _ template: String, operation: String, access: Context.Access, body: BodyPolicy = .standard,
        _ handler: @escaping Handler
    ) {
        mount(.patch, template, operation, access, body, .harmless, handler)
    }

    package func delete(
        _ template: String, operation: String, access: Context.Access, _ handler: @escaping Handler
    ) {
        mount(.delete, template, operation, access, .collect(maximumBytes: 0), .harmless, handler)
    }

    private func mount(
        _ method: HTTPRequest.Method, _ template: String, _ operation: String, _ access: Context.Access,
        _ body: BodyPolicy, _ repeating: Repeating, _ handler: @escaping Handler
    ) {
        let enter = enter
        table.add(
            method, template, operation: operation, body: body, repeating: repeating, access: access.description
        ) { request in
            switch try enter(request, access) {
            case .now(let context): .continues { try await handler(request, context) }
            case .later(let ask): .continues { try await handler(request, ask()) }
            }
        }
    }
}
