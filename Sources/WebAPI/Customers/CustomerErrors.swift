// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPTypes

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
        case .inBin: APIError(.conflict, .customerInBin, "The customer is in the bin. Restore them first.")
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

extension CustomerImportError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .unknown: return APIError(.notFound, .customerImportUnknown, "There is no such import.")
        case .fileGone:
            return APIError(.conflict, .customerFileGone, "The file is kept no more. Bring it again.")
        case .notUndoable:
            return APIError(
                .conflict, .customerImportNotUndoable,
                "There is nothing to undo: it is under way, was a trial, or is from before imports could be undone.")
        case .unusable(let code, let detail):
            var error = APIError(.unprocessableContent, .customerFileUnusable, "The file cannot be imported.")
            error.fields = [FieldError("", code, detail)]
            return error
        }
    }
}
