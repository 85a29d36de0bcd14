// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What a column of a file is about a customer. Spelled the same in SQL and JSON; a field of a business's own is
/// `custom.` and its key, which has 1 to 64 of the letters a to z, digits and underscores.
package enum ImportTarget: Hashable, Sendable, RawRepresentable {
    case name
    /// Parts of a name, put together in this order where there is no ``name``.
    case firstName, middleName, lastName
    /// The name of who has no other.
    case organisation
    /// The number that a customer is known by. Of several columns the first number that can be read is it, the others
    /// are further ones.
    case phone
    case otherPhones
    /// Of the numbers in the same row that do not have it.
    case countryCode
    /// The address that a customer is known by, of several columns as with ``phone``.
    case email
    case otherEmails
    /// What WhatsApp calls somebody whose number it does not tell.
    case whatsAppID
    /// Several columns are the lines of one address.
    case address
    case city, state, pinCode, gstin, birthday, anniversary, language, source, stage
    /// Several columns add up.
    case tags, notes
    case custom(String)

    /// Those that are the same in every business.
    package static let common: [ImportTarget] = [
        .name, .firstName, .middleName, .lastName, .organisation, .phone, .otherPhones, .countryCode, .email,
        .otherEmails, .whatsAppID,
        .address, .city, .state, .pinCode, .gstin, .birthday, .anniversary, .language, .source, .stage, .tags, .notes,
    ]

    package init?(rawValue: String) {
        if rawValue.hasPrefix("custom.") {
            let key = rawValue.utf8.dropFirst(7)
            guard (1...64).contains(key.count),
                key.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") })
            else { return nil }
            self = .custom(String(rawValue.dropFirst(7)))
        } else {
            guard let target = Self.common.first(where: { $0.rawValue == rawValue }) else { return nil }
            self = target
        }
    }

    package var rawValue: String {
        switch self {
        case .name: "name"
        case .firstName: "first_name"
        case .middleName: "middle_name"
        case .lastName: "last_name"
        case .organisation: "organisation"
        case .phone: "phone"
        case .otherPhones: "other_phones"
        case .countryCode: "country_code"
        case .email: "email"
        case .otherEmails: "other_emails"
        case .whatsAppID: "whatsapp_id"
        case .address: "address"
        case .city: "city"
        case .state: "state"
        case .pinCode: "pin_code"
        case .gstin: "gstin"
        case .birthday: "birthday"
        case .anniversary: "anniversary"
        case .language: "language"
        case .source: "source"
        case .stage: "stage"
        case .tags: "tags"
        case .notes: "notes"
        case .custom(let key): "custom." + key
        }
    }

    /// Whether several columns may be it.
    var takesMany: Bool {
        switch self {
        case .phone, .otherPhones, .email, .otherEmails, .address, .tags, .notes: true
        default: false
        }
    }

    /// Whether a customer may be found by it, so that a file without any such column is of no use.
    var identifies: Bool {
        switch self {
        case .name, .firstName, .lastName, .organisation, .phone, .otherPhones, .email, .otherEmails, .whatsAppID:
            true
        default: false
        }
    }

    /// What a second column of the same kind is.
    var further: ImportTarget? {
        switch self {
        case .phone: .otherPhones
        case .email: .otherEmails
        default: nil
        }
    }
}
