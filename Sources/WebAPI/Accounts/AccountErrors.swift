// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPTypes

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
