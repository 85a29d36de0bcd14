// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum CustomerImportKind: IdentifierKind { package static var prefix: StaticString { "imp" } }

/// A customer file being brought in, and how far it has got.
package struct CustomerImport: Sendable {
    package typealias ID = Identifier<CustomerImportKind>

    /// Spelled the same in SQL and JSON.
    package enum State: String, Sendable, CaseIterable {
        case receiving, running, completed, failed, undoing, undone
    }

    /// What became of one row, or of a trial what would.
    package enum Verdict: String, Sendable, CaseIterable {
        case created, updated, skipped, rejected
    }

    package struct Rows: Sendable, Equatable {
        package var done = 0, created = 0, updated = 0, skipped = 0, rejected = 0
        /// Of one that was undone: as before, and changed again since, so that they stay.
        package var undone = 0, kept = 0
        /// The last whose change has been taken back.
        var undoneTo = 0
    }

    package let id: ID
    package let state: State
    package let choices: ImportChoices
    package let fileBytes: Int
    package let bytesDone: Int
    package let rows: Rows
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
        case .completed, .undoing, .undone: 100
        case .running, .failed: fileBytes > 0 ? min(100, bytesDone * 100 / fileBytes) : 0
        }
    }
}

/// What becomes of people in a file who are customers already. Spelled the same in SQL and JSON.
package enum ImportPolicy: String, Sendable, CaseIterable {
    /// What the file says of them is taken over.
    case update
    /// They stay as they are.
    case skip
    /// Nobody in the file should be: they are refused.
    case create
}

package enum ImportFormat: String, Sendable, CaseIterable { case csv, vcard }

/// How a file is read, and what is done with it.
package struct ImportChoices: Sendable, Equatable {
    package var format = ImportFormat.csv
    package var encoding: TextEncoding?
    package var separator: CSVSeparator?
    /// Of a file with columns: what each is about.
    package var mapping: ImportMapping?
    package var policy = ImportPolicy.update
    /// Whether nothing is done but to tell what would be.
    package var isTrial = false
    /// Whose file it is, when that was brought for another import.
    package var source: CustomerImport.ID?

    package init() {}
}

/// What became of one row of a file.
package struct CustomerImportRow: Sendable {
    /// As a spreadsheet counts: the header is 1. Of an address book the first card is 1.
    package let number: Int
    package let verdict: CustomerImport.Verdict
    package let customerID: Customer.ID?
    /// Why it was rejected, or what of it was left out.
    package let reason: (code: String, detail: String)?
    /// Of one that was rejected, as they stand in the file.
    package let cells: [String]?
}

package enum CustomerImportError: Error, Sendable, Equatable {
    case unknown
    /// The file cannot be begun with: no header, or none of the columns that identify a customer.
    case unusable(code: String, detail: String)
    /// The file has been let go of.
    case fileGone
    /// It is under way, was a trial, or was made by a build that wrote down no changes: there is nothing to undo.
    case notUndoable
}
