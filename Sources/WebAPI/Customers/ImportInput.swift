// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import JSON

/// `{"dry_run": false, "policy": "update", "columns": ["name", null, "phone"], "encoding": "windows-1252", "separator": "semicolon"}`: how a
/// file is read and what is done with it. In a query `columns` is not there: they are guessed.
struct ImportInput: Decodable {
    let isTrial: Bool?, policy: String?, columns: [String?]?, encoding: String?, separator: String?

    enum CodingKeys: String, CodingKey { case isTrial = "dry_run", policy, columns, encoding, separator }

    /// - Throws: `ValidationError` with everything that is wrong.
    func checked() throws -> (choices: ImportChoices, targets: [ImportTarget?]?) {
        var validation = Validation(), choices = ImportChoices()
        choices.isTrial = isTrial ?? false
        if let policy = policy.flatMap({ text in validation.check { () throws(FieldError) in try Self.policy(text) } })
        {
            choices.policy = policy
        }
        choices.encoding = encoding.flatMap { text in
            validation.check { () throws(FieldError) in try Self.encoding(text) }
        }
        choices.separator = separator.flatMap { text in
            validation.check { () throws(FieldError) in try Self.separator(text) }
        }
        let targets = columns?.enumerated().map { index, text in
            text.flatMap { text in
                validation.check { () throws(FieldError) in
                    guard let target = ImportTarget(rawValue: text) else {
                        throw FieldError("/columns/\(index)", "invalid_value", "There is no such field of a customer.")
                    }
                    return target
                }
            }
        }
        try validation.finish()
        return (choices, targets)
    }

    /// Of the file that the request brings.
    /// - Throws: `Request.Failure`.
    static func choices(_ request: Request) throws -> ImportChoices {
        var choices = ImportChoices()
        if request.isMediaType("text/vcard") || request.isMediaType("text/x-vcard") {
            choices.format = .vcard
        } else if !request.isMediaType("text/csv") {
            throw Request.Failure.unsupportedMediaType(expected: "text/csv or text/vcard")
        }
        let query = try request.query { ["dry_run", "policy", "encoding", "separator"].contains($0) }
        return try Pages.queryField { () throws(FieldError) in
            switch query["dry_run"] {
            case nil, "false": break
            case "true": choices.isTrial = true
            default: throw FieldError("/dry_run", "invalid_value", "One of true, false.")
            }
            if let text = query["policy"] { choices.policy = try policy(text) }
            if let text = query["encoding"] { choices.encoding = try encoding(text) }
            if let text = query["separator"] { choices.separator = try separator(text) }
            return choices
        }
    }

    private static func policy(_ text: String) throws(FieldError) -> ImportPolicy { try choice(text, "/policy") }
    private static func encoding(_ text: String) throws(FieldError) -> TextEncoding { try choice(text, "/encoding") }
    private static func separator(_ text: String) throws(FieldError) -> CSVSeparator { try choice(text, "/separator") }

    private static func choice<Value: RawRepresentable & CaseIterable>(
        _ text: String, _ pointer: String
    ) throws(FieldError) -> Value where Value.RawValue == String {
        guard let value = Value(rawValue: text) else {
            let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldError(pointer, "invalid_value", "One of \(names).")
        }
        return value
    }
}
