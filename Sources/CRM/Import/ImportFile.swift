// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Reads a customer file of either format as it comes, row by row.
struct ImportFile: ~Copyable {
    /// One row, read or found wanting.
    struct Row: Sendable {
        let number: Int
        let record: Result<ImportRecord, FieldError>
        /// As they stand in the file.
        let cells: [String]
    }

    private var decoder: TextDecoder
    private var csv: CSVReader
    private var cards = VCardReader()
    private let format: ImportFormat
    private(set) var mapping: ImportMapping?
    private(set) var bytesRead = 0
    private var isBehindHeader = false

    /// - Parameter choices: with a mapping when it is known; else ``header()`` has to be read first.
    init(_ choices: ImportChoices) {
        decoder = TextDecoder(choices.encoding)
        csv = CSVReader(separator: choices.separator)
        format = choices.format
        mapping = choices.mapping
    }

    var encoding: TextEncoding { decoder.encoding }
    var separator: CSVSeparator? { csv.separator }

    mutating func append(_ bytes: [UInt8]) {
        bytesRead += bytes.count
        take(decoder.decode(bytes))
    }

    mutating func finish() {
        take(decoder.finish())
        switch format {
        case .csv: csv.finish()
        case .vcard: cards.finish()
        }
    }

    private mutating func take(_ text: [UInt8]) {
        switch format {
        case .csv: csv.append(text)
        case .vcard: cards.append(text)
        }
    }

    /// The names of the columns, once they have come.
    /// - Throws: `CustomerImportError.unusable`.
    mutating func header() throws(CustomerImportError) -> [String]? {
        switch csv.next() {
        case .fields(let fields, _):
            isBehindHeader = true
            return fields
        case .problem(.notUTF8, _):
            throw .unusable(
                code: "csv_not_utf8", detail: "The first row cannot be read as text. Save the file as CSV UTF-8.")
        case .problem(.tooManyColumns, _):
            throw .unusable(
                code: "csv_too_many_columns", detail: "The first row has more than \(CSVReader.maximumColumns) columns."
            )
        case .problem: throw .unusable(code: "csv_bad_header", detail: "The first row cannot be read as CSV.")
        case nil: return nil
        }
    }

    /// The next whole row, if what has come holds one.
    mutating func next() -> Row? {
        switch format {
        case .vcard: return cards.next().map(Self.row)
        case .csv:
            if !isBehindHeader {
                guard csv.next() != nil else { return nil }
                isBehindHeader = true
            }
            guard let record = csv.next(), let mapping else { return nil }
            return Self.row(record, mapping)
        }
    }

    private static func row(_ record: CSVReader.Record, _ mapping: ImportMapping) -> Row {
        switch record {
        case .fields(let cells, let number):
            do throws(FieldError) {
                return Row(number: number, record: .success(try ImportRecord(cells, mapping)), cells: cells)
            } catch {
                return Row(number: number, record: .failure(error), cells: cells)
            }
        case .problem(let problem, let number):
            return Row(number: number, record: .failure(FieldError("", problem.rawValue, problem.detail)), cells: [])
        }
    }

    private static func row(_ record: VCardReader.Record) -> Row {
        switch record {
        case .card(let card, let number):
            let cells = [card.name ?? ""] + card.phones + card.emails
            do throws(FieldError) {
                return Row(number: number, record: .success(try ImportRecord(card)), cells: cells)
            } catch {
                return Row(number: number, record: .failure(error), cells: cells)
            }
        case .problem(let problem, let number):
            return Row(number: number, record: .failure(FieldError("", problem.rawValue, problem.detail)), cells: [])
        }
    }
}

extension CSVReader.Problem {
    var detail: String {
        switch self {
        case .notUTF8: "The row is not in the encoding that the rest of the file is in."
        case .tooManyColumns: "The row has more than \(CSVReader.maximumColumns) columns."
        case .fieldTooLong: "A cell has more than \(CSVReader.maximumFieldBytes) bytes."
        case .badQuotes: "A quotation mark has no partner."
        }
    }
}
