// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// The fields that a person fills in, each already valid by itself.
package struct CustomerFields: Sendable, Equatable {
    package var name: String?
    package var phone: PhoneNumber?
    package var email: EmailAddress?
    /// What WhatsApp calls somebody whose number it does not tell.
    package var whatsAppID: String?
    /// Besides ``phone``. They tell nobody apart: a family shares them.
    package var otherPhones: [PhoneNumber] = []
    package var otherEmails: [EmailAddress] = []
    package var stage = CustomerStage.lead
    package var tags: [String] = []
    package var notes: String?
    package var address: String?
    package var city: String?
    package var state: String?
    package var pinCode: PINCode?
    package var gstin: GSTIN?
    package var birthday: PartialDate?
    package var anniversary: PartialDate?
    package var language: Language?
    /// How they came, in the business's own words.
    package var source: String?
    /// Who looks after them.
    package var owner: UserID?
    /// What they have in the fields that the business has added, by key.
    package var custom: [String: CustomValue] = [:]

    package init() {}

    /// What all ways of finding someone have in common: one of them must be there.
    package var isKnownBySomething: Bool { name != nil || phone != nil || email != nil || whatsAppID != nil }

    package static let unknownByAnything = FieldError(
        "", "required", "Give a name, a phone number, an e-mail address or a WhatsApp id.")

    // MARK: - Bounds

    package static let maximumNameBytes = 200, maximumNotesBytes = 10_000, maximumTagBytes = 64, maximumTags = 50
    package static let maximumAddressBytes = 500, maximumPlaceBytes = 100, maximumSourceBytes = 64
    package static let maximumWhatsAppIDBytes = 128, maximumOthers = 10

    // MARK: - Reading one field

    package static func name(_ text: String, at pointer: String = "/name") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumNameBytes).value
    }

    package static func stage(_ text: String, at pointer: String = "/stage") throws(FieldError) -> CustomerStage {
        guard let stage = CustomerStage(rawValue: text) else {
            throw FieldError(pointer, "invalid_value", "One of lead, active, dormant.")
        }
        return stage
    }

    package static func notes(_ text: String, at pointer: String = "/notes") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumNotesBytes, multiline: true).value
    }

    /// Keeps the first of tags that are the same.
    package static func tags(_ texts: [String], at pointer: String = "/tags") throws(FieldError) -> [String] {
        guard texts.count <= maximumTags else { throw FieldError(pointer, "too_many", "At most \(maximumTags) tags.") }
        return try distinct(texts, at: pointer) { text, pointer throws(FieldError) in
            try Text(text, at: pointer, maximumBytes: maximumTagBytes).value
        }
    }

    /// Letters, digits and dots, dashes, underscores, as WhatsApp makes them.
    package static func whatsAppID(_ text: String, at pointer: String = "/whatsapp_id") throws(FieldError) -> String {
        let id = try Text(text, at: pointer, maximumBytes: maximumWhatsAppIDBytes).value
        guard id.utf8.allSatisfy({ byte in byte > 0x20 && byte < 0x7F }) else {
            throw FieldError(pointer, "invalid_value", "Give the user id as WhatsApp tells it.")
        }
        return id
    }

    package static func otherPhones(
        _ texts: [String], at pointer: String = "/other_phones"
    ) throws(FieldError) -> [PhoneNumber] {
        try checkCount(texts, at: pointer)
        return try distinct(texts, at: pointer) { text, pointer throws(FieldError) in try PhoneNumber(text, at: pointer)
        }
    }

    package static func otherEmails(
        _ texts: [String], at pointer: String = "/other_emails"
    ) throws(FieldError) -> [EmailAddress] {
        try checkCount(texts, at: pointer)
        return try distinct(texts, at: pointer) { text, pointer throws(FieldError) in
            try EmailAddress(text, at: pointer)
        }
    }

    package static func address(_ text: String, at pointer: String = "/address") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumAddressBytes, multiline: true).value
    }

    package static func place(_ text: String, at pointer: String) throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumPlaceBytes).value
    }

    package static func source(_ text: String, at pointer: String = "/source") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumSourceBytes).value
    }

    package static func language(_ text: String, at pointer: String = "/language") throws(FieldError) -> Language {
        guard let language = Language(rawValue: text) else {
            let names = Language.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldError(pointer, "invalid_value", "One of \(names).")
        }
        return language
    }

    private static func checkCount(_ texts: [String], at pointer: String) throws(FieldError) {
        guard texts.count <= maximumOthers else { throw FieldError(pointer, "too_many", "At most \(maximumOthers).") }
    }

    private static func distinct<Value: Equatable>(
        _ texts: [String], at pointer: String, _ read: (String, String) throws(FieldError) -> Value
    ) throws(FieldError) -> [Value] {
        var values: [Value] = []
        for (index, text) in texts.enumerated() {
            let value = try read(text, "\(pointer)/\(index)")
            if !values.contains(value) { values.append(value) }
        }
        return values
    }
}
