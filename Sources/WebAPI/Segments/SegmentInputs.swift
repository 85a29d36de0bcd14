// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import JSON

/// `{"name": "Regulars", "definition": {"all": [{"field": "stage", "op": "is", "value": "active"}]}}`
struct SegmentInput: Decodable {
    let name: String, definition: JSONValue

    /// - Throws: `ValidationError` with everything that is wrong.
    func checked(_ fields: [CustomField]) throws -> (name: String, filter: SegmentFilter) {
        var validation = Validation()
        let name = validation.check { () throws(FieldError) in try Segment.name(self.name) }
        let definition = SegmentDefinition(definition, at: "/definition", fields: fields, noting: &validation)
        try validation.finish()
        guard let name, let definition else { throw ValidationError([]) }
        return (name, SegmentFilter(definition, fields))
    }
}

/// A merge patch of a segment. A definition is changed as a whole.
struct SegmentChange: Decodable, Sendable {
    let name: Change<String>, definition: Change<JSONValue>

    enum CodingKeys: String, CodingKey { case name, definition }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        name = try members.decodeChange(String.self, forKey: .name)
        definition = try members.decodeChange(JSONValue.self, forKey: .definition)
    }

    /// - Throws: `ValidationError` with everything that is wrong.
    func applied(to segment: Segment, _ fields: [CustomField]) throws -> Segment {
        var segment = segment
        var validation = Validation()
        segment.name = name.applied(to: segment.name, cleared: segment.name, noting: &validation) {
            text throws(FieldError) in try Segment.name(text)
        }
        if case .clear = name { validation.fail(FieldError("/name", "required", "A segment always has a name.")) }
        switch definition {
        case .keep: break
        case .clear:
            validation.fail(FieldError("/definition", "required", "A segment always says who belongs to it."))
        case .set(let json):
            let read = SegmentDefinition(json, at: "/definition", fields: fields, noting: &validation)
            if let read { segment.filter = SegmentFilter(read, fields) }
        }
        try validation.finish()
        return segment
    }
}

/// `{"definition": {"all": […]}}`
struct SegmentPreviewInput: Decodable {
    let definition: JSONValue

    /// - Throws: `ValidationError` with everything that is wrong.
    func checked(_ fields: [CustomField]) throws -> SegmentFilter {
        var validation = Validation()
        let definition = SegmentDefinition(definition, at: "/definition", fields: fields, noting: &validation)
        try validation.finish()
        guard let definition else { throw ValidationError([]) }
        return SegmentFilter(definition, fields)
    }
}
