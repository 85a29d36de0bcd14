// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPTypes

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
