// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Foundation
import JSON

enum TextTargets {
    private struct Input: Decodable {
        let text: String?, number: Int?, flag: Bool?, list: [String]?
    }

    /// What we take for JSON, Foundation takes for JSON too.
    static func json(_ bytes: [UInt8]) {
        guard (try? JSONReader.parse(bytes)) != nil else { return }
        precondition(
            (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil,
            "accepted what is not JSON")
        _ = try? JSONDecoding.decode(Input.self, from: bytes)
    }

    /// A file gives the same records whatever the size of the pieces it comes in.
    static func csv(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let file = Array(bytes.dropFirst())
        let whole = records(file, step: max(1, file.count))
        precondition(whole == records(file, step: Int(first % 16) + 1), "the cut decides what was said")
        guard case .fields(let names, _)? = whole.first else { return }
        let mapping = ImportMapping(guessing: names)
        for case .fields(let fields, _) in whole.dropFirst() { _ = try? ImportRecord(fields, mapping) }
    }

    private static func records(_ file: [UInt8], step: Int) -> [CSVReader.Record] {
        var reader = CSVReader()
        var records: [CSVReader.Record] = [], rest = file[...]
        while !rest.isEmpty {
            reader.append(Array(rest.prefix(step)))
            rest = rest.dropFirst(step)
            while let record = reader.next() { records.append(record) }
        }
        reader.finish()
        while let record = reader.next() { records.append(record) }
        return records
    }

    /// Names, numbers and addresses: what is taken reads back as itself.
    static func person(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let phone = PhoneNumber(text) { precondition(PhoneNumber(phone.e164) == phone) }
        if let email = EmailAddress(text) { precondition(EmailAddress(email.address) == email) }
        if let link = WebLink(text) { precondition(WebLink(link.text) == link) }
        if let name = try? Text(text, at: "/name", maximumBytes: 200).value {
            precondition((try? Text(name, at: "/name", maximumBytes: 200).value) == name)
        }
        _ = text.searchKey
        _ = Customer.ID(text)
        _ = UUIDv7(hex: text)
    }

    /// Links that ask for money, and amounts of it: what is read is written and read again.
    static func payment(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let link = UPILink.parse(text) { precondition(UPILink.parse(link.text) == link) }
        if let amount = Rupees(text) {
            precondition(Rupees(amount.description) == amount && Rupees(amount.decimal) == amount)
        }
    }

    /// A time that is read is written and read again.
    static func moment(_ bytes: [UInt8]) {
        guard let time = Instant(rfc3339: String(decoding: bytes, as: UTF8.self)) else { return }
        let whole = Instant(microseconds: time.microseconds - (time.microseconds % 1_000 + 1_000) % 1_000)
        // With an offset a time may lie beside the years that are written with four digits.
        guard (-62_167_219_200_000_000...253_402_300_799_999_999).contains(whole.microseconds) else { return }
        precondition(Instant(rfc3339: whole.description) == whole)
    }
}
