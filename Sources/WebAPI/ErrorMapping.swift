// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import CRM
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

extension AccountError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .credentialsWrong:
            .unauthorized(.credentialsWrong, "The phone number, e-mail address or password is wrong.")
        case .refreshTokenInvalid: .unauthorized(.refreshTokenInvalid, "The refresh token is not valid. Sign in again.")
        case .refreshTokenReused:
            .unauthorized(
                .refreshTokenReused, "An old refresh token was used again, so the session was ended. Sign in again.")
        case .tenantUnknown: APIError(.notFound, .tenantUnknown, "You do not belong to such a business.")
        case .identityTaken:
            APIError(.conflict, .identityTaken, "Somebody else signs in with this already.")
        case .codeWrong(let left):
            APIError(
                .unprocessableContent, .codeWrong,
                left > 0 ? "The code is wrong. Look again." : "The code is wrong. Ask for a new one.")
        case .challengeOver:
            APIError(.notFound, .challengeOver, "This code cannot be used any more. Ask for a new one.")
        case .cannotSend(let kind):
            APIError(
                .unprocessableContent, .cannotSend,
                kind == "phone"
                    ? "This server does not send text messages. Use an e-mail address."
                    : "This server does not send mail. Use a phone number.")
        case .newPasswordMissing:
            FieldError("/new_password", "required", "Choose the new password.").apiError
        case .newPasswordUnasked:
            FieldError("/new_password", "unexpected", "This code is not for a new password.").apiError
        case .passwordWrong: APIError(.unprocessableContent, .passwordWrong, "The current password is wrong.")
        case .confirmationNeeded:
            APIError(
                .forbidden, .confirmationNeeded, "Show that it is you: confirm with your password or a code first.")
        case .secondFactorRequired:
            APIError(
                .forbidden, .secondFactorRequired, "Show that it is you with a code of your authenticator app.")
        case .secondFactorWrong:
            APIError(
                .unprocessableContent, .secondFactorWrong, "The code is wrong, or was used before. Wait for the next.")
        case .secondFactorBlocked(let until):
            .blocked(.secondFactorBlocked, "Too many wrong codes. Wait before the next one.", until: until)
        case .signInBlocked(let until):
            .blocked(
                .signInBlocked, "Too many wrong passwords. Wait before the next one, or sign in with a code.",
                until: until)
        case .secondFactorUnknown: APIError(.notFound, .secondFactorUnknown, "There is no authenticator app to ask.")
        case .secondFactorInForce:
            APIError(.conflict, .secondFactorInForce, "There is an authenticator app already. Remove it first.")
        case .ticketInvalid: .unauthorized(.ticketInvalid, "It took too long. Sign in again.")
        case .sessionUnknown: APIError(.notFound, .sessionUnknown, "You have no such session.")
        case .providerNotSet:
            APIError(.unprocessableContent, .providerNotSet, "This server lets nobody in by Google. Use a code.")
        case .providerUnavailable(let pause):
            .later(.providerUnavailable, "Google does not answer at this moment. Try again soon.", pause)
        case .providerAnswerInvalid:
            APIError(
                .unprocessableContent, .providerAnswerInvalid, "Google has not confirmed who you are. Begin again.")
        case .providerEmailUnverified:
            APIError(
                .unprocessableContent, .providerEmailUnverified,
                "Google has not verified your e-mail address. Sign up with a phone number.")
        case .flowInvalid: APIError(.unprocessableContent, .flowInvalid, "This cannot be used any more. Begin again.")
        case .accountUnknown:
            APIError(.notFound, .accountUnknown, "Nobody has signed up with this Google account. Sign up first.")
        case .providerLinked:
            APIError(.conflict, .providerLinked, "You sign in by another Google account already. Unlink it first.")
        case .providerNotLinked: APIError(.notFound, .providerNotLinked, "No Google account is linked.")
        case .lastWayIn:
            APIError(
                .conflict, .lastWayIn, "You could not sign in any more. Add a phone number or an e-mail address first.")
        }
    }
}

extension APIError {
    fileprivate static func later(_ code: ProblemCode, _ title: String, _ pause: Duration?) -> APIError {
        var error = APIError(.serviceUnavailable, code, title)
        // However long somebody else has said.
        error.retryAfter = min(pause ?? .seconds(5), .seconds(3_600))
        return error
    }

    fileprivate static func blocked(_ code: ProblemCode, _ title: String, until instant: Instant) -> APIError {
        var error = APIError(.tooManyRequests, code, title)
        error.retryAfter = .milliseconds(max(1_000, (instant.microseconds - Instant.now().microseconds) / 1_000))
        return error
    }
}

extension TeamError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .memberUnknown: APIError(.notFound, .memberUnknown, "Nobody like that works here.")
        case .invitationUnknown:
            APIError(.notFound, .invitationUnknown, "There is no such invitation, or it is over. Ask for a new one.")
        case .lastOwner:
            APIError(.conflict, .lastOwner, "A business must have an owner. Make somebody else the owner first.")
        case .roleNotGoverned:
            APIError(.forbidden, .roleNotGoverned, "Your role does not let you give or take this one.")
        case .invitationForAnother:
            APIError(
                .forbidden, .invitationForAnother, "This invitation is for another phone number or e-mail address.")
        case .alreadyMember: APIError(.conflict, .alreadyMember, "You work here already.")
        case .tooManyInvitations:
            APIError(.conflict, .tooManyInvitations, "So many invitations are open already. Take some back first.")
        }
    }
}

extension DataExportError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: return APIError(.notFound, .exportUnknown, "There is no such export, or it has expired.")
        case .pending:
            var error = APIError(.conflict, .exportPending, "It is still being written. Come back in some minutes.")
            error.retryAfter = .seconds(60)
            return error
        }
    }
}

extension APIKeyError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: APIError(.notFound, .apiKeyUnknown, "There is no such API key, or it has ended.")
        case .tooMany: APIError(.conflict, .tooManyAPIKeys, "So many API keys are live already. Revoke one first.")
        case .isBeingReplaced:
            APIError(.conflict, .apiKeyBeingReplaced, "Two keys live side by side already. Revoke the old one first.")
        case .scopeNotHeld: APIError(.forbidden, .scopeNotHeld, "A key cannot do more than you may.")
        }
    }
}

extension APIKeyRing.Refusal: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: .unauthorized(.tokenInvalid, "The API key is not valid.")
        case .network: APIError(.forbidden, .networkDenied, "This API key is not used from here.")
        }
    }
}

extension BusinessError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .changed:
            APIError(.preconditionFailed, .businessChanged, "The business was changed meanwhile. Read it again.")
        }
    }
}

extension CustomerError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: return APIError(.notFound, .customerUnknown, "There is no such customer.")
        case .phoneTaken(let id): return .taken(.customerPhoneTaken, "Another customer has this phone number.", by: id)
        case .emailTaken(let id):
            return .taken(.customerEmailTaken, "Another customer has this e-mail address.", by: id)
        case .whatsAppTaken(let id):
            return .taken(.customerWhatsAppTaken, "Another customer has this WhatsApp id.", by: id)
        case .notDeleted:
            return APIError(.conflict, .customerNotDeleted, "The customer was not deleted.")
        case .ownerUnknown: return Self.ownerUnknownField.apiError
        case .ownerFixed:
            return FieldError("/owner_id", "not_allowed", "You look after your customers yourself.").apiError
        case .changed:
            return APIError(.preconditionFailed, .customerChanged, "The customer was changed meanwhile. Read it again.")
        }
    }
}

extension CustomerError {
    static let ownerUnknownField = FieldError("/owner_id", "unknown_member", "Nobody like that works here.")
}

extension CustomersRefused: APIErrorConvertible {
    package var apiError: APIError { .refusing(errors.map { ($0.index, $0.error.apiError.atItsField) }) }
}

extension APIError {
    /// The same, with the field that another customer has already.
    var atItsField: APIError {
        var error = self
        switch code {
        case .customerPhoneTaken: error.fields = [FieldError("/phone", code.rawValue, title)]
        case .customerEmailTaken: error.fields = [FieldError("/email", code.rawValue, title)]
        case .customerWhatsAppTaken: error.fields = [FieldError("/whatsapp_id", code.rawValue, title)]
        default: break
        }
        return error
    }
}

extension APIError {
    fileprivate static func taken(_ code: ProblemCode, _ title: String, by id: Customer.ID?) -> APIError {
        var error = APIError(.conflict, code, title)
        error.conflictingID = id?.description
        return error
    }
}

extension CustomerMergeError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: APIError(.notFound, .customerMergeUnknown, "There is no such merge, or it was taken back.")
        case .same: APIError(.conflict, .customersAreOne, "These are one customer already.")
        case .mergedAgain:
            APIError(
                .conflict, .customerMergedAgain,
                "The customer has been merged into another since. Take that back first.")
        case .tooOld: APIError(.conflict, .customerMergeTooOld, "What was merged over 30 days ago stays.")
        }
    }
}

extension CustomFieldError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: APIError(.notFound, .customFieldUnknown, "There is no such field.")
        case .keyTaken: APIError(.conflict, .customFieldKeyTaken, "Another field has this key.")
        case .tooMany:
            APIError(
                .conflict, .tooManyCustomFields,
                "A business has at most \(CustomField.maximumPerBusiness) fields of its own.")
        case .changed:
            APIError(.preconditionFailed, .customFieldChanged, "The field was changed meanwhile. Read it again.")
        }
    }
}

extension CustomerOperationError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: APIError(.notFound, .customerOperationUnknown, "There is no such operation.")
        case .isImport:
            APIError(.conflict, .customerOperationIsImport, "This was an import. Undo the import of the same number.")
        case .undoneAlready: APIError(.conflict, .customerOperationUndone, "That was undone already.")
        case .tooOld: APIError(.conflict, .customerOperationTooOld, "What was done over 30 days ago stays.")
        }
    }
}

extension InteractionError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: return APIError(.notFound, .interactionUnknown, "There is no such interaction.")
        case .corrected(let newest):
            var error = APIError(
                .conflict, .interactionCorrected, "Another version has taken its place. Correct the newest one.")
            error.conflictingID = newest?.description
            return error
        case .struck: return APIError(.conflict, .interactionStruck, "It was struck out already.")
        case .tooManyVersions:
            return APIError(
                .conflict, .tooManyCorrections, "It was corrected too often. Strike it out, and log another.")
        case .sumTooLarge:
            return FieldError("", "out_of_range", "Somebody's payments would add up to more than is counted.").apiError
        }
    }
}

extension InteractionsRefused: APIErrorConvertible {
    package var apiError: APIError { .refusing(places.map { ($0, Self.customerUnknown) }) }

    /// What stands in the way of an item whose customer is not there.
    static var customerUnknown: APIError {
        var error = CustomerError.unknown.apiError
        error.fields = [FieldError("/customer_id", error.code.rawValue, error.title)]
        return error
    }
}

extension CustomerImportError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: return APIError(.notFound, .customerImportUnknown, "There is no such import.")
        case .fileGone:
            return APIError(.conflict, .customerFileGone, "The file is kept no more. Bring it again.")
        case .notUndoable:
            return APIError(
                .conflict, .customerImportNotUndoable, "It is under way or was a trial: there is nothing to undo.")
        case .unusable(let code, let detail):
            var error = APIError(.unprocessableContent, .customerFileUnusable, "The file cannot be imported.")
            error.fields = [FieldError("", code, detail)]
            return error
        }
    }
}

extension LedgerError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: APIError(.notFound, .ledgerEntryUnknown, "There is no such entry.")
        case .reversedAlready: APIError(.conflict, .ledgerEntryReversed, "The entry was taken back already.")
        case .isReversal:
            APIError(
                .conflict, .ledgerReversalFinal,
                "The entry takes another one back. Write down anew what should not have been taken back.")
        case .tooMuch: APIError(.conflict, .ledgerBalanceTooLarge, "No customer owes, or has paid ahead, so much.")
        case .nothingOwed: APIError(.conflict, .ledgerNothingOwed, "The customer owes nothing.")
        case .noUPIAddress:
            APIError(.conflict, .upiIDMissing, "The business has not said to which UPI id money is sent.")
        }
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
