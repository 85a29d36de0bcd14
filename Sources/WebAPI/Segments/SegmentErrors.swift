// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import HTTPTypes

extension SegmentError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: return APIError(.notFound, .segmentUnknown, "There is no such segment.")
        case .nameTaken: return APIError(.conflict, .segmentNameTaken, "Another segment has this name.")
        case .tooMany:
            return APIError(
                .conflict, .tooManySegments, "A business has at most \(Segment.maximumPerBusiness) segments.")
        case .changed:
            return APIError(
                .preconditionFailed, .segmentChanged, "The segment was changed meanwhile. Read it again.")
        case .tooSlow:
            var error = APIError(
                .serviceUnavailable, .segmentTooSlow,
                "Finding these customers takes too long. Ask for less, or try again later.")
            error.retryAfter = .seconds(10)
            return error
        }
    }
}
