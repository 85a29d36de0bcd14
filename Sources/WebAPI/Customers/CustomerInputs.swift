// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import JSON

/// `{"name": "…", "phone": "…", "email": "…", "stage": "lead", "tags": ["…"], "notes": "…"}`
struct CustomerInput: Decodable {
    let name: String?, phone: String?, email: String?, stage: String?, tags: [String]?, notes: String?,
        ownerID: String?

    enum CodingKeys: String, CodingKey { case name, phone, email, stage, tags, notes, ownerID = "owner_id" }

    /// - Throws: `ValidationError` with everything that is wrong.
    func fields() throws -> CustomerFields {
        try CustomerChange(
            name: name.map(Change.set) ?? .keep, phone: phone.map(Change.set) ?? .keep,
            email: email.map(Change.set) ?? .keep,
            stage: stage.map(Change.set) ?? .keep, tags: tags.map(Change.set) ?? .keep,
            notes: notes.map(Change.set) ?? .keep, owner: ownerID.map(Change.set) ?? .keep
        ).applied(to: CustomerFields())
    }
}

/// A merge patch (RFC 7396): an absent member stays, null removes.
struct CustomerChange: Sendable {
    let name: Change<String>, phone: Change<String>, email: Change<String>, stage: Change<String>,
        tags: Change<[String]>, notes: Change<String>, owner: Change<String>

    /// - Throws: `ValidationError` with everything that is wrong.
    func applied(to fields: CustomerFields) throws -> CustomerFields {
        var fields = fields
        var validation = Validation()
        fields.name = name.applied(to: fields.name, cleared: nil, noting: &validation) { text throws(FieldError) in
            try CustomerFields.name(text)
        }
        fields.phone = phone.applied(to: fields.phone, cleared: nil, noting: &validation) { text throws(FieldError) in
            try PhoneNumber(text, at: "/phone")
        }
        fields.email = email.applied(to: fields.email, cleared: nil, noting: &validation) { text throws(FieldError) in
            try EmailAddress(text, at: "/email")
        }
        fields.stage = stage.applied(to: fields.stage, cleared: .lead, noting: &validation) { text throws(FieldError) in
            try CustomerFields.stage(text)
        }
        fields.tags = tags.applied(to: fields.tags, cleared: [], noting: &validation) { texts throws(FieldError) in
            try CustomerFields.tags(texts)
        }
        fields.notes = notes.applied(to: fields.notes, cleared: nil, noting: &validation) { text throws(FieldError) in
            try CustomerFields.notes(text)
        }
        fields.owner = owner.applied(to: fields.owner, cleared: nil, noting: &validation) { text throws(FieldError) in
            guard let id = UserID(text) else { throw CustomerError.ownerUnknownField }
            return id
        }
        if case .clear = stage { validation.fail(FieldError("/stage", "wrong_type", "A customer always has a stage.")) }
        try validation.finish()
        guard fields.isKnownBySomething else { throw ValidationError([CustomerFields.unknownByAnything]) }
        return fields
    }
}

extension CustomerChange: Decodable {
    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CustomerInput.CodingKeys.self)
        name = try members.decodeChange(String.self, forKey: .name)
        phone = try members.decodeChange(String.self, forKey: .phone)
        email = try members.decodeChange(String.self, forKey: .email)
        stage = try members.decodeChange(String.self, forKey: .stage)
        tags = try members.decodeChange([String].self, forKey: .tags)
        notes = try members.decodeChange(String.self, forKey: .notes)
        owner = try members.decodeChange(String.self, forKey: .ownerID)
    }
}
