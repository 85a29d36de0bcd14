// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes

/// What a client knows of something that it reads or changes: its version, a number that grows with every change. On the wire it is
/// a strong tag, the number in quotes (RFC 9110 §8.8.3).
enum EntityVersion {
    static func tag(_ version: Int) -> String { "\"\(version)\"" }

    /// What a change is for (RFC 9110 §13.1.1).
    enum Expected: Equatable {
        case exactly(Int)
        /// `*`: whatever is there.
        case any

        var version: Int? {
            if case .exactly(let version) = self { version } else { nil }
        }
    }

    /// - Parameter changed: thrown when no tag can be one of ours.
    /// - Returns: nil without `If-Match`.
    static func expected(by request: Request, orElse changed: any Error) throws -> Expected? {
        guard request.head.fields.contains(.ifMatch) else { return nil }
        guard let value = request.head.fields.only(.ifMatch) else { throw changed }
        if value == "*" { return .any }
        // One spelling only: tags are compared letter by letter.
        guard value.count >= 3, let version = Int(value.dropFirst().dropLast()), tag(version) == value else {
            throw changed
        }
        return .exactly(version)
    }

    /// The same where a change without it might undo another's.
    /// - Throws: `APIError` with status 428 without `If-Match`.
    static func required(by request: Request, orElse changed: any Error) throws -> Expected {
        guard let expected = try expected(by: request, orElse: changed) else {
            throw APIError(
                .preconditionRequired, .preconditionRequired,
                "Send If-Match with the ETag of the version you have read.")
        }
        return expected
    }
}

extension Response {
    /// Says which version it shows; nothing but that to a client who has it already (RFC 9110 §13.1.2).
    func ofVersion(_ version: Int, to request: Request? = nil) -> Response {
        let tag = EntityVersion.tag(version)
        if let request, EntityTags(request.head.fields.values(.ifNoneMatch)).contains(tag) {
            return Response(.notModified, fields: [.eTag: tag])
        }
        var response = self
        response.fields[.eTag] = tag
        return response
    }
}
