// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Database
import HTTPMessage
import HTTPTypes
import JSON

/// `?format=vcard`: what the customer book is taken along as.
enum CustomerBook: String, CaseIterable {
    case csv, vcard, json

    init(_ request: Request) throws {
        let query = try request.query("format")
        self = try Pages.queryField { () throws(FieldError) in
            guard let text = query["format"] else { return .csv }
            guard let book = CustomerBook(rawValue: text) else {
                let names = CustomerBook.allCases.map(\.rawValue).joined(separator: ", ")
                throw FieldError("/format", "invalid_value", "One of \(names).")
            }
            return book
        }
    }

    var format: ExportFormat {
        switch self {
        case .csv: .csv
        case .vcard: .vcard
        case .json: ExportFormat("json") { _ in JSONCustomerFile() }
        }
    }

    /// A file to be kept, whatever a browser could show of it.
    var fields: ResponseFields {
        let (type, name) =
            switch self {
            case .csv: ("text/csv; charset=utf-8", "customers.csv")
            case .vcard: ("text/vcard; charset=utf-8", "customers.vcf")
            case .json: ("application/json", "customers.json")
            }
        var fields: ResponseFields = [.contentType: type]
        fields.append(.contentDisposition, "attachment; filename=\"\(name)\"")
        return fields
    }
}

/// `{"customers":[{"id": "cus_…", …}, …]}`: one document, each customer as ``CustomerOutput`` has them, with all details.
private struct JSONCustomerFile: CustomerFile {
    let head = Array(#"{"customers":["#.utf8), between = Array(",".utf8), tail = Array("]}".utf8)
    let hasCustomFields = true

    func write(_ rows: borrowing Rows) throws -> [UInt8] {
        var json = JSONWriter(capacity: rows.count * 512)
        try json.array { json in
            try rows.forEach { row in CustomerOutput.write(try Customer(&row), to: &json) }
        }
        // The array goes on with the next page.
        return Array(json.bytes.dropFirst().dropLast())
    }
}
