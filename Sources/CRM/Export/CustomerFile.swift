// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database

/// Makes a file of customers, page by page: what ``CustomerExport`` sends.
package protocol CustomerFile: Sendable {
    /// What stands before the first of them, between two pages, and behind the last.
    var head: [UInt8] { get }
    var between: [UInt8] { get }
    var tail: [UInt8] { get }
    /// Whether it also tells what they have in fields that the business has added.
    var hasCustomFields: Bool { get }

    /// - Parameter rows: a page of customers, at least one, with columns as for `CustomerRow`.
    func write(_ rows: borrowing Rows) throws -> [UInt8]
}

extension CustomerFile {
    package var head: [UInt8] { [] }
    package var between: [UInt8] { [] }
    package var tail: [UInt8] { [] }
}

/// What the customer book can be taken along as.
package struct ExportFormat: Sendable {
    /// As people ask for it, and as the audit log tells it.
    package let name: String
    /// Given the fields that the business has added.
    let file: @Sendable ([CustomField]) -> any CustomerFile

    package init(_ name: String, _ file: @escaping @Sendable ([CustomField]) -> any CustomerFile) {
        self.name = name
        self.file = file
    }

    package static let csv = ExportFormat("csv") { CSVCustomerFile($0) }
    package static let vcard = ExportFormat("vcard") { _ in VCardCustomerFile() }
}
