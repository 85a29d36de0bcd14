// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Admission
import Core
import Database
import HTTPMessage
import HTTPTypes

/// Writes that a client names, so that they are done once however often they are sent. Routes say which: `repeating: .byKey`.
struct Idempotency: Sendable {
    let ledger: IdempotencyLedger

    /// - Returns: nil when the client gave no key.
    /// - Throws: `APIError` with status 400 for what is none.
    func write(_ request: Request, by caller: Caller) throws -> NamedWrite? {
        guard case .route(let route, _) = request.match, route.repeating == .byKey else {
            preconditionFailure("a route that does not say that it takes keys")
        }
        guard request.head.fields.contains(.idempotencyKey) else { return nil }
        let text = request.head.fields.only(.idempotencyKey) ?? ""
        guard let key = IdempotencyKey(text, of: caller, operation: route.operation) else {
            throw APIError(
                .badRequest, .idempotencyKeyInvalid, "An Idempotency-Key has 1 to 255 printable characters of ASCII.")
        }
        var fingerprint = RequestFingerprint(Array(request.head.path.utf8), Array((request.head.query ?? "").utf8))
        fingerprint.add(request.bytes)
        return NamedWrite(ledger: ledger, key: key, fingerprint: fingerprint)
    }
}

/// A write with the name that its client gave it.
struct NamedWrite: Sendable {
    fileprivate let ledger: IdempotencyLedger
    fileprivate let key: IdempotencyKey
    /// A streamed body is added as it comes.
    var fingerprint: RequestFingerprint

    /// What was answered before, or what `effect` answers now, which is kept with it.
    /// - Parameter effect: works in the same transaction; what it throws undoes it and keeps nothing.
    func once<Scope: IdempotencyScope>(
        in tx: borrowing Transaction<Scope>, _ effect: () throws -> Response
    ) throws -> Response {
        if let earlier = try ledger.earlierReply(to: key, fingerprint, in: tx) { return Response(earlier) }
        let response = try effect()
        guard case .bytes(let body) = response.body else { preconditionFailure("a stream cannot be kept") }
        let kept = KeptReply(
            status: response.status.code, location: response.fields[.location], etag: response.fields[.eTag], body: body
        )
        try ledger.keep(kept, for: key, fingerprint, in: tx)
        return response
    }
}

extension Optional<NamedWrite> {
    /// The same; for a write without a name, what `effect` answers.
    func once<Scope: IdempotencyScope>(
        in tx: borrowing Transaction<Scope>, _ effect: () throws -> Response
    ) throws -> Response {
        if let self { try self.once(in: tx, effect) } else { try effect() }
    }
}

extension Response {
    /// What was answered before, and says so.
    fileprivate init(_ kept: KeptReply) {
        self = .json(bytes: kept.body, status: HTTPResponse.Status(code: kept.status))
        if let etag = kept.etag { fields[.eTag] = etag }
        if let location = kept.location { fields[.location] = location }
        fields.append(.idempotentReplayed, "true")
    }
}

extension IdempotencyError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .inProgress:
            var error = APIError(
                .conflict, .idempotencyKeyInProgress, "The same request is being done at this moment. Try again soon.")
            error.retryAfter = .seconds(1)
            return error
        case .reused:
            return APIError(
                .unprocessableContent, .idempotencyKeyReused,
                "This Idempotency-Key was used for another request. Take a new one.")
        }
    }
}

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key") ?? .from
    static let idempotentReplayed = HTTPField.Name("Idempotent-Replayed") ?? .from
}
