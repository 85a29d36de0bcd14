// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPTypes

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
