// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A field of a customer by its name, for what treats all fields alike: what has changed, taking that back, files.
package enum CustomerField: Hashable, Sendable {
    case name, phone, email, whatsAppID, otherPhones, otherEmails, stage, tags, notes, address, city, state, pinCode
    case gstin, birthday, anniversary, language, source, owner
    /// One that the business has added.
    case custom(String)

    /// Those that every business has, as they stand in files, with their names in SQL and JSON.
    package static let builtIn: [(field: CustomerField, name: String)] = [
        (.name, "name"), (.phone, "phone"), (.email, "email"), (.whatsAppID, "whatsapp_id"),
        (.otherPhones, "other_phones"), (.otherEmails, "other_emails"), (.stage, "stage"), (.tags, "tags"),
        (.notes, "notes"), (.address, "address"), (.city, "city"), (.state, "state"), (.pinCode, "pin_code"),
        (.gstin, "gstin"), (.birthday, "birthday"), (.anniversary, "anniversary"), (.language, "language"),
        (.source, "source"), (.owner, "owner_id"),
    ]
    private static let names = Dictionary(uniqueKeysWithValues: builtIn.map { ($0.field, $0.name) })
    private static let fields = Dictionary(uniqueKeysWithValues: builtIn.map { ($0.name, $0.field) })

    package init?(_ name: String) {
        if name.hasPrefix("custom.") {
            self = .custom(String(name.dropFirst("custom.".count)))
        } else {
            guard let field = Self.fields[name] else { return nil }
            self = field
        }
    }

    package var name: String {
        if case .custom(let key) = self { "custom." + key } else { Self.names[self] ?? "" }
    }
}

/// What stands in a field, as text.
package enum FieldValue: Sendable, Equatable {
    case none
    case text(String)
    case texts([String])

    init(_ text: String?) { self = text.map { .text($0) } ?? .none }
    init(_ texts: [String]) { self = texts.isEmpty ? .none : .texts(texts) }

    fileprivate var text: String? { if case .text(let text) = self { text } else { nil } }
    fileprivate var texts: [String] { if case .texts(let texts) = self { texts } else { [] } }
}

extension CustomerFields {
    /// Reading and putting back what stood in a field: a value of one customer fits another's.
    package subscript(field: CustomerField) -> FieldValue {
        get {
            switch field {
            case .name: FieldValue(name)
            case .phone: FieldValue(phone?.e164)
            case .email: FieldValue(email?.address)
            case .whatsAppID: FieldValue(whatsAppID)
            case .otherPhones: FieldValue(otherPhones.map(\.e164))
            case .otherEmails: FieldValue(otherEmails.map(\.address))
            case .stage: FieldValue(stage.rawValue)
            case .tags: FieldValue(tags)
            case .notes: FieldValue(notes)
            case .address: FieldValue(address)
            case .city: FieldValue(city)
            case .state: FieldValue(state)
            case .pinCode: FieldValue(pinCode?.value)
            case .gstin: FieldValue(gstin?.value)
            case .birthday: FieldValue(birthday?.description)
            case .anniversary: FieldValue(anniversary?.description)
            case .language: FieldValue(language?.rawValue)
            case .source: FieldValue(source)
            case .owner: FieldValue(owner?.description)
            case .custom(let key): FieldValue(custom[key]?.stored)
            }
        }
        set {
            switch field {
            case .name: name = newValue.text
            case .phone: phone = newValue.text.map { PhoneNumber(stored: $0) }
            case .email: email = newValue.text.map { EmailAddress(stored: $0) }
            case .whatsAppID: whatsAppID = newValue.text
            case .otherPhones: otherPhones = newValue.texts.map { PhoneNumber(stored: $0) }
            case .otherEmails: otherEmails = newValue.texts.map { EmailAddress(stored: $0) }
            case .stage: stage = newValue.text.flatMap { CustomerStage(rawValue: $0) } ?? .lead
            case .tags: tags = newValue.texts
            case .notes: notes = newValue.text
            case .address: address = newValue.text
            case .city: city = newValue.text
            case .state: state = newValue.text
            case .pinCode: pinCode = newValue.text.map { PINCode(stored: $0) }
            case .gstin: gstin = newValue.text.map { GSTIN(stored: $0) }
            case .birthday: birthday = newValue.text.flatMap { PartialDate($0) }
            case .anniversary: anniversary = newValue.text.flatMap { PartialDate($0) }
            case .language: language = newValue.text.flatMap { Language(rawValue: $0) }
            case .source: source = newValue.text
            case .owner: owner = newValue.text.flatMap { UserID($0) }
            case .custom(let key): custom[key] = newValue.text.flatMap { CustomValue(stored: $0) }
            }
        }
    }

    /// Every field in which these differ from `other`.
    package func differences(from other: CustomerFields) -> [CustomerField] {
        let added = Set(custom.keys).union(other.custom.keys).sorted().map { CustomerField.custom($0) }
        return (CustomerField.builtIn.map(\.field) + added).filter { self[$0] != other[$0] }
    }
}
