// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPTypes

extension PipelineError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: return APIError(.notFound, .pipelineUnknown, "There is no such pipeline.")
        case .stageUnknown: return APIError(.notFound, .stageUnknown, "There is no such stage.")
        case .changed:
            return APIError(.preconditionFailed, .pipelineChanged, "The pipeline was changed meanwhile. Read it again.")
        case .tooMany:
            return APIError(
                .conflict, .tooManyPipelines, "A business has at most \(Pipeline.maximumPerBusiness) pipelines.")
        case .notEmpty:
            return APIError(
                .conflict, .pipelineNotEmpty,
                "There are still deals in it. Move or delete them first; those of customers in the bin go with these, or come back."
            )
        case .stageNotEmpty(let stage):
            return .occupied(
                .stageNotEmpty, stage, "A stage that is to go has deals. Say in move_deals where they go.")
        case .tooManyDeals(let stage):
            return .occupied(
                .tooManyDeals, stage, "A stage that is to go has more deals than are moved at once. Move some first.")
        }
    }
}

extension APIError {
    fileprivate static func occupied(_ code: ProblemCode, _ stage: Pipeline.Stage.ID, _ title: String) -> APIError {
        var error = APIError(.conflict, code, title)
        error.fields = [FieldError("/stages", code.rawValue, "\(stage)")]
        return error
    }
}

extension DealError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: APIError(.notFound, .dealUnknown, "There is no such deal.")
        case .changed: APIError(.preconditionFailed, .dealChanged, "The deal was changed meanwhile. Read it again.")
        case .neighbourGone:
            APIError(
                .conflict, .dealNeighbourGone, "The card beside it has gone from that stage. Read the board again.")
        case .lostReasonMissing: FieldError("/lost_reason", "required", "Say why it was lost.").apiError
        case .lostReasonUnasked:
            FieldError("/lost_reason", "not_allowed", "Only of a deal that was lost.").apiError
        case .wonNoteUnasked: FieldError("/won_note", "not_allowed", "Only of a deal that was won.").apiError
        case .ownerUnknown: CustomerError.ownerUnknownField.apiError
        case .ownerHidden:
            FieldError(
                "/owner_id", "not_allowed", "You see your own customers alone: give others what is of those."
            ).apiError
        }
    }
}
