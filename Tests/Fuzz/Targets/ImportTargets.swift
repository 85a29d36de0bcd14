// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM

/// Customer files as they come: what is said of a file does not depend on the pieces that it comes in.
enum ImportTargets {
    /// Cards, and what they are as customers.
    static func vCard(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let file = Array(bytes.dropFirst())
        let whole = cards(file, step: max(1, file.count))
        precondition(whole == cards(file, step: Int(first % 16) + 1), "the cut decides what was said")
        for case .card(let card, _) in whole { check(try? ImportRecord(card)) }
    }

    private static func cards(_ file: [UInt8], step: Int) -> [VCardReader.Record] {
        var reader = VCardReader(), records: [VCardReader.Record] = [], rest = file[...]
        while !rest.isEmpty {
            reader.append(Array(rest.prefix(step)))
            rest = rest.dropFirst(step)
            while let record = reader.next() { records.append(record) }
        }
        reader.finish()
        while let record = reader.next() { records.append(record) }
        return records
    }

    /// Rows in any encoding, guessed or told, and what they are as customers.
    static func text(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let file = Array(bytes.dropFirst())
        let encodings = [nil] + TextEncoding.allCases, separators = [nil] + CSVSeparator.allCases
        let encoding = encodings[Int(first / 16) % encodings.count],
            separator = separators[Int(first / 4) % separators.count]
        let whole = rows(file, step: max(1, file.count), encoding, separator)
        precondition(
            whole == rows(file, step: Int(first % 16) + 1, encoding, separator), "the cut decides what was said")
        guard case .fields(let names, _)? = whole.first else { return }
        let mapping = ImportMapping(guessing: names, customFields: ["size": "Shoe size"])
        let again = try? ImportMapping(names, targets: mapping.columns.map(\.target))
        precondition(again == mapping || (try? mapping.check()) == nil, "what was guessed is not taken")
        for case .fields(let fields, _) in whole.dropFirst() { check(try? ImportRecord(fields, mapping)) }
    }

    private static func rows(_ file: [UInt8], step: Int, _ encoding: TextEncoding?, _ separator: CSVSeparator?)
        -> [CSVReader.Record]
    {
        var decoder = TextDecoder(encoding), reader = CSVReader(separator: separator)
        var records: [CSVReader.Record] = [], rest = file[...]
        while !rest.isEmpty {
            reader.append(decoder.decode(Array(rest.prefix(step))))
            rest = rest.dropFirst(step)
            while let record = reader.next() { records.append(record) }
        }
        reader.append(decoder.finish())
        reader.finish()
        while let record = reader.next() { records.append(record) }
        return records
    }

    /// Whoever comes out is known by something and within bounds, and their days are written and read again.
    private static func check(_ record: ImportRecord?) {
        guard let record else { return }
        precondition(
            record.name != nil || record.phone != nil || record.email != nil || record.whatsAppID != nil)
        precondition(
            record.phones.count <= ImportRecord.maximumPhones && record.emails.count <= ImportRecord.maximumEmails)
        precondition(record.problems.count <= ImportRecord.maximumProblems)
        for date in [record.birthday, record.anniversary] {
            if let date {
                precondition(PartialDate(date.description) == date && PartialDate(typed: date.description) == date)
            }
        }
    }
}
