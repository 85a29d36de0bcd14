// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import JSON

/// `{"name": "…", "phone": "…", "email": "…", "stage": "lead", "tags": ["…"], "custom_fields": {"size": 38}, …}`: a customer to be
/// added, or a merge patch (RFC 7396) of one, in which an absent member stays and null removes.
struct CustomerChange: Sendable {
    let name: Change<String>, phone: Change<String>, email: Change<String>, whatsAppID: Change<String>
    let otherPhones: Change<[String]>, otherEmails: Change<[String]>, stage: Change<String>, tags: Change<[String]>
    let notes: Change<String>, address: Change<String>, city: Change<String>, state: Change<String>
    let pinCode: Change<String>, gstin: Change<String>, birthday: Change<String>, anniversary: Change<String>
    let language: Change<String>, source: Change<String>, owner: Change<String>
    let custom: Change<CustomFieldsInput>

    var hasCustomFields: Bool { if case .set = custom { true } else { false } }

    /// Whether it says what no two people share, or should.
    var tellsPeopleApart: Bool {
        name != .keep || phone != .keep || email != .keep || whatsAppID != .keep || otherPhones != .keep
            || otherEmails != .keep
    }

    /// - Parameter definitions: the fields that the business has added, where the change speaks of any.
    /// - Throws: `ValidationError` with everything that is wrong.
    func fields(_ definitions: [CustomField]) throws -> CustomerFields {
        try applied(to: CustomerFields(), definitions)
    }

    /// - Throws: as ``fields(_:)``.
    func applied(to fields: CustomerFields, _ definitions: [CustomField]) throws -> CustomerFields {
        var fields = fields
        var validation = Validation()
        applyIdentity(to: &fields, noting: &validation)
        applyDetails(to: &fields, noting: &validation)
        switch custom {
        case .keep: break
        case .clear: fields.custom = [:]
        case .set(let input): input.apply(to: &fields.custom, definitions, noting: &validation)
        }
        try validation.finish()
        guard fields.isKnownBySomething else { throw ValidationError([CustomerFields.unknownByAnything]) }
        return fields
    }

    private func applyIdentity(to fields: inout CustomerFields, noting validation: inout Validation) {
        fields.name = name.applied(to: fields.name, cleared: nil, noting: &validation) { text throws(FieldError) in
            try CustomerFields.name(text)
        }
        fields.phone = phone.applied(to: fields.phone, cleared: nil, noting: &validation) { text throws(FieldError) in
            try PhoneNumber(text, at: "/phone")
        }
        fields.email = email.applied(to: fields.email, cleared: nil, noting: &validation) { text throws(FieldError) in
            try EmailAddress(text, at: "/email")
        }
        fields.whatsAppID = whatsAppID.applied(to: fields.whatsAppID, cleared: nil, noting: &validation) {
            text throws(FieldError) in try CustomerFields.whatsAppID(text)
        }
        fields.otherPhones = otherPhones.applied(to: fields.otherPhones, cleared: [], noting: &validation) {
            texts throws(FieldError) in try CustomerFields.otherPhones(texts)
        }
        fields.otherEmails = otherEmails.applied(to: fields.otherEmails, cleared: [], noting: &validation) {
            texts throws(FieldError) in try CustomerFields.otherEmails(texts)
        }
        fields.owner = owner.applied(to: fields.owner, cleared: nil, noting: &validation) { text throws(FieldError) in
            guard let id = UserID(text) else { throw CustomerError.ownerUnknownField }
            return id
        }
    }

    private func applyDetails(to fields: inout CustomerFields, noting validation: inout Validation) {
        fields.stage = stage.applied(to: fields.stage, cleared: .lead, noting: &validation) { text throws(FieldError) in
            try CustomerFields.stage(text)
        }
        if case .clear = stage { validation.fail(FieldError("/stage", "wrong_type", "A customer always has a stage.")) }
        fields.tags = tags.applied(to: fields.tags, cleared: [], noting: &validation) { texts throws(FieldError) in
            try CustomerFields.tags(texts)
        }
        fields.notes = notes.applied(to: fields.notes, cleared: nil, noting: &validation) { text throws(FieldError) in
            try CustomerFields.notes(text)
        }
        fields.address = address.applied(to: fields.address, cleared: nil, noting: &validation) {
            text throws(FieldError) in try CustomerFields.address(text)
        }
        fields.city = city.applied(to: fields.city, cleared: nil, noting: &validation) { text throws(FieldError) in
            try CustomerFields.place(text, at: "/city")
        }
        fields.state = state.applied(to: fields.state, cleared: nil, noting: &validation) { text throws(FieldError) in
            try CustomerFields.place(text, at: "/state")
        }
        fields.pinCode = pinCode.applied(to: fields.pinCode, cleared: nil, noting: &validation) {
            text throws(FieldError) in try PINCode(text, at: "/pin_code")
        }
        fields.gstin = gstin.applied(to: fields.gstin, cleared: nil, noting: &validation) { text throws(FieldError) in
            try GSTIN(text, at: "/gstin")
        }
        fields.birthday = birthday.applied(to: fields.birthday, cleared: nil, noting: &validation) {
            text throws(FieldError) in try PartialDate(text, at: "/birthday")
        }
        fields.anniversary = anniversary.applied(to: fields.anniversary, cleared: nil, noting: &validation) {
            text throws(FieldError) in try PartialDate(text, at: "/anniversary")
        }
        fields.language = language.applied(to: fields.language, cleared: nil, noting: &validation) {
            text throws(FieldError) in try CustomerFields.language(text)
        }
        fields.source = source.applied(to: fields.source, cleared: nil, noting: &validation) {
            text throws(FieldError) in try CustomerFields.source(text)
        }
    }
}

extension CustomerChange: Decodable {
    enum CodingKeys: String, CodingKey {
        case name, phone, email, stage, tags, notes, address, city, state, gstin, birthday, anniversary, language,
            source
        case whatsAppID = "whatsapp_id", otherPhones = "other_phones", otherEmails = "other_emails"
        case pinCode = "pin_code", owner = "owner_id", custom = "custom_fields"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        name = try members.decodeChange(String.self, forKey: .name)
        phone = try members.decodeChange(String.self, forKey: .phone)
        email = try members.decodeChange(String.self, forKey: .email)
        whatsAppID = try members.decodeChange(String.self, forKey: .whatsAppID)
        otherPhones = try members.decodeChange([String].self, forKey: .otherPhones)
        otherEmails = try members.decodeChange([String].self, forKey: .otherEmails)
        stage = try members.decodeChange(String.self, forKey: .stage)
        tags = try members.decodeChange([String].self, forKey: .tags)
        notes = try members.decodeChange(String.self, forKey: .notes)
        address = try members.decodeChange(String.self, forKey: .address)
        city = try members.decodeChange(String.self, forKey: .city)
        state = try members.decodeChange(String.self, forKey: .state)
        pinCode = try members.decodeChange(String.self, forKey: .pinCode)
        gstin = try members.decodeChange(String.self, forKey: .gstin)
        birthday = try members.decodeChange(String.self, forKey: .birthday)
        anniversary = try members.decodeChange(String.self, forKey: .anniversary)
        language = try members.decodeChange(String.self, forKey: .language)
        source = try members.decodeChange(String.self, forKey: .source)
        owner = try members.decodeChange(String.self, forKey: .owner)
        custom = try members.decodeChange(CustomFieldsInput.self, forKey: .custom)
    }
}

/// `{"size": 38, "fabric": "silk", "old": null}`: by the keys of the business's own fields; null empties one.
struct CustomFieldsInput: Decodable, Sendable {
    private let values: [(key: String, value: CustomValue.Raw?)]

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: AnyKey.self)
        values = try members.allKeys.map { key in
            (key.stringValue, try members.decodeNil(forKey: key) ? nil : Self.raw(members, key))
        }
    }

    private static func raw(_ members: KeyedDecodingContainer<AnyKey>, _ key: AnyKey) throws -> CustomValue.Raw {
        if let text = try? members.decode(String.self, forKey: key) { return .text(text) }
        if let truth = try? members.decode(Bool.self, forKey: key) { return .truth(truth) }
        return .number(try members.decode(Double.self, forKey: key))
    }

    func apply(
        to custom: inout [String: CustomValue], _ definitions: [CustomField], noting validation: inout Validation
    ) {
        for (key, raw) in values {
            let pointer = "/custom_fields/" + key.jsonPointerToken
            guard let field = definitions.first(where: { $0.key == key }) else {
                validation.fail(FieldError(pointer, "unknown_field", "The business has no such field."))
                continue
            }
            guard let raw else {
                custom[key] = nil
                continue
            }
            if let value = validation.check({ () throws(FieldError) in
                try CustomValue(raw, of: field, at: pointer)
            }) {
                custom[key] = value
            }
        }
    }
}
