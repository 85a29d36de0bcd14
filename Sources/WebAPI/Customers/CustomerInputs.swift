// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import JSON

/// `{"name": "…", "phone": "…", "email": "…", "stage": "lead", "tags": ["…"], "notes": "…"}`
struct CustomerInput: Decodable {
    let name: String?, phone: String?, email: String?, stage: String?, tags: [String]?, notes: String?

    enum CodingKeys: String, CodingKey { case name, phone, email, stage, tags, notes }

    /// - Throws: `ValidationError` with everything that is wrong.
    func fields() throws -> CustomerFields {
        try CustomerChange(
            name: name.map(Change.set) ?? .keep, phone: phone.map(Change.set) ?? .keep,
            email: email.map(Change.set) ?? .keep,
            stage: stage.map(Change.set) ?? .keep, tags: tags.map(Change.set) ?? .keep,
            notes: notes.map(Change.set) ?? .keep
        ).applied(to: CustomerFields())
    }
}

/// A merge patch (RFC 7396): an absent member stays, null removes.
struct CustomerChange: Sendable {
    let name: Change<String>, phone: Change<String>, email: Change<String>, stage: Change<String>,
        tags: Change<[String]>, notes: Change<String>

    /// - Throws: `ValidationError` with everything that is wrong.
    func applied(to fields: CustomerFields) throws -> CustomerFields {
        var fields = fields
        var validation = Validation()
        func apply<Raw, Value>(
            _ change: Change<Raw>, to value: Value, cleared: Value, _ read: (Raw) throws(FieldError) -> Value
        ) -> Value {
            switch change {
            case .keep: value
            case .clear: cleared
            case .set(let raw): validation.check { () throws(FieldError) in try read(raw) } ?? value
            }
        }
        fields.name = apply(name, to: fields.name, cleared: nil) { text throws(FieldError) in
            try CustomerFields.name(text)
        }
        fields.phone = apply(phone, to: fields.phone, cleared: nil) { text throws(FieldError) in
            try PhoneNumber(text, at: "/phone")
        }
        fields.email = apply(email, to: fields.email, cleared: nil) { text throws(FieldError) in
            try EmailAddress(text, at: "/email")
        }
        fields.stage = apply(stage, to: fields.stage, cleared: .lead) { text throws(FieldError) in
            try CustomerFields.stage(text)
        }
        fields.tags = apply(tags, to: fields.tags, cleared: []) { texts throws(FieldError) in
            try CustomerFields.tags(texts)
        }
        fields.notes = apply(notes, to: fields.notes, cleared: nil) { text throws(FieldError) in
            try CustomerFields.notes(text)
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
    }
}
