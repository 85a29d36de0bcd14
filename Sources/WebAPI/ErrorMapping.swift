// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Execution
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

extension ValidationError: APIErrorConvertible {
    package var apiError: APIError {
        var error = APIError(.unprocessableContent, .validationFailed, "Some fields are not right.")
        error.fields = fields
        return error
    }
}

extension FieldError: APIErrorConvertible {
    package var apiError: APIError { ValidationError([self]).apiError }
}

extension JSONError: APIErrorConvertible {
    package var apiError: APIError {
        let (status, problem): (HTTPResponse.Status, ProblemCode) =
            switch code {
            case .malformedJSON: (.badRequest, .malformedJSON)
            case .limitExceeded: (.unprocessableContent, .jsonLimitExceeded)
            case .duplicateKey: (.unprocessableContent, .jsonDuplicateKey)
            case .forbiddenCharacter: (.unprocessableContent, .jsonForbiddenCharacter)
            }
        var error = APIError(status, problem, "The body cannot be read as JSON.")
        error.fields = [FieldError(pointer, code.rawValue, detail)]
        return error
    }
}

extension Request.Failure: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unsupportedMediaType(let expected):
            return APIError(.unsupportedMediaType, .unsupportedMediaType, "Send the body as \(expected), in UTF-8.")
        case .badQuery(let field):
            var error = APIError(.badRequest, .invalidQuery, "The query string is not right.")
            error.fields = [field]
            return error
        }
    }
}

extension BodyStream.Interrupted: APIErrorConvertible {
    package var apiError: APIError {
        APIError(.badRequest, .bodyInterrupted, "The body ended before it was complete. Nothing of it was kept.")
    }
}

extension CursorSeal.Failure: APIErrorConvertible {
    package var apiError: APIError {
        APIError(
            .badRequest, .cursorMismatch,
            "The cursor does not belong to this list with these filters. Begin again without it.")
    }
}

extension PoolBusy: APIErrorConvertible {
    package var apiError: APIError {
        var error = APIError(
            .tooManyRequests, .tooManyPasswords, "Too many people are signing in at this moment. Try again soon.")
        error.retryAfter = .seconds(2)
        return error
    }
}

extension DatabaseError: APIErrorConvertible {
    package var apiError: APIError {
        var error: APIError
        switch self {
        case .unavailable(let retryAfter):
            error = APIError(
                .serviceUnavailable, .unavailable, "The service is not available at this moment. Try again soon.")
            error.retryAfter = retryAfter
        case .interrupted:
            error = APIError(
                .serviceUnavailable, .unavailable, "The service was interrupted; nothing was changed. Try again.")
            error.retryAfter = .seconds(1)
        case .busy:
            error = APIError(.serviceUnavailable, .overloaded, "The service is busy. Try again soon.")
            error.retryAfter = .seconds(1)
        case .outcomeUnknown:
            error = APIError(
                .serviceUnavailable, .outcomeUnknown,
                "The service was interrupted while saving. Look whether the change was made before trying again.")
            error.retryAfter = .seconds(2)
        case .refused(let refusal) where ["57014", "55P03", "40001", "40P01"].contains(refusal.sqlState):
            // Cancelled by a time-out, a lock not had in time, a serialization failure or a deadlock: all rolled back.
            error = APIError(
                .serviceUnavailable, .overloaded, "The service is busy; nothing was changed. Try again soon.")
            error.retryAfter = .seconds(1)
        case .refused(let refusal) where refusal.sqlState.hasPrefix("53"):
            // No room on the database's disk, in its memory, or for more connections.
            error = APIError(
                .serviceUnavailable, .unavailable,
                "The service cannot save at this moment; nothing was changed. Try again later.")
            error.retryAfter = .seconds(10)
        case .refused, .rolledBack, .decoding:
            error = APIError(.internalServerError, .internalError, "Something went wrong on our side.")
        }
        return error
    }

    /// Whether this is a fault of ours rather than of the moment.
    var isFault: Bool { apiError.code == .internalError }
}

extension AccessTokenError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .invalid: .unauthorized(.tokenInvalid, "The access token is not valid.")
        case .expired:
            .unauthorized(.tokenExpired, "The access token has expired. Get a new one with the refresh token.")
        }
    }
}

extension APIError {
    /// 401 with the challenge of RFC 6750 §3.
    static func unauthorized(_ code: ProblemCode, _ title: String) -> APIError {
        var error = APIError(.unauthorized, code, title)
        error.headers[.wwwAuthenticate] = code == .tokenMissing ? "Bearer" : "Bearer error=\"invalid_token\""
        return error
    }
}

extension ProtocolViolation: APIErrorConvertible {
    package var apiError: APIError {
        let code: ProblemCode =
            switch status {
            case .contentTooLarge: .contentTooLarge
            case .uriTooLong: .uriTooLong
            case .requestHeaderFieldsTooLarge: .headersTooLarge
            case .requestTimeout: .requestTimeout
            case .expectationFailed: .expectationFailed
            case .notImplemented: .methodUnknown
            case .methodNotAllowed: .methodNotAllowed
            case .httpVersionNotSupported: .versionNotSupported
            case .serviceUnavailable: .timedOut
            default: .malformedRequest
            }
        return APIError(status, code, detail)
    }
}
