// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum CustomerImportKind: IdentifierKind { package static var prefix: StaticString { "imp" } }

/// A customer file being brought in, and how far it has got.
package struct CustomerImport: Sendable {
    package typealias ID = Identifier<CustomerImportKind>

    /// Spelled the same in SQL and JSON.
    package enum State: String, Sendable, CaseIterable {
        case receiving, running, completed, failed
    }

    /// What became of one row.
    package enum Verdict: String, Sendable, CaseIterable {
        case created, updated, rejected
    }

    package let id: ID
    package let state: State
    package let fileBytes: Int
    package let bytesDone: Int
    package let rowsDone: Int
    package let rowsCreated: Int
    package let rowsUpdated: Int
    package let rowsRejected: Int
    package let ignoredColumns: [String]
    package let failure: (code: String, detail: String)?
    package let createdAt: Instant
    package let updatedAt: Instant

    static let couldNotGoOn = (
        code: "import_failed",
        detail: "The import could not go on. Import the file again: customers that are in already will be updated."
    )

    /// 0 to 100.
    package var percentDone: Int {
        switch state {
        case .receiving: 0
        case .completed: 100
        case .running, .failed: fileBytes > 0 ? min(100, bytesDone * 100 / fileBytes) : 0
        }
    }
}

/// What became of one row of a file.
package struct CustomerImportRow: Sendable {
    /// As a spreadsheet counts: the header is 1.
    package let number: Int
    package let verdict: CustomerImport.Verdict
    package let customerID: Customer.ID?
    /// Why it was rejected.
    package let reason: (code: String, detail: String)?
}

package enum CustomerImportError: Error, Sendable, Equatable {
    case unknown
    /// The file cannot be begun with: no header, or none of the columns that identify a customer.
    case unusable(code: String, detail: String)
}
