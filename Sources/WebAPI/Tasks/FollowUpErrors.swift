// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPTypes

extension FollowUpError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: APIError(.notFound, .followUpUnknown, "There is no such follow-up.")
        case .changed:
            APIError(.preconditionFailed, .followUpChanged, "The follow-up was changed meanwhile. Read it again.")
        case .notOpen: APIError(.conflict, .followUpNotOpen, "It is not open any more. Reopen it first.")
        case .assigneeUnknown: Self.assigneeUnknownField.apiError
        case .assigneeHidden:
            FieldError(
                "/assignee_id", "not_allowed", "You see your own customers alone: give others what is about those."
            ).apiError
        }
    }

    static let assigneeUnknownField = FieldError("/assignee_id", "unknown_member", "Nobody like that works here.")
}
