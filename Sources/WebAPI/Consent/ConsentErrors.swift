// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPTypes

extension ConsentError: APIErrorConvertible {
    static let unknownNotice = FieldError("/notice_id", "unknown_notice", "There is no such notice.")

    package var apiError: APIError {
        switch self {
        case .customerUnknown: CustomerError.unknown.apiError
        case .noticeUnknown: Self.unknownNotice.apiError
        case .noticeOfAnotherPurpose:
            FieldError("/notice_id", "wrong_purpose", "This notice speaks of another purpose.").apiError
        case .noticeLacksLanguage:
            FieldError("/language", "not_in_notice", "The notice has no text in this language.").apiError
        case .doNotContactNotSet:
            APIError(.conflict, .doNotContactNotSet, "That does not stand in the way of anything.")
        }
    }

    /// The same for one of several, with its field.
    var apiErrorOfItem: APIError {
        var error = apiError
        if self == .customerUnknown { error.fields = [FieldError("/customer_id", error.code.rawValue, error.title)] }
        return error
    }
}

extension ConsentsRefused: APIErrorConvertible {
    package var apiError: APIError { .refusing(errors.map { ($0.index, $0.error.apiErrorOfItem) }) }
}

extension ConsentNoticeError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: APIError(.notFound, .consentNoticeUnknown, "There is no such notice.")
        case .tooMany:
            APIError(
                .conflict, .tooManyConsentNotices,
                "A business writes at most \(ConsentNotice.maximumVersions) notices for a purpose.")
        }
    }
}
