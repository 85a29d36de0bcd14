// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

extension CustomerFields {
    /// What a row says, as far as a customer of this business can have it.
    /// - Parameters:
    ///   - definitions: the fields that the business has added.
    ///   - problems: what is left out of it is noted here.
    init(_ record: ImportRecord, _ definitions: [CustomField], noting problems: inout [FieldError]) {
        self.init()
        name = record.name
        phone = record.phone
        otherPhones = record.otherPhones
        email = record.email
        otherEmails = record.otherEmails
        whatsAppID = record.whatsAppID
        address = Self.check(record.address, &problems) { text throws(FieldError) in try Self.address(text) }
        city = record.city
        state = record.state
        pinCode = record.pinCode
        gstin = record.gstin
        birthday = record.birthday
        anniversary = record.anniversary
        language = Self.check(record.language, &problems) { text throws(FieldError) in try Self.spoken(text) }
        source = Self.check(record.source, &problems) { text throws(FieldError) in try Self.source(text) }
        if let stage = Self.check(
            record.stage?.lowercased(), &problems, { text throws(FieldError) in try Self.stage(text) })
        {
            self.stage = stage
        }
        tags = record.tags
        notes = record.notes
        for (key, text) in record.custom {
            let pointer = "/custom/" + key
            guard let field = definitions.first(where: { $0.key == key }) else {
                problems.append(FieldError(pointer, "unknown_field", "The business has no such field."))
                continue
            }
            custom[key] = Self.check(text, &problems) { text throws(FieldError) in
                try CustomValue(typed: text, of: field, at: pointer)
            }
        }
    }

    private static func check<Value>(
        _ text: String?, _ problems: inout [FieldError], _ read: (String) throws(FieldError) -> Value
    ) -> Value? {
        guard let text else { return nil }
        do throws(FieldError) { return try read(text) } catch {
            problems.append(error)
            return nil
        }
    }

    /// A language by its code or its English name.
    private static func spoken(_ text: String) throws(FieldError) -> Language {
        let text = text.lowercased()
        if let named = Language.allCases.first(where: { "\($0)" == text }) { return named }
        return try language(text)
    }
}
