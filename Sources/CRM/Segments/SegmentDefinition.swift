// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import JSON

/// Who belongs to a segment: whoever all of its conditions hold of, and with none everybody.
///
/// On the wire `{"all": [{"field": "stage", "op": "is", "value": "active"}, …]}`; the row has a `version` besides, so that a later
/// build can tell an older spelling.
package struct SegmentDefinition: Sendable, Equatable, JSONWritable {
    package let conditions: [SegmentCondition]

    package static let maximumConditions = 20
    private static let version = 1

    private init(_ conditions: [SegmentCondition]) { self.conditions = conditions }

    /// Reads what a client has sent. Nil, and notes on all that is wrong.
    /// - Parameter fields: those that the business has added.
    package init?(
        _ json: JSONValue, at pointer: String, fields: [CustomField], noting validation: inout Validation
    ) {
        guard let read = Self.read(json, at: pointer, besides: [], noting: &validation) else { return nil }
        var conditions: [SegmentCondition] = []
        for (index, condition) in read.enumerated() {
            guard let condition else { continue }
            let checked = validation.check { () throws(FieldError) in
                try condition.checked(against: fields, at: "\(pointer)/all/\(index)")
            }
            if let checked { conditions.append(checked) }
        }
        guard conditions.count == read.count else { return nil }
        self.init(conditions)
    }

    /// Nil in place of a condition that is none.
    private static func read(
        _ json: JSONValue, at pointer: String, besides others: Set<String>, noting validation: inout Validation
    ) -> [SegmentCondition?]? {
        guard case .object(let members) = json else {
            validation.fail(SegmentCondition.mismatch(json, "object", at: pointer))
            return nil
        }
        for member in members where member.key != "all" && !others.contains(member.key) {
            let place = pointer + "/" + member.key.jsonPointerToken
            validation.fail(FieldError(place, "unknown_field", "There is no such field."))
        }
        let place = pointer + "/all"
        switch json["all"] {
        case nil: validation.fail(FieldError(place, "required", "This field is required."))
        case .array(let elements) where elements.count > maximumConditions:
            validation.fail(FieldError(place, "too_many", "At most \(maximumConditions) conditions."))
        case .array(let elements):
            var conditions: [SegmentCondition?] = []
            for (index, element) in elements.enumerated() {
                conditions.append(SegmentCondition.read(element, at: "\(place)/\(index)", noting: &validation))
            }
            return conditions
        case let other: validation.fail(SegmentCondition.mismatch(other, "array", at: place))
        }
        return nil
    }

    // MARK: - As it is kept

    /// - Throws: `DatabaseError.decoding` for what this build has not written.
    init(stored text: String) throws(DatabaseError) {
        let unreadable = DatabaseError.decoding(column: "definition")
        guard let json = try? JSONReader.parse(Array(text.utf8)), json["version"] == .integer(Int64(Self.version))
        else { throw unreadable }
        var validation = Validation()
        let read = Self.read(json, at: "", besides: ["version"], noting: &validation)
        do { try validation.finish() } catch { throw unreadable }
        self.init((read ?? []).compactMap { $0 })
    }

    var stored: String {
        var json = JSONWriter()
        json.object { json in
            json.member("version", Self.version)
            writeMembers(to: &json)
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    package func write(to json: inout JSONWriter) { json.object { writeMembers(to: &$0) } }

    private func writeMembers(to json: inout JSONWriter) {
        json.member("all") { json in
            json.array { json in for condition in conditions { condition.write(to: &json) } }
        }
    }
}
