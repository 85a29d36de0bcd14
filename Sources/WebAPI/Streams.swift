// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Admission
import Core
import HTTPMessage
import HTTPTypes

/// Replies that go on for a while. A business may have so many at once: each holds a connection and asks the database again
/// and again.
struct Streams: Sendable {
    private let inFlight: InFlight
    private let isDraining: @Sendable () -> Bool

    /// - Parameters:
    ///   - perTenant: of one business at once.
    ///   - isDraining: the server is going away; streams without an end of their own are asked to end.
    init(perTenant: Int, isDraining: @escaping @Sendable () -> Bool) {
        inFlight = InFlight(maximum: perTenant)
        self.isDraining = isDraining
    }

    var mustStop: @Sendable () -> Bool { isDraining }

    /// Takes a place, makes the pieces, and gives the place back when the last has been sent.
    /// - Throws: `APIError` with status 429, and what `make` throws.
    func response(
        _ fields: ResponseFields, for caller: Caller, _ make: () async throws -> any ResponseStream.Pieces
    ) async throws -> Response {
        let subject = RateSubject.tenant(caller.tenantID), inFlight = inFlight
        guard inFlight.begin(subject) else {
            var error = APIError(
                .tooManyRequests, .tooManyAtOnce, "Your business has too many long answers under way. Try again soon.")
            error.retryAfter = .seconds(5)
            throw error
        }
        do {
            var stream = ResponseStream(try await make())
            stream.onEnd = { _ in inFlight.end(subject) }
            return Response(.ok, fields: fields, stream: stream)
        } catch {
            inFlight.end(subject)
            throw error
        }
    }
}

/// Server-Sent Events (HTML standard, §9.2).
enum EventStream {
    static let fields: ResponseFields = {
        var fields: ResponseFields = [.contentType: "text/event-stream"]
        // Proxies that gather replies before they pass them on would keep events back (nginx, "proxy_buffering").
        if let buffering = HTTPField.Name("X-Accel-Buffering") { fields.append(buffering, "no") }
        return fields
    }()

    /// A comment: it keeps the connection from looking dead.
    static let quiet = Array(": quiet\n\n".utf8)

    /// - Parameters:
    ///   - name: what kind of event it is.
    ///   - json: its data, on one line.
    static func event(_ name: StaticString, _ json: [UInt8]) -> [UInt8] {
        Array("event: \(name)\ndata: ".utf8) + json + Array("\n\n".utf8)
    }
}
