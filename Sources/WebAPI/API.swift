// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Admission
import Core
import Database
import HTTPMessage
import HTTPTypes
import JSON
import Logging
import Metrics
import Telemetry
import WebApp

/// Answers requests by a router: errors become problems, every reply gets its id and security headers, and every request
/// one log line and one measurement.
package struct API: Responder {
    package let router: Router
    private let logger: Logger
    private let accessLog: LogSink?
    private let durations: RequestDurations
    private let gatekeeper: Gatekeeper?
    /// Requests under way of each client's address. A direct client has one a connection and connections are bounded; this
    /// is for those who share a proxy's.
    private let inFlight: InFlight
    private let crossOrigin: CrossOrigin
    private let security: SecurityFields
    private let files: StaticFiles?
    private let overloadedReply: Response

    /// - Parameters:
    ///   - isEncrypted: clients come over TLS.
    ///   - accessLog: where request lines go; nil for none.
    ///   - gatekeeper: counts requests; nil where nobody is refused.
    ///   - requestsPerAddress: how many of one client's address may be under way.
    ///   - files: what browsers get where no operation is.
    package init(
        _ table: RouteTable, isEncrypted: Bool, logger: Logger, accessLog: LogSink?, metrics: any MetricsFactory,
        gatekeeper: Gatekeeper? = nil, requestsPerAddress: Int = .max,
        crossOrigin: CrossOrigin = CrossOrigin(), files: StaticFiles? = nil
    ) {
        router = Router(table)
        self.logger = logger
        self.accessLog = accessLog
        self.gatekeeper = gatekeeper
        inFlight = InFlight(maximum: requestsPerAddress)
        self.crossOrigin = crossOrigin
        self.files = files
        security = SecurityFields(isEncrypted: isEncrypted)
        overloadedReply = Self.overloadedReply(security)
        durations = RequestDurations(router, metrics)
    }

    package func match(_ head: RequestHead) -> RouteMatch { router.match(head) }

    package func answer(_ request: Request) -> Answer {
        let start = ContinuousClock.now
        // Loopback is the machine itself: its health checks, its scripts, a proxy that names no client.
        let subject = request.client.isLoopback ? nil : RateSubject.address(request.client, .address)
        guard subject.map({ inFlight.begin($0) }) ?? true else {
            return .now(complete(Self.tooManyAtOnce.response(requestID: request.id), request, start, of: nil))
        }
        do {
            switch try begin(request) {
            case .done(let response): return .now(complete(response, request, start, of: subject))
            case .continues(let work):
                return .later {
                    let response: Response
                    let trace = Self.trace(of: request) ?? TraceContext(beginning: request.id)
                    let origin = RequestOrigin(requestID: request.id, address: request.client)
                    do {
                        response = try await TraceContext.$current.withValue(trace) {
                            try await RequestOrigin.$current.withValue(origin) { try await work() }
                        }
                    } catch {
                        response = reply(to: error, request)
                    }
                    return complete(response, request, start, of: subject)
                }
            }
        } catch { return .now(complete(reply(to: error, request), request, start, of: subject)) }
    }

    /// What the caller's tracing says.
    private static func trace(of request: Request) -> TraceContext? {
        request.head.fields.withOnly(.traceParent) { TraceContext($0) } ?? nil
    }

    /// Adds what every reply has, and sees to what is to be done when it is over.
    /// - Parameter subject: for whom the request is counted as under way.
    private func complete(
        _ response: Response, _ request: Request, _ start: ContinuousClock.Instant, of subject: RateSubject?
    ) -> Response {
        var response = response
        let common = security.fields(for: response.use)
        // The request's id and what another origin is told take 64.
        response.fields.reserve(common.lines.count + request.replyFields.lines.count + 64)
        response.fields.append(contentsOf: common)
        response.fields.append(contentsOf: request.replyFields)
        response.fields.append(.requestID) { $0.put(hex: request.id) }
        crossOrigin.note(on: &response, to: request.head)
        guard case .stream(var stream) = response.body else {
            if let subject { inFlight.end(subject) }
            finish(request, response.status, bytes: response.body.count, ContinuousClock.now - start)
            return response
        }
        let release = stream.onEnd
        stream.onEnd = { [status = response.status] end in
            release(end)
            if let subject { inFlight.end(subject) }
            if let failure = end.failure, !(failure is ResponseStream.Abandoned) { log(failure, request) }
            finish(request, status, bytes: end.bytes, ContinuousClock.now - start)
        }
        response.body = .stream(stream)
        return response
    }

    private static let tooManyAtOnce: APIError = {
        var error = APIError(
            .tooManyRequests, .tooManyAtOnce, "Too many requests from your network are under way. Try again soon.")
        error.retryAfter = .seconds(1)
        return error
    }()

    package func reply(to violation: ProtocolViolation) -> Response {
        let id = UUIDv7.next()
        var response = violation.apiError.response(requestID: id)
        response.fields.append(contentsOf: security.data)
        response.fields.append(.requestID) { $0.put(hex: id) }
        if violation.status == .methodNotAllowed { response.fields[.allow] = "" }
        accessLog?.write(
            AccessLogLine(id: id, status: response.status, outputBytes: response.body.count).bytes, isUrgent: false)
        return response
    }

    /// Made once but for the request's name; it is in no log line, since there are too many such. A metric counts them.
    package func overloaded(_ head: RequestHead, _ id: UUIDv7) -> Response {
        var response = overloadedReply
        response.fields.append(.requestID) { $0.put(hex: id) }
        crossOrigin.note(on: &response, to: head)
        return response
    }

    private static func overloadedReply(_ security: SecurityFields) -> Response {
        var error = APIError(.serviceUnavailable, .overloaded, "The service is busy. Try again soon.")
        error.retryAfter = .seconds(1)
        var response = error.response(requestID: nil)
        response.fields.append(contentsOf: security.data)
        return response
    }

    private func begin(_ request: Request) throws -> Route.Beginning {
        // A balancer's probe must not fail because its network is busy.
        if !request.match.isProbe { try gatekeeper?.admit(request) }
        switch request.match {
        case .route(let route, _): return try route.begin(request)
        case .notFound:
            if request.head.method == .options && request.head.path == "*" { return .done(Response(.noContent)) }
            if let file = files?.response(to: request.head) {
                let isReading = request.head.method == .get || request.head.method == .head
                return .done(isReading ? file : try notAllowed(request, [.get]))
            }
            throw APIError(.notFound, .routeUnknown, "There is nothing at this address.")
        case .methodNotAllowed(let methods): return .done(try notAllowed(request, methods))
        }
    }

    private func reply(to error: any Error, _ request: Request) -> Response {
        guard let known = error as? any APIErrorConvertible else {
            log(error, request)
            return APIError(.internalServerError, .internalError, "Something went wrong on our side.").response(
                requestID: request.id)
        }
        if (error as? DatabaseError)?.isFault == true { log(error, request) }
        return known.apiError.response(requestID: request.id)
    }

    /// 405 with Allow (RFC 9110 §15.5.6), or what OPTIONS asked for.
    private func notAllowed(_ request: Request, _ methods: [HTTPRequest.Method]) throws -> Response {
        let allow = (methods + (methods.contains(.get) ? [.head] : []) + [.options]).map(\.rawValue).joined(
            separator: ", ")
        if request.head.method == .options { return Response(.noContent, fields: [.allow: allow]) }
        var error = APIError(
            .methodNotAllowed, .methodNotAllowed, "This address does not answer \(request.head.method.rawValue).")
        error.headers[.allow] = allow
        throw error
    }

    private func log(_ error: any Error, _ request: Request) {
        logger.error(
            "request failed", metadata: ["request_id": "\(request.id.hex)", "error": "\(String(reflecting: error))"])
    }

    private func finish(_ request: Request, _ status: HTTPResponse.Status, bytes: Int, _ duration: Duration) {
        var operation = "none"
        if case .route(let route, _) = request.match {
            operation = route.operation
            durations.record(route, status, duration)
        }
        // Probes come every few seconds from every balancer and say nothing as long as they succeed.
        if request.match.isProbe && status.kind == .successful { return }
        accessLog?.write(
            AccessLogLine(
                id: request.id, trace: Self.trace(of: request),
                tenantID: request.tenantID, method: request.head.method, operation: operation,
                status: status, duration: duration, outputBytes: bytes
            ).bytes, isUrgent: false)
    }
}

extension RouteMatch {
    fileprivate var isProbe: Bool {
        guard case .route(let route, _) = self else { return false }
        return route.operation == "getLiveness" || route.operation == "getReadiness"
    }
}

extension HTTPField.Name {
    static let traceParent = HTTPField.Name("traceparent") ?? .from
    static let requestID = HTTPField.Name("X-Request-Id") ?? .from
}

/// One line for each request. It holds no personal data: the operation in place of the path, the tenant's id, no query.
private struct AccessLogLine {
    let id: UUIDv7
    var trace: TraceContext?
    var tenantID: TenantID?
    var method: HTTPRequest.Method?
    var operation = "none"
    let status: HTTPResponse.Status
    var duration = Duration.zero
    let outputBytes: Int

    var bytes: [UInt8] {
        var json = JSONWriter(capacity: 320)
        json.object { json in
            json.member("ts", Instant.now())
            json.member("level", status.code >= 500 ? "error" : "info")
            json.member("msg", "request")
            json.member("request_id", id.hex)
            json.member("trace_id", trace?.traceID)
            if let tenantID { json.member("tenant_id", tenantID) }
            json.member("method", method?.rawValue)
            json.member("operation", operation)
            json.member("status", status.code)
            json.member("duration_us", Int(duration / .microseconds(1)))
            json.member("bytes", outputBytes)
        }
        return json.bytes
    }
}

/// `http_server_request_duration_seconds` by operation and class of status, looked up once and not with every request.
private struct RequestDurations: Sendable {
    private let timers: [[Metrics.Timer]]

    init(_ router: Router, _ factory: any MetricsFactory) {
        timers = router.routes.map { route in
            (1...5).map { statusClass in
                Metrics.Timer(
                    label: "http_server_request_duration_seconds",
                    dimensions: [("operation", route.operation), ("status_class", "\(statusClass)xx")], factory: factory
                )
            }
        }
    }

    func record(_ route: Route, _ status: HTTPResponse.Status, _ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        timers[route.index][min(max(status.code / 100, 1), 5) - 1].recordNanoseconds(
            seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
