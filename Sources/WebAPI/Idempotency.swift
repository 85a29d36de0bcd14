// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Admission
import Core
import Database
import HTTPMessage
import HTTPTypes

/// Writes that a client names, so that they are done once however often they are sent.
enum Idempotency {
    /// - Returns: nil when the client gave no key.
    /// - Throws: `APIError` with status 400 for what is none.
    static func key(of request: Request, for person: Caller.Person, operation: String) throws -> IdempotencyKey? {
        guard request.head.fields.contains(.idempotencyKey) else { return nil }
        let text = request.head.fields.only(.idempotencyKey) ?? ""
        let asked = [Array(request.head.path.utf8), Array((request.head.query ?? "").utf8), request.bytes]
        guard let key = IdempotencyKey(text, of: person, operation: operation, request: asked) else {
            throw APIError(
                .badRequest, .idempotencyKeyInvalid, "An Idempotency-Key has 1 to 255 printable characters of ASCII.")
        }
        return key
    }
}

extension IdempotencyKey {
    /// What was answered before, or what `effect` answers now, which is kept with it.
    /// - Parameter effect: works in the same transaction; what it throws undoes it and keeps nothing.
    func once(in tx: borrowing TenantTransaction, _ effect: () throws -> Response) throws -> Response {
        if let earlier = try earlierReply(in: tx) { return Response(earlier) }
        let response = try effect()
        guard case .bytes(let body) = response.body else { preconditionFailure("a stream cannot be kept") }
        try keep(
            KeptReply(
                status: response.status.code, location: response.fields[.location], etag: response.fields[.eTag],
                body: body), in: tx)
        return response
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
